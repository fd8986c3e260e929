#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

/// What `goldpan embed` writes and `goldpan pick --from` reads: a folder with
///
///     embeddings.npy        N x D, float32 or float16
///     ids.txt               N names, a line each
///     skipped.csv           id,location,reason of the images that could not be decoded
///     encoder.safetensors   what the encoder has learned from these images, if it learns
///     settings.json         the encoder, its weights' hash, preprocessing, the data; written last
struct EmbedFolderOptions {
  std::filesystem::path out;
  /// float16: half the disk; the largest error is a 2,048th of a value.
  bool half = false;
  BrokenImages broken_images = BrokenImages::kSkip;
  /// Start over, whatever lies in `out`.
  bool fresh = false;
  /// What else settings.json is to say, by name.
  std::map<std::string, std::string> notes;
  Progress fit_progress = {};  ///< as EmbedOptions has it
};

/// The images to embed: parallel ids and images, and what they are.
struct ImagesToEmbed {
  const ImageSource& images;
  std::span<const std::string> ids;
  std::string spec;         ///< as one opens them: "images:frames"
  std::string fingerprint;  ///< changes when they do
  /// Rows that the encoder learns from, where it learns.
  std::span<const Index> fit_on;
};

struct EmbeddedFolder {
  /// The images that have a row, in its order.
  std::vector<Index> kept;
  std::vector<Index> skipped;
  std::vector<std::string> skipped_reasons;
  std::size_t dim = 0;
  double seconds = 0;
  /// The folder was complete already.
  bool was_complete = false;
};

/// Embeds the images into options.out. Stopped or killed, the same call goes on where it was; a
/// complete folder of the same images and settings is left as it is. Throws Error as embed_images
/// does; for ids that are not one line each; and where float16 cannot hold a value.
EmbeddedFolder embed_into_folder(Encoder& encoder, const ImagesToEmbed& input,
                                 const EmbedFolderOptions& options, Workers& workers,
                                 const Progress& progress = {});

/// Makes `encoder` embed as that of an embedded folder did, so that tomorrow's images lie in
/// yesterday's space: takes over what was learned there. Throws Error naming the folder if it is
/// not complete, or was made by another encoder, other weights or another preprocessing (naming
/// what differs).
void restore_from_folder(Encoder& encoder, const std::filesystem::path& folder);

/// settings.json of an embedded folder, read.
struct EmbeddedFolderSettings {
  std::string spec, fingerprint;
  std::map<std::string, std::string> notes;
};
/// Throws Error naming the folder if it has no settings.json, or a damaged one.
EmbeddedFolderSettings read_folder_settings(const std::filesystem::path& folder);

}  // namespace goldpan
