#include "label/session_labels.hpp"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>

#include "label/answer_journal.hpp"
#include "label/ledger.hpp"

namespace goldpan {
namespace label {
namespace {

/// "2026-01-31T12:00:00Z".
std::string utc(std::int64_t milliseconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(milliseconds / 1000)));
}

}  // namespace

std::string rows_csv(const std::vector<LabelRow>& rows, const std::vector<std::string>& ids,
                     const std::vector<std::string>& classes) {
  std::string table = "id,label,who,when,votes\n";
  for (const LabelRow& row : rows) {
    table += csv_text(ids[row.item]) + "," +
             csv_text(classes[static_cast<std::size_t>(row.label)]) + "," + csv_text(row.who) +
             "," + utc(row.when_ms) + "," + std::to_string(row.votes) + "\n";
  }
  return table;
}

}  // namespace label

std::string read_session_labels(const std::filesystem::path& folder) {
  const Database database = label::read_answer_journal(folder);
  label::Ledger ledger;
  for (const label::Answer& answer : label::read_answers(database)) ledger.add(answer);
  std::vector<LabelRow> rows;
  for (const auto& [item, label] : ledger.labels()) rows.push_back(ledger.row(item));
  return label::rows_csv(rows, label::read_names(database, "items", "id"),
                         label::read_names(database, "classes", "name"));
}

}  // namespace goldpan
