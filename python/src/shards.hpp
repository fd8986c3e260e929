#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <goldpan/core/shards.hpp>

#include "arrays.hpp"

/// Embeddings in many places: mapped files, or arrays that it keeps alive.
class Pieces {
 public:
  /// `.npy` files; what find_shards() takes.
  explicit Pieces(const std::vector<std::string>& names);
  /// N x D arrays of one type and width; `names` are what errors call them.
  Pieces(std::vector<AnyArray> arrays, std::vector<std::string> names);

  goldpan::Embeddings embeddings() const { return view_; }
  std::vector<std::string> names() const;
  /// Rows of each place.
  std::vector<std::size_t> lengths() const { return lengths_; }
  std::vector<std::string> ids() const;

 private:
  std::optional<goldpan::ShardedEmbeddings> files_;
  std::vector<AnyArray> arrays_;
  std::vector<std::string> names_;
  std::vector<std::size_t> lengths_;
  std::vector<goldpan::EmbeddingsPiece> pieces_;
  goldpan::Embeddings view_;
};
