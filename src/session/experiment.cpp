#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/models/fit_cache.hpp>
#include <goldpan/models/learner_table.hpp>
#include <goldpan/models/linear_head.hpp>
#include <goldpan/session/budgets.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/version.hpp>

#include "session/command_learner.hpp"
#include "session/journal.hpp"
#include "session/player.hpp"
#include "session/prepared_data.hpp"

namespace goldpan {
namespace {

HeadOptions head_options(const Settings& settings) {
  const OptionValues values = options_of_learner(settings, "linear");
  HeadOptions head;
  head.hidden = values.count("hidden");
  head.dropout = static_cast<float>(values.real("dropout"));
  head.weight_decay = static_cast<float>(values.real("weight_decay"));
  return head;
}

/// Trains what the settings ask for. Heads are trained once for each set of labels, whichever job
/// asks. `inputs` must outlive the result.
TrainClassifier make_training(const Settings& settings, const RunOptions& options,
                              const ModelInputs& inputs) {
  if (settings.model == "linear") {
    const auto cache =
        std::make_shared<FitCache>(inputs.embeddings, inputs.classes, head_options(settings));
    return [cache](std::span<const Index> rows, std::span<const std::int32_t> labels,
                   std::span<const float> weights, Generator generator,
                   Workers& workers) -> std::unique_ptr<Classifier> {
      return cache->fit(rows, labels, weights, generator, workers);
    };
  }
  if (!options.make_model) {
    throw Error(
        "--model",
        fmt::format("got '{}', which is not in this build; expected linear, or a build with "
                    "-D{}=ON",
                    settings.model, find_learner(settings.model).build_option));
  }
  return [&settings, &options, &inputs](
             std::span<const Index> rows, std::span<const std::int32_t> labels,
             std::span<const float> weights, Generator generator, Workers& workers) {
    std::unique_ptr<Classifier> model = options.make_model(settings, inputs);
    model->fit(rows, labels, weights, generator, workers);
    return model;
  };
}

/// SHA-256 over what all labels say, for tasks whose labels the data's fingerprint need not cover.
std::string digest_of_targets(const Task& task, const Dataset& dataset) {
  Sha256 digest;
  for (Index item = 0; item < dataset.size(); ++item) {
    digest.update(task.write(dataset.targets, item) + "\n");
  }
  return digest.hex();
}

/// The places among the test items that are in the slice: "3 17 18".
std::string places_of(const MinedSlice& mined, std::size_t pool_size) {
  std::string places;
  for (std::size_t row = pool_size; row < mined.inside.size(); ++row) {
    if (!mined.inside[row]) continue;
    places += fmt::format("{}{}", places.empty() ? "" : " ", row - pool_size);
  }
  return places;
}

JournalHeader make_header(const Settings& settings, const Task& task, const PreparedData& prepared,
                          const MinedSlice& mined, const RunOptions& options) {
  JournalHeader header;
  const Dataset& dataset = prepared.dataset;
  header.settings = flatten(settings);
  header.standards = flatten(Settings());
  header.facts = {
      {"version", kVersion},
      {"data", dataset.spec},
      {"data_fingerprint", dataset.fingerprint},
      {"pool_size", std::to_string(prepared.pool_size)},
      {"test_size", std::to_string(dataset.size() - prepared.pool_size)},
      {"encoder", prepared.encoder},
      {"encoder_description", prepared.encoder_description},
      {"dim", std::to_string(prepared.embeddings.cols())},
  };
  header.facts.insert(header.facts.end(), options.facts.begin(), options.facts.end());
  header.observations = prepared.observations;
  if (!mined.name.empty()) {
    header.facts.emplace_back("mined_slice", mined.name);
    header.facts.emplace_back("mined_slice_pool",
                              std::to_string(mined.count(0, prepared.pool_size)));
    header.facts.emplace_back("mined_slice_places", places_of(mined, prepared.pool_size));
  }
  if (task.name() != "classification") {
    header.facts.emplace_back("targets_digest", digest_of_targets(task, dataset));
  }
  header.class_names = task.classes(dataset.targets);
  header.pool_class_counts.resize(header.class_names.size());
  for (Index row = 0; row < prepared.pool_size; ++row) {
    task.count(dataset.targets, row, header.pool_class_counts);
  }
  header.pool_ids.assign(
      dataset.items.ids.begin(),
      dataset.items.ids.begin() + static_cast<std::ptrdiff_t>(prepared.pool_size));
  return header;
}

/// Adds up what all runs have done, in units of work, and passes it on. A round costs about as much
/// as it has labels to train on.
class LoopProgress {
 public:
  LoopProgress(const Progress& progress, std::size_t total) : progress_(progress), total_(total) {}

