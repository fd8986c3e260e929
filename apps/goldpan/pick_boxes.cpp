#include "pick_boxes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/exchange/box_files.hpp>
#include <goldpan/strategies/detection.hpp>
#include <goldpan/tasks/class_quality.hpp>
#include <goldpan/version.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "exchange_inputs.hpp"
#include "outcome.hpp"
#include "scored_round.hpp"

namespace {

using goldpan::Error;
using goldpan::Index;
using goldpan::Selection;

const std::map<std::string, goldpan::BoxScore> kBoxScores = {
    {"entropy", goldpan::BoxScore::kEntropy},
    {"margin", goldpan::BoxScore::kMargin},
    {"least_confidence", goldpan::BoxScore::kLeastConfidence},
};
const std::map<std::string, goldpan::BoxAggregate> kAggregates = {
    {"max", goldpan::BoxAggregate::kMax},
    {"mean", goldpan::BoxAggregate::kMean},
    {"sum", goldpan::BoxAggregate::kSum},
    {"top_k", goldpan::BoxAggregate::kTopK},
};

/// What an image costs: a + b x its boxes.
struct Cost {
  double image = 1, box = 0;
  bool counts_images() const { return image == 1 && box == 0; }
};

Cost parse_cost(const std::string& text) {
  if (text == "images") return {};
  if (text == "boxes") return {0, 1};
  const std::size_t plus = text.find('+'), star = text.find("*boxes");
  Cost cost;
  const auto read = [](std::string_view part, double& number) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    return error == std::errc() && end == part.data() + part.size() && number >= 0;
  };
  if (plus == std::string::npos || star == std::string::npos || star < plus ||
      star + 6 != text.size() || !read(std::string_view(text).substr(0, plus), cost.image) ||
      !read(std::string_view(text).substr(plus + 1, star - plus - 1), cost.box) ||
      cost.image + cost.box == 0) {
    throw Error("--cost",
                fmt::format("got '{}', expected images, boxes, or as 0.05+0.1*boxes", text));
  }
  return cost;
}

/// The pool's images: those of the truth's file, of the list of ids, or of the predictions.
goldpan::BoxTruth pool_images(const PickRequest& request, const BoxPickOptions& options) {
  if (!options.truth.empty()) return goldpan::open_box_truth("coco:" + options.truth);
  goldpan::BoxTruth images = goldpan::images_of_results(options.predictions);
  if (request.ids.empty()) {
    images.notes.push_back(
        "images in which nothing was found are not known: --truth or --ids "
        "names them");
    return images;
  }
  images.images = goldpan::read_text_lines(request.ids);
  images.numbers.clear();
  for (const std::string& id : images.images) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error == std::errc() && end == id.data() + id.size()) images.numbers.push_back(number);
  }
  if (images.numbers.size() != images.images.size()) images.numbers.clear();
  images.targets.boxes.assign(images.images.size(), {});
  return images;
}

class Chooser {
 public:
  Chooser(const PickRequest& request, const BoxPickOptions& options, goldpan::Workers& workers)
      : request_(request),
        options_(options),
        workers_(workers),
        images_(pool_images(request, options)),
        found_(goldpan::open_box_predictions("coco:" + options.predictions, images_,
                                             {.image_size = {},
                                              .images = {},
                                              .categories = {},
                                              .drop_unknown_categories = options.drop_unknown})) {
    score_options_.aggregate = kAggregates.at(options.aggregate);
    score_options_.top_k = options.top_k;
    score_options_.least_score = options.least_score;
    score_options_.empty = options.empty_score;
    const auto kind = kBoxScores.find(request.strategy);
    score_options_.box = kind == kBoxScores.end() ? goldpan::BoxScore::kEntropy : kind->second;
    scores_ = goldpan::image_scores(found_.detections, score_options_, workers);
    box_counts_ = goldpan::expected_boxes(found_.detections, options.least_score);
    for (const auto& detections : found_.detections) {
      double sum = 0;
      for (const goldpan::Detection& detection : detections) {
        if (detection.score >= options.least_score) sum += std::clamp(detection.score, 0.0, 1.0);
      }
      expected_.push_back(sum);
    }
    if (!request.embeddings.empty()) embeddings_.emplace(request.embeddings);
    if (!options.box_features.empty()) features_.emplace(options.box_features);
    if (embeddings_ && embeddings_->embeddings().rows() != images_.size()) {
      throw Error(request.embeddings,
                  fmt::format("has {} rows, expected one for each of {} images",
                              embeddings_->embeddings().rows(), images_.size()));
    }
  }

