#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/multilabel.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 512;

double term(double p) { return p > 0 ? -p * std::log(p) : 0.0; }
double binary_entropy(double p) { return term(p) + term(1 - p); }

/// A row's probabilities over the labels of a group, which sum to 1; all alike where they are 0.
void normalise(std::span<const double> values, std::vector<double>& shares) {
  shares.assign(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  for (double& share : shares) {
    share = sum > 0 ? share / sum : 1 / static_cast<double>(values.size());
  }
}

double entropy(std::span<const double> shares) {
  double sum = 0;
  for (const double share : shares) sum += term(share);
  return sum;
}

double margin(std::span<const double> shares) {
  double first = 0, second = 0;
  for (const double share : shares) {
    second = std::max(second, std::min(first, share));
    first = std::max(first, share);
  }
  return 1 - (first - second);
}

/// What is for itself: single labels, and groups.
std::vector<LabelGroup> parts(std::size_t labels, const std::vector<LabelGroup>& groups) {
  std::vector<LabelGroup> all;
  std::vector<char> grouped(labels);
  for (const LabelGroup& group : groups) {
    if (group.begin >= group.end || group.end > labels) {
      throw Error("label groups", fmt::format("'{}' has labels {} to {}, expected 0 to {}",
                                              group.name, group.begin, group.end - 1, labels - 1));
    }
    for (std::size_t label = group.begin; label < group.end; ++label) {
      if (grouped[label] != 0) {
        throw Error("label groups", fmt::format("label {} is in two groups", label));
      }
      grouped[label] = 1;
    }
    all.push_back(group);
  }
  for (std::size_t label = 0; label < labels; ++label) {
    if (grouped[label] == 0) all.push_back({"", label, label + 1});
  }
  std::ranges::sort(all, {}, &LabelGroup::begin);  // sums are added in the order of the labels
  return all;
}

double combine(double so_far, double score, LabelAggregate aggregate) {
  return aggregate == LabelAggregate::kSum ? so_far + score : std::max(so_far, score);
}

void check_probability(double p, std::size_t row, std::size_t label) {
  if (p >= 0 && p <= 1) return;
  throw Error("probabilities",
              fmt::format("got {} at row {}, label {}, expected 0 to 1", p, row, label));
}

}  // namespace

std::vector<LabelGroup> parse_label_groups(std::string_view text, std::size_t labels) {
  std::vector<LabelGroup> groups;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t colon = part.rfind(':');
    std::size_t first = 0, last = 0;
    bool good = colon != std::string_view::npos && colon > 0;
    if (good) {
      const char* const end = part.data() + part.size();
      const auto begin = std::from_chars(part.data() + colon + 1, end, first);
      good = begin.ec == std::errc() && begin.ptr != end && *begin.ptr == '-';
      if (good) {
        const auto rest = std::from_chars(begin.ptr + 1, end, last);
        good = rest.ec == std::errc() && rest.ptr == end && first <= last && last < labels;
      }
    }
    if (!good) {
      throw Error("label groups", fmt::format("got '{}', expected a name and labels of 0 to {}, as "
                                              "weather:0-6",
                                              part, labels - 1));
    }
    groups.push_back({std::string(part.substr(0, colon)), first, last + 1});
  }
  parts(labels, groups);  // refuses overlaps
  return groups;
}

std::vector<double> multilabel_scores(MatrixView<const float> probabilities,
                                      std::span<const Index> rows, LabelScore score,
                                      const MultilabelOptions& options, Workers& workers) {
  const std::vector<LabelGroup> all = parts(probabilities.cols(), options.groups);
  std::vector<double> scores(rows.size());
  workers.for_blocks(rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<double> values(probabilities.cols()), shares;
    for (std::size_t i = begin; i < end; ++i) {
      const auto row = probabilities.row(rows[i]);
      for (std::size_t label = 0; label < values.size(); ++label) {
        values[label] = row[label];
        check_probability(values[label], rows[i], label);
      }
      for (const LabelGroup& part : all) {
        const auto of_part = std::span(values).subspan(part.begin, part.end - part.begin);
        double value = 0;
        if (of_part.size() == 1 && part.name.empty()) {
          value = score == LabelScore::kEntropy ? binary_entropy(of_part[0])
                                                : 1 - std::abs(2 * of_part[0] - 1);
        } else {
          normalise(of_part, shares);
          value = score == LabelScore::kEntropy ? entropy(shares) : margin(shares);
        }
        scores[i] = combine(scores[i], value, options.aggregate);
      }
    }
  });
  return scores;
}

std::vector<double> multilabel_bald(const StochasticPasses& passes, std::span<const Index> rows,
                                    const MultilabelOptions& options, Workers& workers) {
  const std::size_t labels = passes.classes(), count = passes.passes();
  if (count == 0 || labels == 0) throw Error("passes", "got none, expected stochastic passes");
  const std::vector<LabelGroup> all = parts(labels, options.groups);
  std::vector<double> scores(rows.size());
  workers.for_blocks(rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<float> block((end - begin) * count * labels);
    passes.probabilities(rows.subspan(begin, end - begin), block);
    std::vector<double> values(labels), mean, shares;
    for (std::size_t i = begin; i < end; ++i) {
      const float* const of_row = block.data() + (i - begin) * count * labels;
      for (const LabelGroup& part : all) {
        const bool single = part.name.empty();
        const std::size_t size = part.end - part.begin;
        mean.assign(size, 0.0);
        double mean_entropy = 0;
        for (std::size_t k = 0; k < count; ++k) {
          for (std::size_t c = 0; c < size; ++c) {
            values[c] = of_row[k * labels + part.begin + c];
            check_probability(values[c], rows[i], part.begin + c);
          }
          if (single) {
            shares.assign(1, values[0]);
          } else {
            normalise(std::span(values).first(size), shares);
          }
          for (std::size_t c = 0; c < size; ++c) mean[c] += shares[c] / static_cast<double>(count);
          mean_entropy +=
              (single ? binary_entropy(shares[0]) : entropy(shares)) / static_cast<double>(count);
        }
        const double whole = single ? binary_entropy(std::min(mean[0], 1.0)) : entropy(mean);
        scores[i] = combine(scores[i], std::max(0.0, whole - mean_entropy), options.aggregate);
      }
    }
  });
  return scores;
}

}  // namespace goldpan
