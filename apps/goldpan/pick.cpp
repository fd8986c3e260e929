#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/acquire/candidates.hpp>
#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/memory.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/shards.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/models/temperature.hpp>
#include <goldpan/strategies/detection.hpp>
#include <goldpan/strategies/multilabel.hpp>
#include <goldpan/version.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "embed.hpp"
#include "input_hashes.hpp"
#include "labeled_rows.hpp"
#include "outcome.hpp"
#include "pick_boxes.hpp"
#include "picked_images.hpp"
#include "picks_csv.hpp"
#include "scored_round.hpp"

namespace {

using goldpan::Error;
using goldpan::Index;

struct Options {
  std::vector<std::string> embeddings;     // files, folders, patterns
  std::vector<std::string> probabilities;  // the same
  std::string logits, mc_probabilities, features, labeled, candidates, targets, ids;
  std::string from, images;
  std::string strategy;
  std::size_t batch = 0;
  std::uint64_t seed = 0;
  double reserve = goldpan::kStandardReserve;
  goldpan::OptionValues strategy_options;
  int threads = 0;
  std::string out = "picks.csv";
  bool force = false;
  double dedup = 0;
  std::string metric = "euclidean";
  bool hash = true;
  std::string multilabel, label_groups;
  BoxPickOptions boxes;
};

/// The inputs, mapped, and the pool that looks at them.
class Inputs {
 public:
  explicit Inputs(const Options& options) {
    if (!options.embeddings.empty()) {
      const auto files = goldpan::find_shards(options.embeddings);
      if (files.size() == 1) {
        embeddings_.emplace(files.front());
        pool.embeddings = embeddings_->embeddings();
      } else {
        shards_.emplace(files);
        pool.embeddings = shards_->embeddings();
        if (options.ids.empty()) ids = shards_->ids();
      }
      set_rows(pool.embeddings.rows(), options.embeddings.front());
    }
    if (!options.probabilities.empty()) read_probabilities(options.probabilities);
    if (!options.logits.empty()) read_logits(options.logits);
    if (!options.mc_probabilities.empty()) read_passes(options.mc_probabilities);
    if (!options.features.empty()) {
      features_.emplace(options.features);
      pool.features = features_->embeddings();
      set_rows(pool.features.rows(), options.features);
    }
    if (rows_ == 0) {
      throw Error("goldpan pick",
                  "needs at least one of --from, --images, --embeddings, --probs, --logits, "
                  "--mc-probs, --features, with at least one row");
    }
    if (!options.ids.empty()) {
      ids = goldpan::read_text_lines(options.ids);
      if (ids.size() != rows_) {
        throw Error(options.ids,
                    fmt::format("has {} lines, expected one for each of the {} rows of {}",
                                ids.size(), rows_, rows_from_));
      }
    }
    if (!options.labeled.empty()) labeled = read_labeled(options.labeled, rows_, ids);
    unlabeled = goldpan::complement(labeled, rows_);
    if (!options.candidates.empty()) read_candidates(options);
    if (!options.targets.empty()) targets = read_labeled(options.targets, rows_, ids);
    pool.labeled = labeled;
    pool.unlabeled = unlabeled;
  }

  std::size_t rows() const { return rows_; }

  goldpan::Pool pool;
  std::vector<Index> labeled, unlabeled, targets;
  std::vector<std::string> ids;

 private:
  void read_candidates(const Options& options) {
    unlabeled = read_labeled(options.candidates, rows_, ids);
    std::vector<Index> both;
    std::ranges::set_intersection(labeled, unlabeled, std::back_inserter(both));
    if (!both.empty()) {
      throw Error("--candidates",
                  fmt::format("names row {}, which is labelled, expected unlabelled "
                              "rows",
                              both.front()));
    }
  }

  void set_rows(std::size_t rows, const std::string& file) {
    if (rows_from_.empty()) {
      rows_ = rows;
      rows_from_ = file;
    } else if (rows != rows_) {
      throw Error(file, fmt::format("has {} rows, but {} has {}", rows, rows_from_, rows_));
    }
  }

