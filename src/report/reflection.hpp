#pragma once

#include <string>
#include <vector>

#include <goldpan/report/report.hpp>

#include "report/statistics.hpp"

namespace goldpan::report {

/// One question and what this run says about it: sentences in plain text, with `names` of tables
/// and settings in backticks.
struct ReflectionSection {
  std::string title;
  std::vector<std::string> sentences;
};

/// What a run teaches, every sentence from its own numbers, each of which stands in a table; "not
/// shown" where the statistics say so.
std::vector<ReflectionSection> reflect(const Analysis& analysis, const LabelPrices& prices);

/// The reflection as a Markdown document.
std::string reflection_markdown(const Analysis& analysis,
                                const std::vector<ReflectionSection>& sections);

/// What a reader should know before believing the numbers: rounds missing, curves that disagree at
/// the whole pool, nothing that beats random. One sentence each.
std::vector<std::string> check_run(const Analysis& analysis);

/// "learning curves of 8 strategies, 6 budgets and 3 seeds on cifar10: 40,000 images ...".
std::string run_summary(const Analysis& analysis);

}  // namespace goldpan::report
