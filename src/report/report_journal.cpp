#include <map>
#include <string>

#include <goldpan/report/report.hpp>

namespace goldpan {

ReportResult report_journal(const std::filesystem::path& journal, const LabelPrices& prices) {
  check(prices);
  const Records records = read_records(journal);
  const std::vector<PickRecord> picks = read_picks(journal);
  const std::map<std::string, std::string> thumbnails = read_thumbnails(journal);
  ReportOptions options;
  options.prices = prices;
  options.picks = picks;
  if (!thumbnails.empty()) {
    options.thumbnail = [&](const PickRecord& pick) {
      const auto found = thumbnails.find(pick.id);
      return found == thumbnails.end() ? std::string() : found->second;
    };
  }
  return write_report(records, journal.parent_path(), options);
}

}  // namespace goldpan
