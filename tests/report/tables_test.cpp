#include "report/tables.hpp"

#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/csv.hpp"
#include "report/dictionary.hpp"
#include "report/mined_records.hpp"

namespace goldpan::report {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::map<std::string, std::string> tables_of(const Records& records,
                                             const ReportOptions& options = ReportOptions()) {
  std::map<std::string, std::string> tables;
  for (auto& [name, text] : make_tables(Analysis(records), options)) tables[name] = text;
  return tables;
}

TEST(Csv, QuotesAsTheStandardSays) {
  CsvTable table("a,b");
  table.text("plain").text("say \"hi\", twice").end_row();
  table.empty().text("two\nlines").end_row();
  EXPECT_EQ(table.str(), "a,b\nplain,\"say \"\"hi\"\", twice\"\n,\"two\nlines\"\n");
}

TEST(Csv, NumbersAreFixedAndNanIsEmpty) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CsvTable table("x");
  table.number(0.123456789, 6).number(-0.00001, 2).number(nan, 2).exact(0.05).exact(1);
  table.p_value(0.0123456).p_value(1.23456e-7).p_value(nan).integer(7).end_row();
  EXPECT_EQ(table.str(), "x\n0.123457,0.00,,0.05,1,0.01235,1.235e-07,,7\n");
  EXPECT_EQ(signed_fixed(0.004, 2), "0.00");
  EXPECT_EQ(signed_fixed(0.52, 2), "+0.52");
  EXPECT_EQ(signed_fixed(-1.1, 2), "-1.10");
}

TEST(Tables, HaveTheDocumentedHeaders) {
  const auto tables = tables_of(sample_records());
  EXPECT_THAT(
      tables.at("budget_gains.csv"),
      StartsWith("strategy,budget,gain_mean,gain_std,ci_low,ci_high,p_value,seeds,verdict"));
  EXPECT_THAT(tables.at("learning_curves.csv"),
              StartsWith("strategy,budget,labels,seeds,accuracy_mean,accuracy_std"));
  EXPECT_THAT(tables.at("labels_to_match.csv"),
              StartsWith("strategy,target,target_accuracy,labels"));
  for (const char* name : {"class_counts.csv", "batches.csv", "timings.csv", "pairwise_wins.csv",
                           "area_under_curve.csv", "calibration.csv", "reliability.csv"}) {
    EXPECT_TRUE(tables.contains(name)) << name;
  }
}

TEST(Tables, EveryLineHasAsManyFieldsAsTheHeader) {
  const Records run = sample_records();
  for (const auto& [name, text] : tables_of(run)) {
    std::size_t start = 0;
    std::ptrdiff_t commas = -1;
    while (start < text.size()) {
      const std::size_t end = text.find('\n', start);
      ASSERT_NE(end, std::string::npos) << name << " does not end its last line";
      const auto found = std::count(text.begin() + start, text.begin() + end, ',');
      if (commas < 0) commas = found;
      EXPECT_EQ(found, commas) << name << ": " << text.substr(start, end - start);
      start = end + 1;
    }
    EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
    EXPECT_THAT(text, testing::Not(HasSubstr("\r")));
  }
}

TEST(Tables, CountPicksByReason) {
  const Records records = sample_records();
  std::vector<PickRecord> picks;
  const auto pick = [&](std::size_t round, Reason reason) {
    PickRecord record;
    record.strategy = "badge";
    record.seed = 2;
    record.round = round;
    record.reason = reason;
    picks.push_back(record);
  };
  pick(0, Reason::kColdStart);
  pick(1, Reason::kReserve);
  pick(1, Reason::kStrategy);
  pick(1, Reason::kStrategy);
  pick(1, Reason::kClassFloor);
  ReportOptions options;
  options.picks = picks;
  const std::string table = tables_of(records, options).at("batches.csv");
  EXPECT_THAT(table, HasSubstr("\nbadge,2,0,0.05,2000,0.060000,0.000000,0.050000,1,0,0,0,\n"));
  EXPECT_THAT(table, HasSubstr("\nbadge,2,1,0.1,2000,0.060000,0.030000,0.050000,0,1,1,2,\n"));
  EXPECT_THAT(table, HasSubstr("\nbadge,1,0,0.05,2000,0.060000,0.000000,0.050000,,,,,\n"))
      << "what is not known is empty, not 0";
}

TEST(Tables, PriceWhatIsSaved) {
  const Records records = sample_records();
  ReportOptions options;
  options.prices.image = 0.1;
  const std::string table = tables_of(records, options).at("labels_to_match.csv");
  const LabelsToMatch match = Analysis(records).matches.back();
  EXPECT_THAT(table, HasSubstr("," + fixed(0.1 * match.saved, 2) + "," +
                               fixed(0.1 * match.saved_over_random, 2) + ","));
}

TEST(Tables, HoldEveryMetricButTheClocks) {
  const Records records = sample_records();
  const std::string table = tables_of(records).at("metrics.csv");
  EXPECT_THAT(table, HasSubstr("\nrandom,1,0,0.05,2000,all,all,drift,0.001\n"));
  EXPECT_THAT(table, HasSubstr("\nrandom,1,0,0.05,2000,all,cat,labels,200\n"));
  EXPECT_THAT(table, testing::Not(HasSubstr("_seconds")));
  std::ptrdiff_t rows = 1;
  for (const RoundRecord& round : records.rounds) {
    rows += static_cast<std::ptrdiff_t>(round.metrics.rows().size()) - 3;
  }
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), rows);
}

TEST(Dictionary, ExplainsEveryColumnOfEveryTable) {
  const std::string dictionary = data_dictionary("EUR");
  std::set<std::string> used;
  for (const auto& [name, text] : tables_of(mined_records())) {
    const std::string header = text.substr(0, text.find('\n'));
    EXPECT_EQ(header, header_of(name));
    EXPECT_THAT(dictionary, HasSubstr("\n## " + name + "\n"));
    std::istringstream columns(header);
    for (std::string column; std::getline(columns, column, ',');) {
      const auto infos = column_infos();
      EXPECT_EQ(std::ranges::count(infos, column, &ColumnInfo::name), 1) << name << ": " << column;
      used.insert(column);
    }
  }
  EXPECT_EQ(tables_of(mined_records()).size(), table_infos().size());
  EXPECT_EQ(tables_of(sample_records()).size() + 1, table_infos().size()) << "without a slice";
  for (const ColumnInfo& column : column_infos()) {
    EXPECT_TRUE(used.contains(std::string(column.name))) << column.name << " is in no table";
    EXPECT_TRUE(column.meaning.ends_with(".")) << column.name;
  }
  EXPECT_THAT(dictionary, HasSubstr("| money_saved | EUR |"));
}

TEST(Tables, AreHeadersAloneForAnEmptyRun) {
  for (const auto& [name, text] : tables_of(Records{})) {
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << name;
  }
}

TEST(GainsText, MarksWhatIsShownAndFitsATerminal) {
  const Records records = sample_records();
  const std::string text = gains_text(Analysis(records));
  EXPECT_THAT(text, HasSubstr("random: accuracy"));
  EXPECT_THAT(text, HasSubstr("k-center"));
  EXPECT_THAT(text, HasSubstr("*"));
  EXPECT_THAT(text, HasSubstr("over 3 seeds"));
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    const auto columns = std::count_if(text.begin() + start, text.begin() + end,
                                       [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LE(columns, 100);
    start = end + 1;
  }
}

}  // namespace
}  // namespace goldpan::report
