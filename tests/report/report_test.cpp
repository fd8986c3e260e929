#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/report/report.hpp>

#include "expect_error.hpp"
#include "report/sample_records.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), folder).string()] = read_text(entry.path());
  }
  return files;
}

ReportOptions without_figures() {
  ReportOptions options;
  options.gnuplot = "no-such-gnuplot";
  return options;
}

TEST(WriteReport, IsTheSameTwice) {
  const TemporaryFolder folder;
  const Records records = sample_records();
  const ReportResult result = write_report(records, folder / "first", ReportOptions());
  write_report(records, folder / "second", ReportOptions());
  const auto first = contents(folder / "first");
  EXPECT_EQ(first, contents(folder / "second"));
  EXPECT_EQ(first.size(), result.files.size());
  for (const auto& file : result.files) EXPECT_TRUE(first.contains(file.string())) << file;
}

TEST(WriteReport, AMissingGnuplotCostsTheFiguresAlone) {
  const TemporaryFolder folder;
  const ReportResult result = write_report(sample_records(), folder.path(), without_figures());
  EXPECT_THAT(result.warnings, Contains(HasSubstr("no-such-gnuplot is not installed")));
  EXPECT_TRUE(std::filesystem::exists(folder / "tables/budget_gains.csv"));
  EXPECT_FALSE(std::filesystem::exists(folder / "figures/learning_curves.png"));
}

TEST(WriteReport, AFailingGnuplotIsQuoted) {
  const TemporaryFolder folder;
  std::ofstream(folder / "broken") << "#!/bin/sh\necho '\"x\" line 3: undefined' >&2\nexit 2\n";
  std::filesystem::permissions(folder / "broken", std::filesystem::perms::owner_all);
  ReportOptions options;
  options.gnuplot = folder / "broken";
  const ReportResult result = write_report(sample_records(), folder / "out", options);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("status 2: \"x\" line 3: undefined")));
  EXPECT_FALSE(result.gains_text.empty());
}

TEST(WriteReport, AGnuplotThatDrawsNothingIsNoticed) {
  const TemporaryFolder folder;
  ReportOptions options;
  options.gnuplot = "true";
  const ReportResult result = write_report(sample_records(), folder.path(), options);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("learning_curves is not drawn")));
}

TEST(WriteReport, CopesWithEmptyAndPartialRecords) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(write_report(Records{}, folder / "empty", without_figures()));
  Records partial = sample_records();
  partial.rounds.resize(40);
  for (RoundRecord& round : partial.rounds) {
    round.metrics.erase("recall");
    round.metrics.erase("labels");
    round.reliability_before.clear();
    round.reliability_after.clear();
    round.metrics.set("drift", std::nan(""));
    round.metrics.set("redundancy", std::nan(""));
  }
  const ReportResult result = write_report(partial, folder / "partial", ReportOptions());
  EXPECT_THAT(result.warnings, Contains(HasSubstr("104 rounds are not finished")));
}

TEST(WriteReport, SaysWhereItCannotWrite) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "in the way";
  expect_error([&] { write_report(Records{}, folder / "file", ReportOptions()); }, "file");
}

}  // namespace
}  // namespace goldpan