  void add(std::size_t work) {
    const std::lock_guard lock(mutex_);
    done_ += work;
    progress_.step(done_, total_);
  }

  /// Whether to stop: jobs ask side by side, the caller is asked by one at a time.
  bool stop() {
    const std::lock_guard lock(mutex_);
    return progress_.stop && progress_.stop();
  }

 private:
  const Progress& progress_;
  const std::size_t total_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

/// The targets of rows [begin, end), the others unknown; of `end` rows.
Targets targets_between(const Task& task, const Targets& all, std::size_t begin, std::size_t end) {
  Targets part = task.unknown(all, end);
  for (Index row = begin; row < end; ++row) task.copy(all, row, part);
  return part;
}

/// Parts of the test set by the values of attributes, as places in it.
std::vector<Slice> test_slices(const Settings& settings, const AttributeColumns& attributes,
                               std::size_t pool_size) {
  AttributeColumns of_test;
  for (const auto& [name, values] : attributes) {
    of_test[name] = {values.begin() + static_cast<std::ptrdiff_t>(pool_size), values.end()};
  }
  std::vector<Slice> slices;
  for (const std::string& by : settings.by) {
    for (Slice& slice : slices_by(by, of_test)) slices.push_back(std::move(slice));
  }
  return slices;
}

/// What a command that trains a detector is told of the items.
CommandInputs command_inputs(const Settings& settings, const PreparedData& prepared,
                             const std::filesystem::path& out,
                             const std::vector<std::string>& categories) {
  CommandInputs inputs;
  inputs.command = settings.learner;
  inputs.folder = std::filesystem::absolute(out / "learner");
  inputs.ids = prepared.dataset.items.ids;
  inputs.categories = categories;
  inputs.maps = prepared.maps.view();
  inputs.least_score = settings.least_score;
  for (std::size_t i = 0; i < inputs.ids.size(); ++i) {
    const std::string location = prepared.dataset.items.images->location(i);
    inputs.files.push_back(std::filesystem::is_regular_file(location)
                               ? std::filesystem::absolute(location).string()
                               : location);
  }
  return inputs;
}

/// Makes what the task learns with. What it refers to must outlive it.
std::function<std::unique_ptr<Learner>()> learner_maker(const Settings& settings,
                                                        const RunOptions& options,
                                                        const PreparedData& prepared,
                                                        const ModelInputs& inputs,
                                                        const std::filesystem::path& out,
                                                        const Targets& targets, bool calibrated) {
  if (settings.task == "detection") {
    if (!settings.learner.empty()) {
      return command_learners(command_inputs(settings, prepared, out, targets.categories));
    }
    return dense_learners(prepared.maps.view(), targets.categories.size(), {},
                          settings.least_score);
  }
  if (settings.task == "multilabel") {
    std::vector<TrainClassifier> parts;  // groups, then labels in none
    std::size_t grouped = 0;
    const auto add = [&](std::size_t classes) {
      const auto cache =
          std::make_shared<FitCache>(inputs.embeddings, classes, head_options(settings));
      parts.push_back([cache](std::span<const Index> rows, std::span<const std::int32_t> labels,
                              std::span<const float> weights, Generator generator,
                              Workers& workers) -> std::unique_ptr<Classifier> {
        return cache->fit(rows, labels, weights, generator, workers);
      });
    };
    for (const LabelGroup& group : targets.label_groups) {
      add(group.end - group.begin);
      grouped += group.end - group.begin;
    }
    for (; grouped < targets.label_names.size(); ++grouped) add(2);
    return [parts, calibrated, groups = targets.label_groups, labels = targets.label_names.size()] {
      return make_multilabel_learner(labels, groups, [&](std::size_t part, std::size_t classes) {
        return make_classification_learner(parts.at(part), classes, calibrated);
      });
    };
  }
  const TrainClassifier train = make_training(settings, options, inputs);
  return [train, calibrated, classes = inputs.classes] {
    return make_classification_learner(train, classes, calibrated);
  };
}

// A thumbnail's shorter side may be up to twice this: decoders shrink by halves.
constexpr int kThumbnailSide = 72;
constexpr int kThumbnailQuality = 80;
// As many of a batch's picks as the report shows.
constexpr std::size_t kThumbnails = 14;

bool by_the_strategy(const Pick& pick) {
  return pick.reason == Reason::kStrategy || pick.reason == Reason::kColdStart;
}

/// Small pictures of the first picks of each batch at the first seed: the report opens no data.
void record_thumbnails(const Settings& settings, const ImageSource& images, Journal& journal) {
  std::set<Index> rows;
  for (const std::string& strategy : settings.strategies) {
    for (const auto& picks : journal.finished_rounds(strategy, settings.seeds.front())) {
      const std::span<const Pick> batch = picks;
      const bool ranked = !std::ranges::all_of(batch, [](const Pick& pick) {
        return pick.reason == Reason::kStrategy && pick.inclusion_probability == 1.0;
      });
      std::size_t shown = 0;
      for (const Pick& pick : batch) {
        if (!ranked || shown == kThumbnails) break;
        if (by_the_strategy(pick)) {
          rows.insert(pick.row);
          ++shown;
        }
      }
    }
  }
  std::vector<std::pair<Index, std::string>> jpegs;
  for (const Index row : rows) {
    jpegs.emplace_back(row, encode_jpeg(images.load(row, kThumbnailSide), kThumbnailQuality));
  }
  journal.add_thumbnails(jpegs);
}

}  // namespace

std::filesystem::path run_experiment(const Settings& given, const std::filesystem::path& out,
                                     const RunOptions& options) {
  const Settings settings = with_task_standards(given);
  check(settings);
  std::unique_ptr<Task> task = make_task(settings.task);
  make_writable_folder(out);
  Workers workers(options.threads, options.loop_progress.stop);
  if (workers.missing() > 0 && options.say) {
    options.say(fmt::format("the system gave {} of {} threads; going on with them", workers.count(),
                            workers.count() + workers.missing()));
  }
  PreparedData prepared = prepare_data(settings, *task, out, options, workers);
  MinedSlice mined = mined_slice(settings.mine, prepared.dataset.items.attributes,
                                 prepared.pool_size, prepared.dataset.size());
  if (const std::string note = budgets_left_out(settings.budgets, prepared.pool_size);
      !note.empty() && options.say) {
    options.say(note);
  }
  Journal journal(out, make_header(settings, *task, prepared, mined, options), options.fresh);
  write_file(out / "config.toml", to_toml(settings));

  const std::size_t runs = settings.strategies.size() * settings.seeds.size();
  const std::vector<std::size_t> targets = round_targets(settings, prepared.pool_size);
  LoopProgress progress(options.loop_progress,
                        runs * std::accumulate(targets.begin(), targets.end(), std::size_t{0}));

  const std::size_t size = prepared.dataset.size();
  auto pool_targets = std::make_shared<const Targets>(
      targets_between(*task, prepared.dataset.targets, 0, prepared.pool_size));
  Targets test_targets = targets_between(*task, prepared.dataset.targets, prepared.pool_size, size);
  prepared.dataset.targets = {};  // from here on the pool's targets are with the oracles alone
  Plan plan{.settings = settings,
            .task = std::move(task),
            .embeddings = prepared.embeddings,
            .size = size,
            .pool_size = prepared.pool_size,
            .pool_targets = std::move(pool_targets),
            .test_targets = std::move(test_targets),
            .attributes = std::move(prepared.dataset.items.attributes),
            .test_slices = {},
            .mined = std::move(mined),
            .pool_groups = std::move(prepared.dataset.items.groups),
            .make_learner = nullptr,
            .make_plain_learner = nullptr,
            .learns_features = find_learner(settings.model).learns_features,
            .stop = {{}, [&] { return progress.stop(); }}};
  if (!plan.pool_groups.empty()) plan.pool_groups.resize(prepared.pool_size);
  plan.test_slices = test_slices(settings, plan.attributes, plan.pool_size);
  const ModelInputs model_inputs{prepared.embeddings, prepared.dataset.items.images,
                                 plan.task->classes(*plan.pool_targets).size(),
                                 prepared.dataset.fingerprint};
  plan.make_learner = learner_maker(settings, options, prepared, model_inputs, out,
                                    *plan.pool_targets, settings.calibration);
  // A detector is not calibrated, and a command has one folder.
  plan.make_plain_learner = settings.task == "detection"
                                ? plan.make_learner
                                : learner_maker(settings, options, prepared, model_inputs, out,
                                                *plan.pool_targets, false);
  if (!plan.mined.name.empty()) {
    plan.test_slices.push_back(mined_test_slice(plan.mined, plan.pool_size));
  }

  workers.run(runs, [&](std::size_t run) {
    const std::string& strategy = settings.strategies[run % settings.strategies.size()];
    const std::uint64_t seed = settings.seeds[run / settings.strategies.size()];
    play(plan, strategy, seed, journal, workers,
         [&](std::size_t labeled) { progress.add(labeled); });
  });
  if (prepared.dataset.items.images) {
    record_thumbnails(settings, *prepared.dataset.items.images, journal);
  }
  return out / "run.db";
}

}  // namespace goldpan
