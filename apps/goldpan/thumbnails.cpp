#include "thumbnails.hpp"

#include <memory>
#include <unordered_map>

#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/data/image_file.hpp>

namespace {

// A thumbnail's shorter side may be up to twice this: decoders shrink by halves.
constexpr int kMinSide = 72;
constexpr int kQuality = 80;

}  // namespace

std::function<std::string(const goldpan::PickRecord&)> thumbnails_of(
    const goldpan::Records& records) {
  goldpan::DatasetOptions options;
  options.group_pattern = records.setting("data.group_pattern");
  options.attribute = records.setting("data.attribute");
  goldpan::Dataset dataset;
  try {
    dataset = goldpan::open_dataset(records.fact("data"), options);
  } catch (const goldpan::Error& error) {
    spdlog::warn("no thumbnails in report.html: {}", error.what());
    return {};
  }
  if (dataset.images == nullptr) return {};
  auto index_of = std::make_shared<std::unordered_map<std::string, std::size_t>>();
  for (std::size_t i = 0; i < dataset.size(); ++i) index_of->emplace(dataset.ids[i], i);
  return [images = dataset.images, index_of](const goldpan::PickRecord& pick) {
    const auto found = index_of->find(pick.id);
    if (found == index_of->end()) return std::string();
    return goldpan::encode_jpeg(images->load(found->second, kMinSide), kQuality);
  };
}
