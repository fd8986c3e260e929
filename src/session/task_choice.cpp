#include "session/task_choice.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/session/settings.hpp>
#include <goldpan/strategies/detection.hpp>
#include <goldpan/strategies/detection_table.hpp>
#include <goldpan/strategies/multilabel.hpp>
#include <goldpan/tasks/class_quality.hpp>

#include "session/slice_mining.hpp"

namespace goldpan {
namespace {

constexpr std::string_view kByLabels[] = {"entropy", "margin", "bald", "hybrid"};

bool goes_by_embeddings(const StrategyInfo& info) {
  return !info.needs.features && !info.needs.probabilities && !info.needs.passes;
}

/// k-center among the images of the largest scores: what "hybrid" is where images have scores.
Selection spread_among_best(std::span<const double> scores, const Pool& pool, std::size_t count,
                            double factor, Generator& generator, Workers& workers) {
  const auto wanted = static_cast<std::size_t>(std::ceil(factor * static_cast<double>(count)));
  std::vector<Index> shortlist =
      select_by_scores(scores, pool.unlabeled, std::clamp(wanted, count, pool.unlabeled.size()))
          .indices;
  std::ranges::sort(shortlist);
  Pool among = pool;
  among.unlabeled = shortlist;
  return select("k_center", among, count, generator, workers);
}

Selection choose_by_labels(const Targets& targets, const Signals& signals, const Round& round,
                           const Pool& pool, std::size_t count, Workers& workers) {
  const MultilabelOptions options{LabelAggregate::kSum, targets.label_groups};
  const std::vector<double> of_unlabeled =
      round.strategy == "bald"
          ? multilabel_bald(*signals.passes, pool.unlabeled, options, workers)
          : multilabel_scores(
                signals.probabilities, pool.unlabeled,
                round.strategy == "margin" ? LabelScore::kMargin : LabelScore::kEntropy, options,
                workers);
  std::vector<double> scores(pool.labeled.size() + pool.unlabeled.size());
  for (std::size_t i = 0; i < of_unlabeled.size(); ++i) {
    scores.at(pool.unlabeled[i]) = of_unlabeled[i];
  }
  if (round.strategy != "hybrid") return select_by_scores(scores, pool.unlabeled, count);
  Generator generator = round.stream("select");
  const OptionValues values =
      round.options.values.resolve(find_strategy("hybrid").options, "hybrid");
  return spread_among_best(scores, pool, count, values.real("shortlist_factor"), generator,
                           workers);
}

constexpr std::string_view kByBoxes[] = {"entropy", "margin", "least_confidence",
                                         "hybrid",  "ppal",   "div_proto"};
/// Those of the table that go by image_distributions as by the probabilities of classes.
constexpr std::string_view kByDistributions[] = {"badge", "badge_approximate", "uherding", "bait",
                                                 "tcm"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

ImageScoreOptions score_options(const Settings& settings, std::string_view strategy) {
  ImageScoreOptions options;
  options.box = strategy == "margin"             ? BoxScore::kMargin
                : strategy == "least_confidence" ? BoxScore::kLeastConfidence
                                                 : BoxScore::kEntropy;
  options.aggregate = settings.aggregate == "mean"    ? BoxAggregate::kMean
                      : settings.aggregate == "sum"   ? BoxAggregate::kSum
                      : settings.aggregate == "top_k" ? BoxAggregate::kTopK
                                                      : BoxAggregate::kMax;
  options.least_score = settings.least_score;
  return options;
}

/// PPAL's quality of each category, on the images bought: those that the detector was trained on,
/// as in the paper.
std::vector<double> quality_of(const Targets& targets, const Signals& signals) {
  std::vector<std::vector<Box>> truth;
  std::vector<std::vector<Detection>> found;
  for (std::size_t row = 0; row < targets.boxes.size(); ++row) {
    if (!targets.boxes_known[row]) continue;
    truth.push_back(targets.boxes[row]);
    found.push_back(signals.detections[row]);
  }
  return class_quality(truth, found, targets.categories.size());
}

Selection choose_by_boxes(const Settings& settings, const Targets& targets, const Signals& signals,
                          const Round& round, const Pool& pool, std::size_t count,
                          Workers& workers) {
  if (count == 0) return {};
  const DetectionPool boxes{signals.detections, signals.feature_rows, signals.box_features,
                            pool.labeled, pool.unlabeled};
  if (round.strategy == "ppal") {
    PpalOptions options;
    options.least_score = settings.least_score;
    options.category_quality = quality_of(targets, signals);
    options.progress = round.options.progress;
    return ppal(boxes, count, options, workers);
  }
  if (round.strategy == "div_proto") {
    DivProtoOptions options;
    options.least_score = settings.least_score;
    options.progress = round.options.progress;
    return div_proto(boxes, count, options, workers);
  }
  const std::vector<double> scores =
      image_scores(signals.detections, score_options(settings, round.strategy), workers);
  Selection selection;
  if (round.strategy == "hybrid") {
    Generator generator = round.stream("select");
    const OptionValues values =
        round.options.values.resolve(find_strategy("hybrid").options, "hybrid");
    selection =
        spread_among_best(scores, pool, count, values.real("shortlist_factor"), generator, workers);
  } else {
    selection = select_by_scores(scores, pool.unlabeled, count);
  }
  const std::vector<double> counts = expected_boxes(signals.detections, settings.least_score);
  selection.notes.push_back(
      fmt::format("the correlation of an image's score with its number of boxes is {:.2f}",
                  box_correlation(scores, counts, pool.unlabeled)));
  return selection;
}

}  // namespace

std::vector<std::string> task_strategies(std::string_view task) {
  if (task == "multilabel") return {"random", "entropy", "margin", "bald", "k_center", "hybrid"};
  if (task == "detection") return {"random", "entropy", "ppal", "k_center", "badge", "hybrid"};
  return Settings().strategies;
}

const StrategyInfo& strategy_row(std::string_view strategy) {
  for (const StrategyInfo& info : detection_strategies()) {
    if (info.name == strategy) return info;
  }
  return find_played_strategy(strategy);
}

const StrategyInfo& find_task_strategy(std::string_view task, std::string_view strategy) {
  if (task == "detection") {
    for (const StrategyInfo& info : detection_strategies()) {
      if (info.name == strategy) return info;
    }
  }
  if (const MinerInfo* const miner = find_miner(strategy)) {
    if (task != "multilabel" || strategy != "mine_badge") return miner->strategy;
    throw Error("--strategies",
                "mine_badge goes by the probabilities of one class an item, which "
                "--task multilabel does not have");
  }
  if (task == "classification") return find_strategy(strategy);
  const StrategyInfo& info = find_strategy(strategy);
  if (goes_by_embeddings(info)) return info;
  if (task == "multilabel") {
    if (is_one_of(kByLabels, strategy)) return info;
    throw Error("--strategies",
                fmt::format("{} goes by the probabilities of one class an item; with several "
                            "labels expected {}, or one that needs embeddings alone",
                            strategy, fmt::join(kByLabels, ", ")));
  }
  if (is_one_of(kByBoxes, strategy) || is_one_of(kByDistributions, strategy)) return info;
  throw Error("--strategies",
              fmt::format("{} needs what a detector does not give; with --task detection expected "
                          "{}, {}, or one that needs embeddings alone",
                          strategy, fmt::join(kByBoxes, ", "), fmt::join(kByDistributions, ", ")));
}

SignalsWanted task_signals(const Settings& settings, const StrategyInfo& info) {
  SignalsWanted wanted{.probabilities = info.needs.probabilities,
                       .features = info.needs.features,
                       .passes = info.needs.passes ? settings.passes : 0};
  if (settings.task != "detection") return wanted;
  wanted.probabilities = is_one_of(kByDistributions, info.name) || find_miner(info.name) != nullptr;
  wanted.features = false;
  wanted.detections = true;
  wanted.box_features = info.name == "ppal" || info.name == "div_proto";
  return wanted;
}

std::function<Selection(const Pool& pool, std::size_t count)> task_choice(const Settings& settings,
                                                                          const Targets& targets,
                                                                          const Signals& signals,
                                                                          const Round& round,
                                                                          Workers& workers) {
  if (settings.task == "multilabel" && is_one_of(kByLabels, round.strategy)) {
    return [&, round](const Pool& pool, std::size_t count) {
      return choose_by_labels(targets, signals, round, pool, count, workers);
    };
  }
  if (settings.task == "detection" && is_one_of(kByBoxes, round.strategy)) {
    return [&, round](const Pool& pool, std::size_t count) {
      return choose_by_boxes(settings, targets, signals, round, pool, count, workers);
    };
  }
  return {};
}

}  // namespace goldpan
