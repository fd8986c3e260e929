#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/blas.hpp"
#include "strategies/cold_start.hpp"
#include "strategies/rows.hpp"
#include "strategies/unit_rows.hpp"

namespace goldpan {
namespace {

// Rows of a batch whose nearest neighbour in it is looked for.
constexpr std::size_t kSample = 512;
constexpr std::size_t kBlock = 2048;

std::string number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// The share of some of the rows, spread over all, that have another of them at this cosine or
/// nearer.
double twin_share(const Embeddings& embeddings, std::span<const Index> rows, double cosine,
                  Workers& workers) {
  if (rows.size() < 2) return 0;
  const Matrix<float> all = unit_rows(embeddings, rows, workers);
  const std::size_t count = std::min(kSample, rows.size());
  std::vector<std::size_t> places(count);
  Matrix<float> sample(count, all.cols());
  for (std::size_t i = 0; i < count; ++i) {
    places[i] = i * rows.size() / count;
    std::ranges::copy(all.row(places[i]), sample.row(i).begin());
  }
  std::vector<bool> has_twin(count);
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, rows.size());
    Matrix<float> cosines(count, end - begin);
    multiply_transposed(sample, all.view().rows_between(begin, end), cosines);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = begin; j < end; ++j) {
        if (j != places[i] && cosines(i, j - begin) >= cosine) has_twin[i] = true;
      }
    }
  }
  return static_cast<double>(std::ranges::count(has_twin, true)) / static_cast<double>(count);
}

Selection select_with(const StrategyInfo& strategy, const char* option, double value,
                      const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers) {
  StrategyOptions own;
  own.values.set(option, value);
  own.values = own.values.resolve(strategy.options, strategy.name);
  own.progress = options.progress;
  return strategy.select(pool, batch, own, generator, workers);
}

Selection select_auto(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers) {
  const auto because = [](Selection selection, const std::string& note) {
    selection.notes.insert(selection.notes.begin(), "auto: " + note);
    return selection;
  };
  if (pool.probabilities.empty() || pool.labeled.empty()) {
    return because(select_cold(pool, batch, options, generator, workers),
                   pool.labeled.empty() ? "no labels yet" : "no probabilities");
  }
  const double a_class =
      static_cast<double>(pool.labeled.size()) / static_cast<double>(pool.probabilities.cols());
  const double few = options.values.real("labels_per_class");
  const std::string at_hand =
      std::to_string(pool.labeled.size()) + " labels, " + number(a_class, 1) + " a class, ";
  if (a_class < few) {
    return because(select_with(rows::uherding, "radius", options.values.real("radius"), pool, batch,
                               options, generator, workers),
                   at_hand + "below " + number(few, 0) + ": picked by uherding");
  }
  Selection by_margin = select_by(rows::margin, pool, batch, options, generator, workers);
  const double twins =
      twin_share(pool.embeddings, by_margin.indices, options.values.real("twin_cosine"), workers);
  const double most = options.values.real("twin_share");
  const std::string found = at_hand + "enough for margin, " + number(100 * twins, 0) +
                            " % of whose batch would be near twins of each other: ";
  if (twins > most) {
    return because(select_by(rows::badge, pool, batch, options, generator, workers),
                   found + "picked by badge");
  }
  return because(std::move(by_margin), found + "picked by margin");
}

}  // namespace

constexpr OptionInfo kAutoOptions[] = {
    {.name = "labels_per_class",
     .standard = "20",
     .help = "with fewer labels than this times the classes uherding picks"},
    {.name = "radius", .standard = "0.7", .help = "h of uherding's kernel", .above_least = true},
    {.name = "twin_share",
     .standard = "0.1",
     .help = "badge picks where more than this share of margin's batch would be near twins",
     .most = 1},
    {.name = "twin_cosine",
     .standard = "0.95",
     .help = "cosine of two embeddings from which on they are near twins",
     .most = 1}};

constinit const StrategyInfo rows::auto_ = {
    .name = "auto",
    .label = "auto",
    .summary = "chooses among the others by labels a class, near twins and the batch's size",
    .paper = "",
    .score = "that of the strategy which the notes name",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true, .features = true, .probabilities = true, .model_optional = true},
    .options = kAutoOptions,
    .look = {"#8C510A", "1 2", 3},
    .select = select_auto};

}  // namespace goldpan
