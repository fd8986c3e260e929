#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/memory.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/report/evaluation_page.hpp>
#include <goldpan/tasks/measured_metrics.hpp>
#include <goldpan/version.hpp>

#include "box_inputs.hpp"
#include "commands.hpp"
#include "console.hpp"
#include "label_inputs.hpp"

namespace {

struct Options {
  std::string truth, predictions, attributes, images, categories, task = "auto";
  std::vector<std::string> by, slices;
  bool drop_unknown = false;
  goldpan::MetricOptions metrics;
  std::size_t least_images = 30;
  int threads = 0;
  std::string out;
};

std::vector<goldpan::Slice> make_slices(const Options& options,
                                        const goldpan::AttributeColumns& columns) {
  std::vector<goldpan::Slice> slices;
  for (const std::string& attributes : options.by) {
    for (auto& slice : goldpan::slices_by(attributes, columns)) slices.push_back(std::move(slice));
  }
  for (const std::string& text : options.slices) {
    slices.push_back(goldpan::slice_where(text, columns));
    if (slices.back().items.empty()) spdlog::warn("slice '{}' has no images", slices.back().name);
  }
  return slices;
}

/// What either task leaves to be shown.
struct Evaluation {
  std::vector<goldpan::MeasuredMetric> metrics;
  goldpan::EvaluationPage page;
};

Evaluation evaluate_boxes(const Options& options, goldpan::Workers& workers) {
  const goldpan::Stopwatch reading;
  auto [truth, found] =
      open_boxes(options.truth, options.predictions,
                 box_file_options(options.images, options.categories, options.drop_unknown));
  if (!options.attributes.empty()) {
    add_attributes(options.attributes, truth.images, truth.attributes);
  }
  const std::vector<goldpan::Slice> slices = make_slices(options, truth.attributes);
  const double read_seconds = reading.seconds();
  const goldpan::Stopwatch matching;
  const goldpan::DetectionMatches matches(truth.targets.boxes, found.detections,
                                          truth.targets.categories.size(), workers);
  Evaluation evaluation;
  // Once without a bootstrap for its time: what others call "evaluate" and "accumulate".
  matches.evaluate(workers);
  const double match_seconds = matching.seconds();
  const goldpan::Stopwatch counting;
  evaluation.metrics = goldpan::detection_metrics(matches, truth.targets.categories, slices,
                                                  options.metrics, workers);
  spdlog::info(
      "read in {:.3f} s, matched and measured in {:.3f} s, slices and {} bootstrap "
      "samples in {:.3f} s",
      read_seconds, match_seconds, options.metrics.bootstrap, counting.seconds());
  evaluation.page.facts = {{"images", fmt::format("{}", truth.size())},
                           {"boxes", fmt::format("{}", truth.boxes())},
                           {"detections", fmt::format("{}", found.boxes())},
                           {"categories", fmt::format("{}", truth.targets.categories.size())}};
  evaluation.page.notes = truth.notes;
  evaluation.page.notes.insert(evaluation.page.notes.end(), found.notes.begin(), found.notes.end());
  evaluation.page.shown = {"AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR100"};
  return evaluation;
}

Evaluation evaluate_labels(const Options& options, goldpan::Workers& workers) {
  const LabelInputs inputs = read_label_inputs(options.truth, options.predictions);
  goldpan::AttributeColumns columns;
  if (!options.attributes.empty()) add_attributes(options.attributes, inputs.ids, columns);
  Evaluation evaluation;
  evaluation.metrics =
      goldpan::classification_metrics(inputs.truth, inputs.predicted, inputs.classes,
                                      make_slices(options, columns), options.metrics, workers);
  evaluation.page.facts = {{"items", fmt::format("{}", inputs.truth.size())},
                           {"classes", fmt::format("{}", inputs.classes.size())}};
  evaluation.page.notes = inputs.notes;
  evaluation.page.shown = {"accuracy", "balanced_accuracy", "macro_f1"};
  evaluation.page.class_shown = {"recall", "precision", "f1"};
  return evaluation;
}

/// Tables of labels have a header or are arrays; boxes are JSON files or folders.
bool is_classification(const Options& options) {
  if (options.task != "auto") return options.task == "classification";
  const std::string ending = std::filesystem::path(options.truth).extension().string();
  return ending == ".csv" || ending == ".npy";
}

void print_whole(const Evaluation& evaluation) {
  for (const goldpan::MeasuredMetric& metric : evaluation.metrics) {
    if (metric.slice != goldpan::kEverything || metric.class_name != goldpan::kEverything) continue;
    fmt::print("{:<18} {:>9.6f}", metric.name, metric.value);
    if (metric.low == metric.low) fmt::print("   {:.4f} to {:.4f}", metric.low, metric.high);
    fmt::print("\n");
  }
}

void evaluate(const Options& options) {
  if (!options.out.empty()) goldpan::make_writable_folder(options.out);
  stop_on_interrupt();
  goldpan::Workers workers(options.threads, progress_bar("evaluating", "").stop);
  say_missing(workers);
  const bool labels = is_classification(options);
  Evaluation evaluation =
      labels ? evaluate_labels(options, workers) : evaluate_boxes(options, workers);
  for (const std::string& note : evaluation.page.notes) spdlog::warn("{}", note);
  print_whole(evaluation);
  goldpan::EvaluationPage& page = evaluation.page;
  if (!options.by.empty() || !options.slices.empty()) {
    const goldpan::MeasuredMetric* worst =
        goldpan::worst_slice(evaluation.metrics, page.shown[0], options.least_images);
    if (worst == nullptr) {
      fmt::print("no slice has {} images and an interval: none is ranked\n", options.least_images);
    } else {
      fmt::print("worst slice by its upper bound: {} ({} {:.4f}, {:.4f} to {:.4f}, {} images)\n",
                 worst->slice, worst->name, worst->value, worst->low, worst->high, worst->images);
    }
  }
  if (options.out.empty()) return;
  page.title = labels ? "Goldpan: evaluation of labels" : "Goldpan: evaluation of detections";
  page.least_images = options.least_images;
  page.facts.insert(page.facts.begin(),
                    {{"truth", options.truth}, {"predictions", options.predictions}});
  page.facts.emplace_back("bootstrap samples", fmt::format("{}", options.metrics.bootstrap));
  page.facts.emplace_back("seed", fmt::format("{}", options.metrics.seed));
  page.facts.emplace_back("goldpan", goldpan::kVersion);
  const std::filesystem::path folder = options.out;
  goldpan::write_file(folder / "metrics.csv", goldpan::metrics_csv(evaluation.metrics));
  goldpan::write_file(folder / "evaluation.html",
                      goldpan::evaluation_page(evaluation.metrics, page));
  fmt::print("{}, {}\n", (folder / "metrics.csv").string(), (folder / "evaluation.html").string());
}

}  // namespace