  void read_probabilities(const std::vector<std::string>& names) {
    const auto files = goldpan::find_shards(names);
    if (files.size() == 1) {
      probabilities_.emplace(files.front(), 2, "N x C");
      pool.probabilities = probabilities_->matrix();
    } else {
      std::vector<std::size_t> rows;
      if (shards_) {
        for (const auto& shard : shards_->shards()) rows.push_back(shard.rows);
      }
      joined_ = goldpan::join_matrices(files, rows);
      pool.probabilities = joined_;
    }
    set_rows(pool.probabilities.rows(), names.front());
  }

  void read_logits(const std::string& path) {
    const goldpan::NpyFloats file(path, 2, "N x C");
    const auto logits = file.matrix();
    set_rows(logits.rows(), path);
    if (logits.cols() == 1) {
      throw Error(path,
                  "has one column of logits, expected one a class, 2 or more; a binary model's "
                  "logit z makes two: 0 and z");
    }
    goldpan::check_finite(logits, path.c_str());
    softmax_ = goldpan::Matrix<float>(logits.rows(), logits.cols());
    std::copy_n(logits.data(), logits.size(), softmax_.data());
    goldpan::apply_temperature(softmax_, 1.0f);
    pool.probabilities = softmax_;
  }

  void read_passes(const std::string& path) {
    mc_probabilities_.emplace(path, 3, "K x N x C");
    const auto& shape = mc_probabilities_->shape();
    if (!rows_from_.empty() && shape[1] != rows_ && shape[0] == rows_) {
      throw Error(path,
                  fmt::format("has shape ({}, {}, {}), which is N x K x C for the {} rows of {}, "
                              "expected K x N x C; swap the first two axes: x.swapaxes(0, 1)",
                              shape[0], shape[1], shape[2], rows_, rows_from_));
    }
    set_rows(shape[1], path);
    passes_.emplace(mc_probabilities_->values(), shape[0], shape[1], shape[2]);
    pool.passes = &*passes_;
  }