  Selection choose(std::span<const Index> labeled, std::span<const Index> unlabeled,
                   std::size_t count) const {
    const std::string& name = request_.strategy;
    if (kBoxScores.contains(name)) return goldpan::select_by_scores(scores_, unlabeled, count);
    if (name == "ppal" || name == "div_proto") {
      if (!features_)
        throw Error("--box-features", "strategy " + name + " needs features of boxes");
      const goldpan::DetectionPool pool{found_.detections, found_.rows, features_->embeddings(),
                                        labeled, unlabeled};
      if (name == "div_proto") {
        goldpan::DivProtoOptions div_proto;
        div_proto.least_score = options_.least_score;
        return goldpan::div_proto(pool, count, div_proto, workers_);
      }
      goldpan::PpalOptions ppal;
      ppal.least_score = options_.least_score;
      ppal.category_quality = quality(labeled);
      ppal.progress = progress_bar("ppal", "tiles of images");
      return goldpan::ppal(pool, count, ppal, workers_);
    }
    // Strategies of the table that need embeddings at most, and k-center among the best scores.
    const bool hybrid = name == "hybrid";
    const goldpan::StrategyNeeds& needs = goldpan::find_strategy(name).needs;
    if (!hybrid && (needs.features || needs.probabilities || needs.passes)) {
      throw Error("--strategy", fmt::format("{} needs class probabilities of images; with "
                                            "--predictions expected entropy, margin, "
                                            "least_confidence, ppal, div_proto, hybrid, or one "
                                            "that needs embeddings alone",
                                            name));
    }
    goldpan::Pool pool;
    pool.labeled = labeled;
    pool.unlabeled = unlabeled;
    if (embeddings_) pool.embeddings = embeddings_->embeddings();
    std::vector<Index> shortlist;
    if (hybrid) {
      shortlist =
          goldpan::select_by_scores(scores_, unlabeled, std::min(2 * count, unlabeled.size()))
              .indices;
      std::ranges::sort(shortlist);
      pool.unlabeled = shortlist;
    }
    goldpan::Generator generator = goldpan::Generator(request_.seed).stream("select");
    return goldpan::select(hybrid ? "k_center" : name, pool, count, generator, workers_);
  }

  double cost_of(const Cost& cost, std::span<const goldpan::Pick> picks) const {
    double sum = 0;
    for (const goldpan::Pick& pick : picks) sum += cost.image + cost.box * expected_[pick.row];
    return sum;
  }

  const goldpan::BoxTruth& images() const { return images_; }
  const goldpan::BoxPredictions& found() const { return found_; }
  double expected(Index image) const { return expected_[image]; }
  double correlation(std::span<const Index> images) const {
    return goldpan::box_correlation(scores_, box_counts_, images);
  }

 private:
  /// PPAL's q, from the labelled images whose boxes are known.
  std::vector<double> quality(std::span<const Index> labeled) const {
    if (options_.truth.empty()) return {};
    std::vector<std::vector<goldpan::Box>> truth;
    std::vector<std::vector<goldpan::Detection>> found;
    for (const Index image : labeled) {
      truth.push_back(images_.targets.boxes[image]);
      found.push_back(found_.detections[image]);
    }
    return goldpan::class_quality(truth, found, images_.targets.categories.size());
  }

  const PickRequest& request_;
  const BoxPickOptions& options_;
  goldpan::Workers& workers_;
  goldpan::BoxTruth images_;
  goldpan::BoxPredictions found_;
  goldpan::ImageScoreOptions score_options_;
  std::vector<double> scores_, box_counts_, expected_;
  std::optional<goldpan::NpyEmbeddings> embeddings_, features_;
};

std::string number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string to_csv(const Chooser& chooser, const goldpan::Proposal& proposal) {
  std::string csv = "rank,index,id,score,reason,inclusion_probability,expected_boxes\n";
  std::size_t rank = 0;
  for (const goldpan::Pick& pick : proposal.picks) {
    csv += fmt::format("{},{},{},{},{},{},{}\n", rank++, pick.row,
                       goldpan::csv_text(chooser.images().images[pick.row]), number(pick.score),
                       goldpan::reason_name(pick.reason), number(pick.inclusion_probability),
                       chooser.expected(pick.row));
  }
  return csv;
}

}  // namespace

void add_box_pick_options(CLI::App& command, BoxPickOptions& options) {
  command.add_option(
      "--predictions", options.predictions,
      "detection: COCO results JSON with what a detector found in the pool's images");
  command.add_option(
      "--truth", options.truth,
      "detection: COCO JSON with all images of the pool, and the boxes of those that "
      "are labelled (ppal's difficulty)");
  command.add_option("--box-features", options.box_features,
                     "detection: M x D .npy, a row for each record of --predictions (ppal, "
                     "div_proto)");
  command
      .add_option("--aggregate", options.aggregate, "detection: what boxes' scores make together")
      ->check(CLI::IsMember({"max", "mean", "sum", "top_k"}))
      ->capture_default_str();
  command.add_option("--top-k", options.top_k, "detection: boxes of --aggregate top_k")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--least-score", options.least_score, "detection: boxes below do not count")
      ->capture_default_str();
  command
      .add_option("--empty-score", options.empty_score, "detection: score of images without boxes")
      ->capture_default_str();
  command
      .add_option("--cost", options.cost,
                  "detection: what --batch counts: images, boxes, or as 0.05+0.1*boxes; boxes "
                  "are the sum of the scores found")
      ->capture_default_str();
  command.add_flag("--drop-unknown", options.drop_unknown,
                   "detection: leave out predictions of categories that --truth does not have");
}