void add_evaluate_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "evaluate", "Judge given predictions: COCO's numbers or accuracy, whole and by slices");
  const auto options = std::make_shared<Options>();
  command
      ->add_option(
          "--truth", options->truth,
          "boxes: coco:FILE, yolo:DIR, kitti:DIR, bdd100k:FILE, or the path alone; labels: "
          "a CSV file id,label or a .npy of N integers")
      ->required();
  command
      ->add_option("--predictions", options->predictions,
                   "boxes: of the same formats, with scores; labels: CSV id,label, or .npy of N "
                   "labels or N x C probabilities")
      ->required();
  command->add_option("--task", options->task, "auto, detection or classification")
      ->check(CLI::IsMember({"auto", "detection", "classification"}))
      ->capture_default_str();
  command
      ->add_option("--by", options->by,
                   "slices: one for each value of these attributes; a+b crosses them")
      ->delimiter(',');
  command->add_option("--slice", options->slices,
                      "a slice of your own: \"wet=weather=rainy|snowy & timeofday=night\"");
  command->add_option("--attributes", options->attributes,
                      "CSV with a column id and a column for each attribute");
  command->add_option("--images", options->images,
                      "YOLO: the folder of images, or the size of all of them (1280x720)");
  command->add_option("--categories", options->categories, "YOLO: a file with a name a line");
  command->add_flag("--drop-unknown", options->drop_unknown,
                    "leave out predictions of categories that the truth does not have");
  command
      ->add_option("--bootstrap", options->metrics.bootstrap,
                   "samples of the bootstrap over images behind the intervals; 0: none")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--level", options->metrics.level, "of the intervals")
      ->check(CLI::Range(0.5, 0.999))
      ->capture_default_str();
  command->add_option("--seed", options->metrics.seed, "of the bootstrap")
      ->check(not_negative)
      ->capture_default_str();
  command
      ->add_option("--least-images", options->least_images, "slices of fewer images are not ranked")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "0: all cores; never changes a number")
      ->capture_default_str();
  command->add_option("--out", options->out,
                      "folder for metrics.csv and the page evaluation.html; none: print only");
  command->footer(
      "Example:\n  goldpan evaluate --truth instances_val2017.json --predictions results.json "
      "--attributes weather.csv --by weather,timeofday --out outputs");
  command->callback([options] { evaluate(*options); });
}