  std::size_t rows_ = 0;
  std::string rows_from_;
  std::optional<goldpan::NpyEmbeddings> embeddings_;  // one file, of any type
  std::optional<goldpan::ShardedEmbeddings> shards_;  // or several
  std::optional<goldpan::NpyFloats> probabilities_, mc_probabilities_;
  std::optional<goldpan::NpyEmbeddings> features_;
  goldpan::Matrix<float> softmax_, joined_;
  std::optional<goldpan::StoredPasses> passes_;
};

/// All files that are read; of several shards, embeddings[0], embeddings[1], ...
std::vector<NamedFile> input_files(const Options& options) {
  std::vector<NamedFile> files;
  const auto add = [&](const char* name, const std::vector<std::string>& names) {
    const auto shards = goldpan::find_shards(names);
    for (std::size_t i = 0; i < shards.size(); ++i) {
      files.emplace_back(shards.size() == 1 ? name : fmt::format("{}[{}]", name, i),
                         shards[i].string());
    }
  };
  add("embeddings", options.embeddings);
  add("probs", options.probabilities);
  for (const auto& [name, path] : std::array<std::pair<const char*, const std::string*>, 10>{
           {{"logits", &options.logits},
            {"mc_probs", &options.mc_probabilities},
            {"features", &options.features},
            {"labeled", &options.labeled},
            {"candidates", &options.candidates},
            {"targets", &options.targets},
            {"ids", &options.ids},
            {"predictions", &options.boxes.predictions},
            {"truth", &options.boxes.truth},
            {"box_features", &options.boxes.box_features}}}) {
    if (path->empty()) continue;
    // A session's folder stands for its journal.
    const bool session = std::filesystem::exists(std::filesystem::path(*path) / "answers.db");
    files.emplace_back(name, session ? *path + "/answers.db" : *path);
  }
  return files;
}

/// Neither output may overwrite an input or the other output, nor earlier picks unless that is
/// meant: a batch that was sent to be labelled is worth more than this one.
void check_outputs(const Options& options, const std::filesystem::path& out,
                   const std::filesystem::path& audit) {
  refuse_audit_as_picks(out, audit);
  refuse_overwriting(input_files(options), {out, audit});
  keep_picks(out, options.force);
}

/// What `goldpan embed` wrote stands for --embeddings and --ids; --images embeds first.
void use_embedded_folder(Options& options) {
  if (!options.images.empty()) {
    EmbedCommand command;
    command.images = options.images;
    command.threads = options.threads;
    command.out = options.from.empty()
                      ? std::filesystem::path(options.out).replace_extension(".embedded").string()
                      : options.from;
    embed(command);
    options.from = command.out;
  }
  if (options.from.empty()) return;
  const EmbeddedFiles files = embedded_files(options.from);
  if (options.embeddings.empty()) options.embeddings = {files.embeddings};
  if (options.ids.empty()) options.ids = files.ids;
}

/// The picks' images beside the picks: one picture, and a page.
void show_picks(const Options& options, const std::vector<goldpan::Pick>& picks,
                const std::vector<std::string>& ids, const std::filesystem::path& out) {
  std::vector<PickedImage> shown;
  for (const goldpan::Pick& pick : picks) {
    shown.push_back({ids[pick.row], caption_of(pick)});
  }
  const auto beside = [&](const char* ending) {
    return std::filesystem::path(out).replace_extension(ending);
  };
  const std::size_t missing =
      write_picked_images(options.from, shown, beside(".jpg"), beside(".html"), options.threads);
  if (missing > 0) spdlog::info("{} of the picks' images cannot be read any more", missing);
  fmt::print("to look at: {}, {}\n", beside(".jpg").string(), beside(".html").string());
}

/// `pick --multilabel`: entropy, margin or BALD of each label, summed or the largest.
goldpan::Proposal pick_by_labels(const Options& options, const goldpan::Pool& pool,
                                 goldpan::Workers& workers) {
  const bool bald = options.strategy == "bald";
  if (!bald && options.strategy != "entropy" && options.strategy != "margin") {
    throw Error("--strategy", fmt::format("got '{}', expected entropy, margin or bald with "
                                          "--multilabel",
                                          options.strategy));
  }
  if (bald ? pool.passes == nullptr : pool.probabilities.empty()) {
    throw Error(bald ? "--mc-probs" : "--probs",
                fmt::format("strategy {} with --multilabel needs it", options.strategy));
  }
  goldpan::MultilabelOptions labels;
  labels.aggregate =
      options.multilabel == "max" ? goldpan::LabelAggregate::kMax : goldpan::LabelAggregate::kSum;
  labels.groups = goldpan::parse_label_groups(
      options.label_groups, bald ? pool.passes->classes() : pool.probabilities.cols());
  const auto kind =
      options.strategy == "margin" ? goldpan::LabelScore::kMargin : goldpan::LabelScore::kEntropy;
  const std::vector<double> of_rows =
      bald ? goldpan::multilabel_bald(*pool.passes, pool.unlabeled, labels, workers)
           : goldpan::multilabel_scores(pool.probabilities, pool.unlabeled, kind, labels, workers);
  std::vector<double> scores(bald ? pool.passes->rows() : pool.probabilities.rows());
  for (std::size_t i = 0; i < of_rows.size(); ++i) scores[pool.unlabeled[i]] = of_rows[i];
  return scored_round(pool.labeled, pool.unlabeled, options.batch, options.reserve, options.seed,
                      workers,
                      [&](std::span<const Index>, std::span<const Index> rest, std::size_t count) {
                        return goldpan::select_by_scores(scores, rest, count);
                      });
}

void pick(Options options) {
  use_embedded_folder(options);
  // Known before any file is read: a long selection must not end in "cannot write".
  const std::filesystem::path out = options.out;
  const std::filesystem::path audit_path = std::filesystem::path(out).replace_extension(".json");
  check_outputs(options, out, audit_path);
  if (out.has_parent_path()) goldpan::make_writable_folder(out.parent_path());
  if (!options.boxes.predictions.empty()) {
    stop_on_interrupt();
    const auto labeled = [&](std::size_t pool) {
      return options.labeled.empty() ? std::vector<Index>()
                                     : read_labeled(options.labeled, pool, {});
    };
    if (options.embeddings.size() > 1) {
      throw Error("--embeddings",
                  "got several files, expected one for a strategy that looks at boxes");
    }
    const std::string embeddings = options.embeddings.empty() ? "" : options.embeddings.front();
    return pick_boxes({options.strategy, embeddings, options.ids, options.out, options.batch,
                       options.seed, options.reserve, options.threads, labeled},
                      options.boxes);
  }
  const goldpan::StrategyInfo& strategy = goldpan::find_strategy(options.strategy);
  try {
    options.strategy_options.resolve(strategy.options, strategy.name);  // before any file is read
  } catch (const Error& error) {
    throw_as_usage(error);
  }
  if (!options.targets.empty() && options.strategy != "epig") {
    throw StatusError(Status::kUsage, "--targets",
                      fmt::format("goes with strategy epig, not {}", options.strategy));
  }
  stop_on_interrupt();

  const goldpan::Stopwatch total;
  const goldpan::Progress progress = progress_bar(options.strategy, "picks");
  goldpan::Workers workers(options.threads, progress.stop);
  say_missing(workers);
  Inputs inputs(options);
  InputHashes hashes(input_files(options), options.hash);
  const goldpan::PreparedPool prepared(
      inputs.pool, inputs.unlabeled, strategy,
      {.dedup = options.dedup, .cosine = options.metric == "cosine"}, workers,
      progress_bar("duplicates", "rows"));
  check_something_left(prepared.candidates().size(), inputs.labeled.size(), inputs.rows());
  const double read_seconds = total.seconds();

  goldpan::Round round;
  round.strategy = options.strategy;
  round.batch = options.batch;
  round.reserve = options.reserve;
  round.stream = [&](const char* purpose) {
    return goldpan::Generator(options.seed).stream(purpose);
  };
  round.options.values = options.strategy_options;
  round.options.progress = progress;
  round.options.epig_targets = inputs.targets;
  const goldpan::Stopwatch selecting;
  goldpan::Proposal batch = options.multilabel.empty()
                                ? goldpan::propose(round, prepared.pool(), workers)
                                : pick_by_labels(options, prepared.pool(), workers);
  batch.notes.insert(batch.notes.begin(), prepared.notes().begin(), prepared.notes().end());
  const double select_seconds = selecting.seconds();
  const std::size_t peak = goldpan::peak_resident_bytes();

  goldpan::write_file(out, picks_csv(batch.picks, inputs.ids));
  nlohmann::ordered_json audit;
  audit["goldpan"] = goldpan::kVersion;
  audit["settings"] = {{"strategy", options.strategy},
                       {"batch", options.batch},
                       {"seed", options.seed},
                       {"reserve", options.reserve},
                       {"options", options.strategy_options.given()},
                       {"metric", options.metric},
                       {"dedup", options.dedup},
                       {"labeled", inputs.labeled.size()},
                       {"candidates", prepared.candidates().size()},
                       {"pool", inputs.rows()}};
  audit["score"] = strategy.score;
  audit["inputs"] = hashes.describe();
  audit["notes"] = batch.notes;
  audit["timings"] = {{"read_seconds", read_seconds}, {"select_seconds", select_seconds}};
  audit["threads"] = workers.count();
  audit["peak_rss_bytes"] = peak;
  goldpan::write_file(audit_path, audit.dump(2) + "\n");

  for (const std::string& note : batch.notes) spdlog::info("{}", note);
  const auto drawn = std::ranges::count(batch.picks, goldpan::Reason::kReserve,
                                        [](const goldpan::Pick& pick) { return pick.reason; });
  fmt::print("{} picks from {} unlabelled rows in {:.3g} s, {} by {} and {} at random: {} ({})\n",
             batch.picks.size(), prepared.candidates().size(), select_seconds,
             batch.picks.size() - static_cast<std::size_t>(drawn), options.strategy, drawn,
             out.string(), audit_path.string());
  if (!options.from.empty()) show_picks(options, batch.picks, inputs.ids, out);
}

}  // namespace

