#include "report/conclusion.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_records.hpp"
#include "report/tables.hpp"

namespace goldpan::report {
namespace {

using testing::HasSubstr;

// Margin needs half of random's labels at every seed; the others are sample_records' own.
Records with_a_winner() {
  Records records = sample_records(10);
  for (RoundRecord& round : records.rounds) {
    if (round.strategy != "margin" || round.round == 0 || round.round == 5) continue;
    round.metrics.set("accuracy", round.value("accuracy") + 0.02);
  }
  return records;
}

Records with_no_winner() {
  Records records = sample_records(3);
  std::erase_if(records.rounds, [](const RoundRecord& r) { return r.strategy != "random"; });
  Records copy = records;
  Generator noise(11);
  for (RoundRecord round : copy.rounds) {
    round.strategy = "margin";
    if (round.round > 0) {
      round.metrics.set("accuracy", round.value("accuracy") + 0.004 * noise.normal());
    }
    records.rounds.push_back(round);
  }
  return records;
}

std::vector<double> numbers_of_tables(const Records& records) {
  std::vector<double> numbers;
  ReportOptions options;
  for (const auto& [name, text] : make_tables(Analysis(records), options)) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      for (std::string field; std::getline(fields, field, ',');) {
        char* end = nullptr;
        const double value = std::strtod(field.c_str(), &end);
        if (!field.empty() && *end == '\0') numbers.push_back(value);
      }
    }
  }
  return numbers;
}

// Every number of a text, as (value, half a unit of its last decimal).
std::vector<std::pair<double, double>> numbers_in(std::string text) {
  text = std::regex_replace(text, std::regex("`[^`]*`"), "");
  text = std::regex_replace(text, std::regex("(\\d),(\\d\\d\\d)"), "$1$2");
  text = std::regex_replace(text, std::regex("95 % interval|p < 0\\.001|the 5 % level"), "");
  std::vector<std::pair<double, double>> numbers;
  const std::regex number("[+-]?\\d+(\\.(\\d+))?");
  for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it) {
    numbers.emplace_back(std::stod(it->str()), 0.5 * std::pow(10.0, -(*it)[2].length()));
  }
  return numbers;
}

void expect_numbers_in_tables(const Records& records) {
  const Conclusion conclusion = conclude(Analysis(records), {});
  const std::vector<double> known = numbers_of_tables(records);
  std::vector<std::string> texts = conclusion.details;
  texts.push_back(conclusion.text);
  std::size_t found = 0;
  for (const std::string& text : texts) {
    for (const auto& [value, half] : numbers_in(text)) {
      ++found;
      const bool there = std::ranges::any_of(known, [&](double other) {
        // Shares are fractions in the tables; those are rounded too.
        return std::abs(other - value) <= half + 1e-4 ||
               std::abs(100 * other - value) <= half + 1e-2;
      });
      EXPECT_TRUE(there) << value << " is in no table: " << text;
    }
  }
  EXPECT_GT(found, 3U);
}

TEST(Conclusion, StatesTheSavingWithItsIntervalAndVerdict) {
  const Records records = with_a_winner();
  const Conclusion conclusion = conclude(Analysis(records), {});
  EXPECT_TRUE(conclusion.shown);
  EXPECT_THAT(conclusion.text, HasSubstr("margin reaches 99 % of the full accuracy with"));
  EXPECT_THAT(conclusion.text, HasSubstr("random needs"));
  EXPECT_THAT(conclusion.text, HasSubstr("% fewer (95 % interval"));
  EXPECT_THAT(conclusion.text, HasSubstr("10 seeds"));
  EXPECT_THAT(conclusion.text, testing::EndsWith("shown."));
  expect_numbers_in_tables(records);
}

TEST(Conclusion, SaysThatNothingIsShown) {
  const Records records = with_no_winner();
  const Conclusion conclusion = conclude(Analysis(records), {});
  EXPECT_FALSE(conclusion.shown);
  EXPECT_THAT(conclusion.text, testing::StartsWith("Nothing is shown: with 3 seeds"));
  EXPECT_THAT(conclusion.text, testing::Not(HasSubstr("fewer")));
  expect_numbers_in_tables(records);
}

TEST(Conclusion, ClaimsNothingWithoutABaselineOrRounds) {
  Records records = sample_records();
  std::erase_if(records.rounds, [](const RoundRecord& r) { return r.strategy == "random"; });
  EXPECT_THAT(conclude(Analysis(records), {}).text, HasSubstr("no random baseline"));
  EXPECT_THAT(conclude(Analysis(Records{}), {}).text, HasSubstr("no round is finished"));
}

TEST(Conclusion, CountsInTheCurrencyGiven) {
  const Records records = with_a_winner();
  LabelPrices prices;
  prices.currency = "EUR";
  EXPECT_THAT(conclude(Analysis(records), prices).details.front(), HasSubstr(" EUR at the price"));
}

// A report said "nothing is shown" of a run whose tables and figure said that one strategy is
// better at one budget.
TEST(Conclusion, SpeaksOfASingleBudgetThatIsShown) {
  Records records = with_no_winner();
  for (RoundRecord& round : records.rounds) {
    if (round.strategy != "margin" || round.round > 3) continue;
    for (const RoundRecord& other : records.rounds) {
      if (other.strategy != "random" || other.seed != round.seed || other.round != round.round) {
        continue;
      }
      // Two points at the first budget whatever the seed; anything goes at the next ones.
      const double swing = round.seed % 2 == 0 ? 0.03 : -0.03;
      const double gain = 0.02 + 1e-4 * static_cast<double>(round.seed);
      round.metrics.set("accuracy", other.value("accuracy") + (round.round == 0 ? gain : swing));
    }
  }
  const Analysis analysis(records);
  const bool shown = std::ranges::any_of(analysis.gains, [](const Gain& gain) {
    return gain.verdict == "better" && gain.ci_all_low > 0;
  });
  ASSERT_TRUE(shown);
  const Conclusion conclusion = conclude(analysis, {});
  EXPECT_TRUE(conclusion.shown);
  EXPECT_THAT(conclusion.text, HasSubstr("margin is 2"));
  EXPECT_THAT(conclusion.text, HasSubstr("budget_gains.csv"));
}

}  // namespace
}  // namespace goldpan::report
