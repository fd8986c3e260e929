#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/memory.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/core/utf8.hpp>
#include <goldpan/tasks/failure_clusters.hpp>
#include <goldpan/version.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "mine_inputs.hpp"
#include "outcome.hpp"
#include "picked_images.hpp"
#include "picks_csv.hpp"

namespace {

using goldpan::Error;
using goldpan::Index;

// Failures of a cluster that are shown side by side.
constexpr std::size_t kShownFailures = 8;
// Clusters are called worse than the whole at this level, corrected by Holm's method.
constexpr double kLevel = 0.05;

struct Options {
  MineFiles files;
  std::string slice;
  std::vector<std::string> worst_by;
  bool worst_cluster = false;
  bool force = false;
  std::string miner = "distance";
  std::size_t batch = 0;
  double reserve = goldpan::kStandardReserve;
  double width = goldpan::MineOptions().width;
  std::size_t clusters = 0;
  std::size_t least_images = 30;
  std::size_t bootstrap = 1000;
  std::uint64_t seed = 0;
  int threads = 0;
  std::string out = "picks.csv";
  bool hash = true;
};

/// The slice that is mined for.
struct Target {
  std::string name;
  goldpan::KnownSlice known;
};

/// Beside --out, with another ending.
std::filesystem::path beside(const Options& options, const char* ending) {
  return std::filesystem::path(options.out).replace_extension(ending);
}

/// Rows as places among `labeled`; those that are not labelled are left out.
std::vector<Index> places_of(const std::vector<Index>& rows, const std::vector<Index>& labeled) {
  std::vector<Index> places;
  for (const Index row : rows) {
    const auto at = std::ranges::lower_bound(labeled, row);
    if (at != labeled.end() && *at == row) {
      places.push_back(static_cast<Index>(at - labeled.begin()));
    }
  }
  return places;
}

const Judge& judge_of(const MineInputs& inputs, const char* option) {
  if (inputs.judge) return *inputs.judge;
  throw Error(option, "needs what the model gets wrong: --truth and --predictions, or --errors");
}

goldpan::MetricOptions metric_options(const Options& options) {
  goldpan::MetricOptions metrics;
  metrics.bootstrap = options.bootstrap;
  metrics.seed = options.seed;
  return metrics;
}

void print_metric(const goldpan::MeasuredMetric& metric) {
  fmt::print("  {:<40} {} {:.4f}", metric.slice, metric.name, metric.value);
  if (std::isfinite(metric.high)) fmt::print(" ({:.4f} to {:.4f})", metric.low, metric.high);
  fmt::print(", {} labelled\n", metric.images);
}

/// All slices of the attributes on the labelled rows, the lowest upper bound first; the first of
/// them is the one that is mined for.
Target worst_of(const Options& options, const MineInputs& inputs, goldpan::Workers& workers) {
  const Judge& judge = judge_of(inputs, "--worst-by");
  std::vector<goldpan::Slice> slices, of_labeled;
  std::vector<std::vector<Index>> known;  // rows with values of the slice's attributes
  for (const std::string& attributes : options.worst_by) {
    std::vector<goldpan::Slice> found = goldpan::slices_by(attributes, inputs.attributes);
    std::vector<Index> all;
    for (const goldpan::Slice& slice : found) {
      all.insert(all.end(), slice.items.begin(), slice.items.end());
    }
    std::ranges::sort(all);
    for (goldpan::Slice& slice : found) {
      of_labeled.push_back({slice.name, places_of(slice.items, inputs.labeled)});
      slices.push_back(std::move(slice));
      known.push_back(all);
    }
  }
  const auto metrics = judge.measure(of_labeled, metric_options(options), workers);
  goldpan::write_file(beside(options, ".slices.csv"), goldpan::metrics_csv(metrics));
  std::vector<goldpan::MeasuredMetric> ranked;
  for (const goldpan::MeasuredMetric& metric : metrics) {
    if (metric.name == judge.metric() && metric.class_name == goldpan::kEverything) {
      ranked.push_back(metric);
    }
  }
  std::ranges::stable_sort(ranked, [](const auto& a, const auto& b) {
    return (std::isnan(a.high) ? 2 : a.high) < (std::isnan(b.high) ? 2 : b.high);
  });
  fmt::print("slices of the labelled rows, lowest upper bound first ({}):\n",
             beside(options, ".slices.csv").string());
  for (const goldpan::MeasuredMetric& metric : ranked) print_metric(metric);
  const goldpan::MeasuredMetric* const worst =
      goldpan::worst_slice(metrics, judge.metric(), options.least_images);
  if (worst == nullptr) {
    throw Error("--worst-by", fmt::format("no slice has {} labelled rows and an interval; expected "
                                          "a smaller --least-images, or --slice",
                                          options.least_images));
  }
  Target target{worst->slice, {}};
  for (std::size_t s = 0; s < slices.size(); ++s) {
    if (slices[s].name != worst->slice) continue;
    target.known.inside = slices[s].items;
    std::ranges::set_difference(known[s], slices[s].items,
                                std::back_inserter(target.known.outside));
    break;
  }
  return target;
}

Target named_slice(const Options& options, const MineInputs& inputs) {
  const goldpan::Slice slice = goldpan::slice_where(options.slice, inputs.attributes);
  const std::vector<Index> known = goldpan::slice_known(options.slice, inputs.attributes);
  Target target{slice.name, {}};
  std::ranges::set_intersection(known, slice.items, std::back_inserter(target.known.inside));
  std::ranges::set_difference(known, slice.items, std::back_inserter(target.known.outside));
  if (target.known.inside.empty()) {
    throw Error("--slice", fmt::format("'{}' has no row, expected one at least that is known to be "
                                       "in it",
                                       slice.name));
  }
  return target;
}

/// Slices that nobody named, of the labelled rows: printed, written, and shown where there are
/// images. Items are rows of the pool.
std::vector<goldpan::FailureCluster> find_clusters(const Options& options, const MineInputs& inputs,
                                                   goldpan::Workers& workers) {
  const Judge& judge = judge_of(inputs, "--clusters");
  const std::vector<Index>& labeled = inputs.labeled;
  std::vector<Index> places(labeled.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<Index>(i);
  std::vector<std::uint8_t> failed(labeled.size());
  for (const Index place : failing(judge, places)) failed[place] = 1;
  goldpan::Matrix<float> rows(labeled.size(), inputs.embeddings.cols());
  if (!labeled.empty()) inputs.embeddings.gather_rows(labeled, rows);
  goldpan::FailureClusterOptions cluster_options;
  cluster_options.clusters = std::min(options.clusters, labeled.size());
  goldpan::Generator generator = goldpan::Generator(options.seed).stream("failure_clusters");
  std::vector<goldpan::FailureCluster> clusters =
      goldpan::failure_clusters(rows, failed, cluster_options, generator, workers);

  std::string csv = "cluster,id,row,failed,error_rate,items,failures,p_value,p_holm\n";
  std::vector<PickedImage> shown;
  const auto wrong = static_cast<std::size_t>(std::ranges::count(failed, 1));
  fmt::print("slices that nobody named: {} of {} labelled rows are got wrong ({})\n", wrong,
             labeled.size(), beside(options, ".clusters.csv").string());
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    goldpan::FailureCluster& cluster = clusters[c];
    for (std::vector<Index>* list : {&cluster.items, &cluster.failures}) {
      for (Index& item : *list) item = labeled[item];
    }
    const std::vector<Index> sorted = [&] {
      std::vector<Index> copy = cluster.failures;
      std::ranges::sort(copy);
      return copy;
    }();
    for (const Index row : cluster.items) {
      csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", c,
                         goldpan::csv_text(goldpan::as_utf8(inputs.ids[row])), row,
                         std::ranges::binary_search(sorted, row) ? 1 : 0, cluster.error_rate,
                         cluster.items.size(), cluster.failures.size(), cluster.p_value,
                         cluster.corrected_p_value);
    }
    if (cluster.corrected_p_value >= kLevel) continue;
    fmt::print("  cluster {}: {} of {} got wrong ({:.1f} %), corrected p {:.2g}\n", c,
               cluster.failures.size(), cluster.items.size(), 100 * cluster.error_rate,
               cluster.corrected_p_value);
    for (std::size_t i = 0; i < kShownFailures; ++i) {
      const bool there = i < cluster.failures.size();
      shown.push_back({there ? inputs.ids[cluster.failures[i]] : std::string(),
                       there ? fmt::format("cluster {}", c) : std::string()});
    }
  }
  if (shown.empty()) fmt::print("  none is shown to be worse than the whole\n");
  goldpan::write_file(beside(options, ".clusters.csv"), csv);
  if (!shown.empty() && !options.files.from.empty()) {
    write_picked_images(options.files.from, shown, beside(options, ".clusters.jpg"),
                        beside(options, ".clusters.html"), options.threads, kShownFailures);
    fmt::print("to look at, a cluster a row: {}\n", beside(options, ".clusters.jpg").string());
  }
  return clusters;
}

