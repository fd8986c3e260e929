#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/reflection_phrases.hpp"
#include "report/reflection_sections.hpp"

namespace goldpan::report {
namespace {

/// A fact that is a count; 0 in journals from before it was written.
std::uint64_t count_of(const Records& records, const std::string& fact) {
  const std::string text = records.fact(fact);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return 0;
  return text.size() > 18 ? 0 : std::stoull(text);
}

std::string share_of(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{} of {} ({} %)", part, whole,
                     fixed(100 * static_cast<double>(part) / static_cast<double>(whole), 1));
}

}  // namespace

std::string copies_warning(const Analysis& analysis) {
  const Records& records = analysis.grid.records();
  const std::uint64_t exact = count_of(records, "copies_exact");
  if (exact == 0 || records.test_size == 0) return {};
  return fmt::format(
      "{} test items have an exact copy in the pool (copies.csv): a model that has bought it is "
      "tested on what it was trained on; --groups keeps copies on one side of the split",
      share_of(exact, records.test_size));
}

ReflectionSection reflect_on_copies(const Analysis& analysis) {
  const Records& records = analysis.grid.records();
  ReflectionSection section{"What do pool and test set share?", {}};
  const std::uint64_t checked = count_of(records, "copies_checked");
  if (checked == 0 || records.test_size == 0) return section;
  const std::uint64_t exact = count_of(records, "copies_exact");
  const std::uint64_t near = count_of(records, "copies_near");
  section.sentences.push_back(
      exact == 0 ? "No test item has an exact copy in the pool."
                 : fmt::format("{} test items have an exact copy in the pool: a model that has "
                               "bought it is tested on what it was trained on.",
                               share_of(exact, records.test_size)));
  section.sentences.push_back(fmt::format(
      "{}{} have a copy or a near twin there (a cosine of {} or more; in few dimensions that is "
      "soon reached).",
      checked < records.test_size ? "Of the test items looked at, evenly spaced, " : "",
      share_of(near, checked), records.setting("protocol.near_twin")));
  const std::string named = records.fact("copies_named");
  if (!named.empty()) {
    section.sentences.push_back(fmt::format("The first: {}; `copies.csv` has all.", named));
  }
  if (exact > 0) {
    section.sentences.push_back(
        "`--groups` puts items that belong together on one side of the split; `--dedup` takes "
        "copies out of the pool alone, not across the split.");
  }
  const std::uint64_t removed = count_of(records, "dedup_removed");
  if (removed > 0) {
    section.sentences.push_back(fmt::format(
        "`--dedup` removed {} from the pool before the loop; `duplicates.csv` says what stands for "
        "each.",
        counted(removed, "item")));
  }
  return section;
}

}  // namespace goldpan::report
