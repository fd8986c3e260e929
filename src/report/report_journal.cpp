#include <memory>
#include <string>
#include <unordered_map>

#include <goldpan/core/error.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/report/report.hpp>

namespace goldpan {
namespace {

// A thumbnail's shorter side may be up to twice this: decoders shrink by halves.
constexpr int kMinSide = 72;
constexpr int kQuality = 80;

/// The JPEG bytes of a picked item; empty where the data has no images.
std::function<std::string(const PickRecord&)> thumbnails_of(const Records& records) {
  DatasetOptions options;
  options.group_pattern = records.setting("data.group_pattern");
  options.attribute = records.setting("data.attribute");
  const Dataset dataset = open_dataset(records.fact("data"), options);
  if (dataset.items.images == nullptr) return {};
  auto index_of = std::make_shared<std::unordered_map<std::string, std::size_t>>();
  for (std::size_t i = 0; i < dataset.size(); ++i) index_of->emplace(dataset.items.ids[i], i);
  return [images = dataset.items.images, index_of](const PickRecord& pick) {
    const auto found = index_of->find(pick.id);
    if (found == index_of->end()) return std::string();
    return encode_jpeg(images->load(found->second, kMinSide), kQuality);
  };
}

}  // namespace

ReportResult report_journal(const std::filesystem::path& journal, const LabelPrices& prices) {
  const Records records = read_records(journal);
  const std::vector<PickRecord> picks = read_picks(journal);
  ReportOptions options;
  options.prices = prices;
  options.picks = picks;
  std::string complaint;
  try {
    options.thumbnail = thumbnails_of(records);
  } catch (const Error& error) {
    complaint = std::string("no thumbnails in report.html: ") + error.what();
  }
  ReportResult result = write_report(records, journal.parent_path(), options);
  if (!complaint.empty()) result.warnings.push_back(complaint);
  return result;
}

}  // namespace goldpan