Target worst_cluster(const std::vector<goldpan::FailureCluster>& clusters,
                     const MineInputs& inputs) {
  if (clusters.empty() || clusters.front().corrected_p_value >= kLevel) {
    throw Error("--worst-cluster",
                "no cluster is shown to be worse than the whole, expected --slice or --worst-by");
  }
  Target target{"cluster 0", {}};
  target.known.inside = clusters.front().items;
  std::ranges::set_difference(inputs.labeled, target.known.inside,
                              std::back_inserter(target.known.outside));
  return target;
}

/// What the model does on the slice and on the whole; fills in the failures.
nlohmann::ordered_json describe_slice(const Options& options, const MineInputs& inputs,
                                      goldpan::Workers& workers, Target& target) {
  nlohmann::ordered_json described;
  described["name"] = target.name;
  described["known_inside"] = target.known.inside.size();
  described["known_outside"] = target.known.outside.size();
  const std::vector<Index> places = places_of(target.known.inside, inputs.labeled);
  described["labeled_inside"] = places.size();
  fmt::print("slice {}: {} rows known to be in it, {} of them labelled\n", target.name,
             target.known.inside.size(), places.size());
  if (!inputs.judge || places.empty()) return described;
  const std::vector<goldpan::Slice> slices = {{target.name, places}};
  for (const auto& metric : inputs.judge->measure(slices, metric_options(options), workers)) {
    if (metric.name != inputs.judge->metric() || metric.class_name != goldpan::kEverything)
      continue;
    print_metric(metric);
    described[metric.slice == target.name ? "slice" : "whole"] = {
        {"metric", metric.name}, {"value", metric.value}, {"images", metric.images}};
  }
  for (const Index place : failing(*inputs.judge, places)) {
    target.known.failures.push_back(inputs.labeled[place]);
  }
  described["failures"] = target.known.failures.size();
  return described;
}

