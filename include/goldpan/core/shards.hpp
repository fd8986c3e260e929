#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/npy.hpp>

namespace goldpan {

/// The `.npy` files that the given names stand for, in order: a file for itself; a folder for the
/// `embeddings.npy` in it or, without one, for the shards that `goldpan embed --shard` wrote into
/// it (all of them) or for its files `embeddings*.npy`; a pattern with `*`, `?` or `[` for the
/// files and folders that match. What a folder or a pattern stands for is sorted by the bytes of
/// its names: number files with leading zeros. Throws Error for a name that stands for nothing, and
/// for a file that comes twice.
std::vector<std::filesystem::path> find_shards(std::span<const std::string> names);

/// The embeddings of a pool in many files, mapped, not copied, with its rows numbered through:
/// those of the first file first. Nothing is put together in memory, and a row is read as fast as
/// from a single file but for a division (docs/decisions/0200).
class ShardedEmbeddings {
 public:
  struct Shard {
    NpyFile file;
    std::size_t begin;  ///< its first row's number in the pool
    std::size_t rows;
  };

  /// Throws Error, naming the file, if one cannot be read, is not N x D of float32 or float16, or
  /// has another width or type than the first; and if there are no files, or more than 2^32 rows.
  explicit ShardedEmbeddings(std::span<const std::filesystem::path> files);
  ShardedEmbeddings(const ShardedEmbeddings&) = delete;  // the view looks at the table of pieces
  ShardedEmbeddings& operator=(const ShardedEmbeddings&) = delete;

  /// All rows. Lives as long as this object.
  Embeddings embeddings() const;
  std::span<const Shard> shards() const { return shards_; }

  /// The names of all rows, from the text file beside each shard that `goldpan embed` writes:
  /// `ids.txt` beside `embeddings.npy`, else `NAME.ids.txt` beside `NAME.npy`; a name a line. Empty
  /// where no shard has one. Throws Error, naming the file, where only some shards have one or the
  /// number of lines is not that of the rows.
  std::vector<std::string> ids() const;

 private:
  std::vector<Shard> shards_;
  std::vector<EmbeddingsPiece> pieces_;  // those with rows
  std::vector<std::string> names_;       // what the pieces' names look at
  std::size_t rows_ = 0, cols_ = 0;
  bool is_half_ = false;
};

/// Probabilities of a pool in many files, one under the other: N x C floats, which are put
/// together, for they are small beside embeddings. `rows`: what each file is to have, where that is
/// known. Throws Error, naming the file, as NpyFloats does; for another number of columns than the
/// first file has, of rows than `rows` says, or of files than `rows` has.
Matrix<float> join_matrices(std::span<const std::filesystem::path> files,
                            std::span<const std::size_t> rows = {});

}  // namespace goldpan
