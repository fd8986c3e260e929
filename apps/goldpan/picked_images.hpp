#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Rows of a folder that `goldpan embed` wrote: what `goldpan pick --from` reads.
struct EmbeddedFiles {
  std::string embeddings, ids;  ///< paths
};
/// Throws Error naming the folder if it is not complete.
EmbeddedFiles embedded_files(const std::filesystem::path& folder);

/// A pick as it is shown.
struct PickedImage {
  std::string id;
  std::string caption;  ///< "badge 0.31", beneath it
};

/// Writes the picks' images, in their order, as one picture (`sheet`) and as a page (`page`) that
/// needs no other file; `columns` of them side by side on the picture (0: about as wide as high).
/// The images are found through the folder's settings.json; one that cannot be decoded any more
/// leaves its place grey, and so does an empty id. Returns the number of those that cannot. Throws
/// Error if the data is not there.
std::size_t write_picked_images(const std::filesystem::path& folder,
                                const std::vector<PickedImage>& picks,
                                const std::filesystem::path& sheet,
                                const std::filesystem::path& page, int threads,
                                std::size_t columns = 0);