void show_picks(const Options& options, const std::vector<goldpan::Pick>& picks,
                const std::vector<std::string>& ids) {
  std::vector<PickedImage> shown;
  for (const goldpan::Pick& pick : picks) {
    shown.push_back({ids[pick.row], caption_of(pick)});
  }
  const std::size_t missing =
      write_picked_images(options.files.from, shown, beside(options, ".jpg"),
                          beside(options, ".html"), options.threads);
  if (missing > 0) spdlog::info("{} of the picks' images cannot be read any more", missing);
  fmt::print("to look at: {}, {}\n", beside(options, ".jpg").string(),
             beside(options, ".html").string());
}

goldpan::Proposal choose(const Options& options, const MineInputs& inputs, const Target& target,
                         goldpan::Workers& workers) {
  goldpan::Pool pool;
  pool.embeddings = inputs.embeddings;
  pool.probabilities = inputs.probabilities;
  pool.labeled = inputs.labeled;
  pool.unlabeled = inputs.unlabeled;
  goldpan::Round round;
  round.batch = options.batch;
  round.reserve = options.reserve;
  round.stream = [&](const char* purpose) {
    return goldpan::Generator(options.seed).stream(purpose);
  };
  if (options.miner == "random") {
    round.strategy = "random";
    return goldpan::propose(round, pool, workers);
  }
  const std::string miner = "mine_" + options.miner;
  goldpan::MineOptions mining;
  mining.width = options.width;
  mining.negatives = inputs.negatives;
  mining.progress = progress_bar(miner, "picks");
  round.choose = [&](const goldpan::Pool& rest, std::size_t count) {
    goldpan::Generator generator = round.stream("select");
    return goldpan::mine(miner, rest, target.known, count, mining, generator, workers);
  };
  return goldpan::propose(round, pool, workers);
}