void pick_boxes(const PickRequest& request, const BoxPickOptions& options) {
  const Cost cost = parse_cost(options.cost);
  const goldpan::Stopwatch total;
  goldpan::Workers workers(request.threads, progress_bar("boxes", "").stop);
  const Chooser chooser(request, options, workers);
  const std::size_t pool = chooser.images().size();
  const std::vector<Index> labeled = request.labeled(pool);
  const std::vector<Index> unlabeled = goldpan::complement(labeled, pool);
  check_something_left(unlabeled.size(), labeled.size(), pool);
  const double read_seconds = total.seconds();

  const goldpan::Stopwatch selecting;
  const auto round = [&](std::size_t batch) {
    return scored_round(labeled, unlabeled, batch, request.reserve, request.seed, workers,
                        [&](std::span<const Index> known, std::span<const Index> rest,
                            std::size_t count) { return chooser.choose(known, rest, count); });
  };
  goldpan::Proposal proposal;
  if (cost.counts_images()) {
    proposal = round(request.batch);
  } else {
    // The most images that the budget pays for: by bisection, since not every strategy's smaller
    // batch is the beginning of a larger one.
    const auto budget = static_cast<double>(request.batch);
    std::size_t fits = 0, too_many = unlabeled.size() + 1;
    while (fits + 1 < too_many) {
      const std::size_t middle = fits + (too_many - fits) / 2;
      goldpan::Proposal tried = round(middle);
      if (chooser.cost_of(cost, tried.picks) <= budget) {
        fits = middle;
        proposal = std::move(tried);
      } else {
        too_many = middle;
      }
    }
  }
  const double select_seconds = selecting.seconds();
  double boxes = 0;
  for (const goldpan::Pick& pick : proposal.picks) boxes += chooser.expected(pick.row);
  const double correlation = chooser.correlation(unlabeled);

  const std::filesystem::path out = request.out;
  const std::filesystem::path audit_path = std::filesystem::path(out).replace_extension(".json");
  goldpan::write_file(out, to_csv(chooser, proposal));
  nlohmann::ordered_json audit;
  audit["goldpan"] = goldpan::kVersion;
  audit["settings"] = {{"strategy", request.strategy},
                       {"batch", request.batch},
                       {"cost", options.cost},
                       {"aggregate", options.aggregate},
                       {"top_k", options.top_k},
                       {"least_score", options.least_score},
                       {"empty_score", options.empty_score},
                       {"seed", request.seed},
                       {"reserve", request.reserve},
                       {"labeled", labeled.size()},
                       {"pool", pool}};
  for (const auto& [name, file] :
       {std::pair{"predictions", &options.predictions}, std::pair{"truth", &options.truth},
        std::pair{"box_features", &options.box_features},
        std::pair{"embeddings", &request.embeddings}, std::pair{"ids", &request.ids}}) {
    if (file->empty()) continue;
    const goldpan::MappedFile mapped(goldpan::array_file(*file));
    audit["inputs"][name] = {{"file", *file},
                             {"bytes", mapped.bytes().size()},
                             {"sha256", goldpan::Sha256().update(mapped.bytes()).hex()}};
  }
  audit["images"] = proposal.picks.size();
  audit["expected_boxes"] = boxes;
  audit["cost"] = chooser.cost_of(cost, proposal.picks);
  audit["score_and_boxes_correlation"] = correlation;
  std::vector<std::string> notes = chooser.images().notes;
  notes.insert(notes.end(), chooser.found().notes.begin(), chooser.found().notes.end());
  notes.insert(notes.end(), proposal.notes.begin(), proposal.notes.end());
  audit["notes"] = notes;
  audit["timings"] = {{"read_seconds", read_seconds}, {"select_seconds", select_seconds}};
  audit["threads"] = workers.count();
  goldpan::write_file(audit_path, audit.dump(2) + "\n");
  for (const std::string& note : notes) spdlog::info("{}", note);
  fmt::print(
      "{} images with {:.1f} expected boxes by {} from {} unlabelled in {:.3g} s; the "
      "correlation of an image's score with its number of boxes is {:.2f}: {} ({})\n",
      proposal.picks.size(), boxes, request.strategy, unlabeled.size(), select_seconds, correlation,
      out.string(), audit_path.string());
}