void add_pick_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("pick", "Choose: name the next batch to label, with an audit trail");
  const auto options = std::make_shared<Options>();
  command->add_option("--embeddings", options->embeddings,
                      "N x D .npy, .npz or .pt (file.npz:name); float32 and float16 are read in "
                      "place, others converted; or shards "
                      "of float32 or float16: files, folders, 'patterns*'");
  CLI::Option* probabilities =
      command->add_option("--probs", options->probabilities,
                          "N x C .npy: class probabilities of the model; or a file "
                          "for each shard of the embeddings");
  command->add_option("--logits", options->logits, "N x C .npy: logits, instead of --probs")
      ->excludes(probabilities);
  command->add_option("--mc-probs", options->mc_probabilities,
                      "K x N x C .npy: class probabilities of K stochastic passes");
  command->add_option("--features", options->features,
                      "N x H .npy: penultimate features, where they are not the embeddings (badge, "
                      "bait)");
  command->add_option("--labeled,--session", options->labeled,
                      "what has labels: an id or a row number a line, .npy of integers or of N "
                      "bools, or the folder of a `goldpan label` session");
  command->add_option("--candidates", options->candidates,
                      "the unlabelled rows that may be picked, named as --labeled are [all]");
  command->add_option("--targets", options->targets,
                      "epig: the rows whose predictions labels should inform, named as --labeled "
                      "are");
  command
      ->add_option("--dedup", options->dedup,
                   "leave out near-duplicates: candidates whose cosine with a labelled row or an "
                   "earlier candidate is about this or more; 0: keep all")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      ->add_option("--metric", options->metric,
                   "distances between embeddings: euclidean, or cosine (rows are brought to length "
                   "1)")
      ->check(CLI::IsMember({"euclidean", "cosine"}))
      ->capture_default_str();
  command->add_option("--from", options->from,
                      "a folder of `goldpan embed`: its embeddings and ids; the picks' images go "
                      "beside --out as .jpg and .html");
  command->add_option("--images", options->images,
                      "a folder of images, embedded first by `goldpan embed` with its defaults "
                      "[into --from, or beside --out]");
  command->add_option("--ids", options->ids, "a name a line for each of the N rows");
  command->add_option("--strategy", options->strategy, "see `goldpan strategies`")->required();
  command->add_option("--batch", options->batch, "how many rows to pick")
      ->required()
      ->check(not_negative);
  command->add_option("--seed", options->seed, "equal seeds, equal picks")
      ->check(not_negative)
      ->capture_default_str();
  command
      ->add_option("--reserve", options->reserve,
                   "share drawn at random, for honest statistics; 0 gives the bare strategy")
      ->capture_default_str();
  command->add_option_function<std::vector<std::string>>(
      "--option",
      [options](const std::vector<std::string>& pairs) {
        for (const std::string& pair : pairs) options->strategy_options.set_pair(pair);
      },
      "option of the strategy as name=value (see `goldpan strategies`); repeatable");
  command->add_option("--threads", options->threads, "0: all cores; never changes a pick")
      ->capture_default_str();
  command->add_option("--out", options->out, "the picks; the audit trail goes beside it as .json")
      ->capture_default_str();
  command->add_flag("--force", options->force, "overwrite --out if it is there");
  command
      ->add_option("--multilabel", options->multilabel,
                   "several labels an item, --probs need not sum to 1: sum or max of the labels' "
                   "scores (entropy, margin, bald)")
      ->check(CLI::IsMember({"sum", "max"}));
  command->add_option("--label-groups", options->label_groups,
                      "with --multilabel: labels of which one holds, as weather:0-6,scene:7-13");
  add_box_pick_options(*command, options->boxes);
  command->add_flag("--hash,!--no-hash", options->hash,
                    "SHA-256 of the inputs in the audit trail [on]");
  command->footer(
      "Example:\n  goldpan pick --embeddings E.npy --probs P.npy --labeled labeled.txt "
      "--strategy badge --batch 1000\n"
      "  goldpan pick --from embedded --strategy typiclust --batch 200\n"
      "  goldpan pick --predictions results.json --truth images.json --strategy entropy "
      "--aggregate sum --batch 2000 --cost boxes");
  command->callback([options] { pick(*options); });
}
