#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/random.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

TEST(Csv, NeutralisesFormulas) {
  EXPECT_EQ(csv_text("=1+2"), "'=1+2");
  EXPECT_EQ(csv_text("-cat"), "'-cat");
  EXPECT_EQ(csv_text("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(csv_text("+a,b"), "\"'+a,b\"");
  EXPECT_EQ(csv_text("'quoted"), "''quoted");
  EXPECT_EQ(csv_text("cat=dog"), "cat=dog");
  EXPECT_EQ(csv_text(""), "");
}

TEST(Csv, KeepsApostrophesOfOthers) {
  EXPECT_EQ(from_csv_text("'t Hooft"), "'t Hooft");
  EXPECT_EQ(from_csv_text("'"), "'");
}

TEST(Csv, EveryTextComesBack) {
  Generator generator(7);
  const std::string alphabet = "=+-@'\t\r\n\",ab ";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint64_t i = generator.below(6); i > 0; --i) {
      text += alphabet[generator.below(alphabet.size())];
    }
    const auto rows = parse_csv("x," + csv_text(text) + "\n", "f");
    ASSERT_EQ(rows.size(), 1u);
    ASSERT_EQ(rows[0].fields.size(), 2u);
    ASSERT_EQ(from_csv_text(rows[0].fields[1]), text);
    // What a spreadsheet sees never begins as a formula does.
    ASSERT_TRUE(rows[0].fields[1].empty() ||
                std::string("=+-@\t\r").find(rows[0].fields[1][0]) == std::string::npos);
  }
}

TEST(Csv, ReadsEitherLineEndAndNamesLines) {
  const auto rows = parse_csv(
      "\xEF\xBB\xBF"
      "a,b\r\n\r\n\"x\ny\",2\nlast",
      "f");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].fields[0], "x\ny");
  EXPECT_EQ(rows[1].line, 3u);
  EXPECT_EQ(rows[2].line, 5u);
  EXPECT_EQ(rows[2].fields, std::vector<std::string>{"last"});
}

TEST(Csv, RefusesBrokenFiles) {
  expect_error([] { parse_csv("a\n\"b", "f.csv"); }, "[f.csv:2] has a quote that is never closed");
  expect_error([] { parse_csv("\"a\"b", "f.csv"); }, "[f.csv:1] has text behind");
  expect_error([] { parse_csv(std::string_view("a\nb\0", 4), "f.csv"); }, "[f.csv:2] has a NUL");
  expect_error([] { CsvFile("", "f.csv"); }, "is empty");
  expect_error([] { CsvFile("a,a\n", "f.csv"); }, "names the column 'a' twice");
  expect_error([] { CsvFile("a,b\n1\n", "f.csv"); }, "[f.csv:2] has 1 fields, expected 2");
  expect_error([] { CsvFile("a,b\n", "f.csv").require("id"); }, "no column 'id', only a, b");
}

TEST(Csv, NamesColumns) {
  const CsvFile file("id,label\nx,'=2\n", "f");
  EXPECT_EQ(file.rows(), 1u);
  EXPECT_EQ(file.text(0, "label"), "=2");
  EXPECT_EQ(file.field(0, "label"), "'=2");
  EXPECT_EQ(file.text(0, "who"), "");
}

}  // namespace
}  // namespace goldpan