/// One of the ways to say which slice, before any file is read.
void check_target(const Options& options) {
  const int ways = (options.slice.empty() ? 0 : 1) + (options.worst_by.empty() ? 0 : 1) +
                   (options.worst_cluster ? 1 : 0);
  if (ways > 1) throw Error("goldpan mine", "expected one of --slice, --worst-by, --worst-cluster");
  if (ways == 0 && (options.batch > 0 || options.clusters == 0)) {
    throw Error("goldpan mine",
                "needs one of --slice, --worst-by, --worst-cluster to mine for, or --clusters "
                "without --batch to look for slices");
  }
}

void mine(Options options) {
  check_target(options);
  if (options.worst_cluster && options.clusters == 0) {
    options.clusters = goldpan::FailureClusterOptions().clusters;
  }
  if (!options.files.from.empty()) {
    const EmbeddedFiles files = embedded_files(options.files.from);
    if (options.files.embeddings.empty()) options.files.embeddings = {files.embeddings};
    if (options.files.ids.empty()) options.files.ids = files.ids;
  }
  const std::filesystem::path out = options.out, audit_path = beside(options, ".json");
  refuse_audit_as_picks(out, audit_path);
  refuse_overwriting(options.files.list(), {out, audit_path, beside(options, ".slices.csv"),
                                            beside(options, ".clusters.csv")});
  if (options.batch > 0) keep_picks(out, options.force);
  if (out.has_parent_path()) goldpan::make_writable_folder(out.parent_path());
  stop_on_interrupt();
  const goldpan::Stopwatch total;
  goldpan::Workers workers(options.threads, progress_bar("mining", "").stop);
  say_missing(workers);
  const MineInputs inputs(options.files, workers);
  for (const std::string& note : inputs.notes) spdlog::warn("{}", note);
  InputHashes hashes(options.files.list(), options.hash);

  std::vector<goldpan::FailureCluster> clusters;
  if (options.clusters > 0) clusters = find_clusters(options, inputs, workers);
  Target target = options.worst_cluster       ? worst_cluster(clusters, inputs)
                  : !options.worst_by.empty() ? worst_of(options, inputs, workers)
                  : !options.slice.empty()    ? named_slice(options, inputs)
                                              : Target();
  if (target.name.empty()) return;
  nlohmann::ordered_json described = describe_slice(options, inputs, workers, target);
  if (options.batch == 0) return;
  const double read_seconds = total.seconds();
  const goldpan::Stopwatch selecting;
  const goldpan::Proposal proposal = choose(options, inputs, target, workers);
  const double select_seconds = selecting.seconds();

  goldpan::write_file(out, picks_csv(proposal.picks, inputs.ids));
  nlohmann::ordered_json audit;
  audit["goldpan"] = goldpan::kVersion;
  audit["settings"] = {{"miner", options.miner},
                       {"batch", options.batch},
                       {"seed", options.seed},
                       {"reserve", options.reserve},
                       {"width", options.width},
                       {"least_images", options.least_images},
                       {"labeled", inputs.labeled.size()},
                       {"pool", inputs.ids.size()}};
  audit["slice"] = std::move(described);
  const goldpan::MinerInfo* const info = goldpan::find_miner("mine_" + options.miner);
  audit["score"] = info == nullptr ? goldpan::find_strategy("random").score : info->strategy.score;
  audit["inputs"] = hashes.describe();
  audit["notes"] = proposal.notes;
  audit["timings"] = {{"read_seconds", read_seconds}, {"select_seconds", select_seconds}};
  audit["threads"] = workers.count();
  audit["peak_rss_bytes"] = goldpan::peak_resident_bytes();
  goldpan::write_file(audit_path, audit.dump(2) + "\n");
  for (const std::string& note : proposal.notes) spdlog::info("{}", note);
  const auto drawn = std::ranges::count(proposal.picks, goldpan::Reason::kReserve,
                                        [](const goldpan::Pick& pick) { return pick.reason; });
  fmt::print("{} picks from {} unlabelled rows in {:.3g} s, {} by {} and {} at random: {} ({})\n",
             proposal.picks.size(), inputs.unlabeled.size(), select_seconds,
             proposal.picks.size() - static_cast<std::size_t>(drawn), options.miner, drawn,
             out.string(), audit_path.string());
  if (!options.files.from.empty()) show_picks(options, proposal.picks, inputs.ids);
}

}  // namespace

