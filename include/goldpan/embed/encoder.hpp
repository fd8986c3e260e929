#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// A feature map of an encoder: height x width places of `channels` numbers.
struct MapShape {
  std::size_t height = 0, width = 0, channels = 0;
};

/// Turns images into embeddings.
class Encoder {
 public:
  virtual ~Encoder() = default;

  /// "patches", "dinov2_vits14", ...
  virtual std::string name() const = 0;
  /// Everything that the embeddings depend on beside the images: settings, weights' hash,
  /// preprocessing, as a JSON object. Equal descriptions and equal images mean equal embeddings.
  virtual std::string description() const = 0;
  /// Dimensions of an embedding.
  virtual std::size_t dim() const = 0;
  /// The `min_side` that images are loaded with (see ImageSource).
  virtual int min_side() const { return 0; }
  /// Whether fit() changes anything. Embeddings of an encoder with fixed weights do not depend on
  /// `fit_on`, and one cache serves every split.
  virtual bool learns() const { return true; }
  /// Learns what the encoder learns from unlabelled images, from these images alone. Images that
  /// cannot be decoded are passed over. Encoders with fixed weights do nothing.
  virtual void fit(const ImageSource& images, std::span<const Index> fit_on, Workers& workers,
                   const Progress& progress) = 0;
  /// Embeds a batch: row i of `out` (images.size() x dim()) from images[i]. A row does not depend
  /// on the batch around it, nor on the thread count.
  virtual void encode(std::span<const Image> images, MatrixView<float> out,
                      Workers& workers) const = 0;
  /// Whether encode() works on an image at a time on each thread anyway. Then decoding and encoding
  /// an image are one task: no thread waits for another, and few decoded images are in memory.
  virtual bool image_by_image() const { return false; }

  /// The encoder whose rows this one only projects, or null. Then fit() is fit_rows() of its rows,
  /// encode() is project() of them, and embed_images keeps the rows, which cost the most.
  virtual Encoder* base() { return nullptr; }
  virtual void fit_rows(MatrixView<const float> rows, std::span<const Index> fit_on,
                        Workers& workers);
  virtual void project(MatrixView<const float> rows, MatrixView<float> out, Workers& workers) const;

  /// The last feature map of an image, for models that need to know where things are; nothing for
  /// encoders that have none.
  virtual std::optional<MapShape> map_shape() const { return std::nullopt; }
  /// Writes the maps, image by image, each height x width x channels. Requires: `out` has room for
  /// them. Throws Error where map_shape() is nothing.
  virtual void encode_maps(std::span<const Image> images, std::span<float> out,
                           Workers& workers) const;

  /// What fit() has learned, by name, to be kept beside embeddings; empty where there is nothing.
  virtual std::map<std::string, Matrix<float>> learned() const { return {}; }
  /// Takes over what another encoder of equal settings has learned: then it need not be fitted any
  /// more, learns() is false, and description() names it by its hash. Throws Error if `learned` is
  /// not what such an encoder learns.
  virtual void restore(const std::map<std::string, Matrix<float>>& learned);
};

/// SHA-256 over names, shapes and values of what an encoder has learned.
std::string hash_of_learned(const std::map<std::string, Matrix<float>>& learned);
/// Writes what an encoder has learned to a safetensors file, with its description.
void write_learned(const std::filesystem::path& path, const Encoder& encoder);
/// Reads it back. Throws Error naming the file if it is damaged.
std::map<std::string, Matrix<float>> read_learned(const std::filesystem::path& path);

/// What to do with an image that cannot be decoded.
enum class BrokenImages { kRefuse, kSkip };

struct EmbedOptions {
  /// Where the cache lives: NAME-<hash>.npy beside NAME-<hash>.json.
  std::filesystem::path cache_folder = "outputs/cache";
  BrokenImages broken_images = BrokenImages::kRefuse;
  /// Recompute even if a matching cache is there.
  bool fresh = false;
  /// Fit the encoder even if its embeddings are cached: the caller wants what it learns.
  bool always_fit = false;
  /// Told how far the fit is, in steps of the encoder's own, before embedding begins.
  Progress fit_progress = {};
};

struct EmbeddedImages {
  /// N x dim float32, mapped from the cache. Rows of broken images are zero.
  NpyFile file;
  /// Images that could not be decoded, ascending, with what was wrong with each.
  std::vector<Index> broken;
  std::vector<std::string> broken_reasons;
  bool from_cache = false;
  double seconds = 0;
  /// Where a cache was found changed since it was written; it was then computed anew. Else empty.
  std::string damage;
};

/// Embeds all images, or maps the cache of an earlier call with equal encoder, data fingerprint and
/// `fit_on`. Works in bounded memory, resumes where a killed call stopped, and never reuses a cache
/// that does not match or
/// of which a byte has changed since it was written. Throws Error for a broken image unless they
/// are skipped, and when more than half of the images are broken. `progress` counts images.
EmbeddedImages embed_images(Encoder& encoder, const ImageSource& images,
                            const std::string& data_fingerprint, std::span<const Index> fit_on,
                            const EmbedOptions& options, Workers& workers,
                            const Progress& progress = {});

}  // namespace goldpan