void add_mine_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "mine", "Choose for a slice: the worst one, one of your own, or one that nobody named");
  const auto options = std::make_shared<Options>();
  MineFiles& files = options->files;
  command->add_option("--from", files.from,
                      "a folder of `goldpan embed`: its embeddings and ids; images of picks and "
                      "clusters go beside --out as .jpg and .html");
  command->add_option("--embeddings", files.embeddings,
                      "N x D .npy, or shards: files, folders, 'patterns*'");
  command->add_option("--ids", files.ids, "a name a line for each of the N rows");
  command->add_option("--labeled", files.labeled,
                      "what has labels: ids or row numbers [the items of --truth]");
  command->add_option("--truth", files.truth,
                      "labels of labelled rows: CSV id,label or .npy of N integers, -1 unknown; or "
                      "boxes: coco:FILE, yolo:DIR, kitti:DIR, bdd100k:FILE");
  command->add_option(
      "--predictions", files.predictions,
      "what the model says of them, best of models that did not learn from them: "
      "CSV id,label, .npy of N labels or N x C probabilities; or boxes with scores");
  command->add_option("--errors", files.errors,
                      "instead of both: the labelled rows that the model gets wrong");
  command->add_option("--probs", files.probabilities,
                      "N x C .npy: class probabilities (badge needs them, herding uses them) "
                      "[--predictions, where it is such a file]");
  command->add_option("--classes", files.classes, "names of the columns of --predictions")
      ->delimiter(',');
  command->add_option("--attributes", files.attributes,
                      "CSV with a column id and a column for each attribute; unlabelled rows may "
                      "be missing: a classifier tells of them");
  command->add_option("--slice", options->slice,
                      "mine for this slice: \"weather=rainy|snowy, timeofday=night\"");
  command
      ->add_option("--worst-by", options->worst_by,
                   "mine for the worst slice by these attributes, the one whose upper bound is "
                   "lowest; a+b crosses them")
      ->delimiter(',');
  command->add_flag("--worst-cluster", options->worst_cluster,
                    "mine for the worst of the slices that nobody named");
  command
      ->add_option("--clusters", options->clusters,
                   "look for slices that nobody named: so many clusters of the labelled rows, "
                   "those that fail more than the whole (Holm-corrected) printed and shown")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--miner", options->miner, "distance, herding, badge or random")
      ->check(CLI::IsMember({"distance", "herding", "badge", "random"}))
      ->capture_default_str();
  command->add_option("--negatives", files.negatives,
                      "distance: rows whose like is not wanted: ids or row numbers");
  command->add_option("--width", options->width, "herding: h of its kernel on unit vectors")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--batch", options->batch, "how many rows to pick; 0: only look")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--reserve", options->reserve, "share drawn at random")
      ->capture_default_str();
  command
      ->add_option("--least-images", options->least_images,
                   "slices of fewer labelled rows are not "
                   "ranked")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--bootstrap", options->bootstrap, "samples behind the intervals")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--images", files.images,
                      "YOLO: the folder of images, or the size of all of them (1280x720)");
  command->add_option("--categories", files.categories, "YOLO: a file with a name a line");
  command->add_flag("--drop-unknown", files.drop_unknown,
                    "leave out predictions of categories that --truth does not have");
  command->add_option("--seed", options->seed, "equal seeds, equal picks")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "0: all cores; never changes a pick")
      ->capture_default_str();
  command
      ->add_option("--out", options->out,
                   "the picks; beside it .json (audit trail), .slices.csv, .clusters.csv")
      ->capture_default_str();
  command->add_flag("--force", options->force, "overwrite --out if it is there");
  command->add_flag("--hash,!--no-hash", options->hash,
                    "SHA-256 of the inputs in the audit trail [on]");
  command->footer(
      "Example:\n  goldpan mine --from embedded --truth labels.csv --predictions P.npy "
      "--attributes weather.csv --worst-by weather+timeofday --batch 200\n"
      "  goldpan mine --from embedded --truth coco:labels.json --predictions coco:results.json "
      "--attributes weather.csv --slice \"weather=rainy|snowy, timeofday=night\" --batch 200\n"
      "  goldpan mine --from embedded --labeled val.txt --errors wrong.txt --clusters 20");
  command->callback([options] { mine(*options); });
}
