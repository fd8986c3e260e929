#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <scenes/scenes.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/guards.hpp>
#include <goldpan/session/records.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "print_report.hpp"
#include "vision.hpp"

namespace {

struct Options {
  std::vector<std::pair<const goldpan::SettingInfo*, std::string>> given;
  std::string config;
  std::string out = "outputs";
  std::string cache;
  std::string checkpoints;
  int threads = 0;
  bool fresh = false;
  std::vector<std::string> ablate;
  goldpan::LabelPrices prices;
};

goldpan::Settings resolve(const Options& options) {
  goldpan::Settings settings;
  if (!options.config.empty()) goldpan::apply_config(settings, options.config);
  for (const auto& [info, value] : options.given) info->set(settings, value);
  return settings;
}

void run(const Options& options) {
  const goldpan::Settings settings = resolve(options);
  goldpan::check(options.prices);  // not after hours of work
  goldpan::RunOptions run;
  run.threads = options.threads;
  run.fresh = options.fresh;
  run.cache_folder = options.cache;
  run.search_path = goldpan::standard_search_path();
  run.data_formats = {goldpan::scenes_format()};
  run.say = [](const std::string& message) { spdlog::info("{}", message); };
  run.data_progress = progress_bar("rendering", "images");
  run.fit_progress = progress_bar("learning", "");
  run.embedding_progress = progress_bar("embedding", "images");
  run.loop_progress = progress_bar("loop", "");
  stop_on_interrupt();
  goldpan::check_guards(options.ablate);
  const std::filesystem::path out = options.out;
  if (run.cache_folder.empty()) run.cache_folder = out / "cache";  // shared with the ablations
  use_vision(run, settings,
             options.checkpoints.empty()     ? out / "checkpoints"
             : options.checkpoints == "none" ? std::filesystem::path()
                                             : std::filesystem::path(options.checkpoints));
  const std::filesystem::path journal = goldpan::run_experiment(settings, out, run);

  std::vector<goldpan::Ablation> ablations;
  run.loop_progress = progress_bar("loop", "");
  for (const auto& [guard, without] :
       goldpan::run_without_guards(settings, options.ablate, out, run)) {
    ablations.push_back({guard, goldpan::read_records(without)});
  }
  print_report(journal, options.prices);
  if (!ablations.empty()) {
    fmt::print("\n{}", goldpan::write_ablation(goldpan::read_records(journal), ablations, out));
  }
}

/// What the help says that a setting takes.
const char* type_name(goldpan::SettingInfo::Kind kind) {
  using Kind = goldpan::SettingInfo::Kind;
  switch (kind) {
    case Kind::kText:
      return "TEXT";
    case Kind::kNumber:
      return "NUMBER";
    case Kind::kFlag:
      return "true|false";
    case Kind::kTextList:
      return "TEXT,...";
    case Kind::kNumberList:
      return "NUMBER,...";
  }
  return "";
}

}  // namespace

void add_run_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "run", "Measure: learning curves of each strategy against random on a labelled data set");
  const auto options = std::make_shared<Options>();
  for (const goldpan::SettingInfo& info : goldpan::setting_table()) {
    CLI::Option* const option = command->add_option_function<std::string>(
        std::string(info.flag),
        [options, &info](const std::string& value) { options->given.emplace_back(&info, value); },
        std::string(info.help));
    option->default_str(info.get(goldpan::Settings()))
        ->type_name(type_name(info.kind))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group(std::string(info.key.substr(0, info.key.find('.'))));
    if (info.repeatable) {
      option->multi_option_policy(CLI::MultiOptionPolicy::Join)->delimiter(',');
    }
  }
  command->add_option("--config", options->config,
                      "settings from a TOML file; options given here win over it");
  command->add_option("--out", options->out, "output folder")->capture_default_str();
  command->add_option("--cache", options->cache, "folder of cached embeddings [OUT/cache]");
  command->add_option(
      "--checkpoints", options->checkpoints,
      "folder where ResNet-18 keeps each training, from which a killed run goes on; "
      "none: nowhere [OUT/checkpoints]");
  command->add_option("--threads", options->threads, "0: all cores; never changes a number")
      ->capture_default_str();
  command->add_option("--label-price", options->prices.image, "what an image-level label costs")
      ->capture_default_str();
  command
      ->add_option("--currency", options->prices.currency, "of the price, as it is to be written")
      ->capture_default_str();
  command
      ->add_option("--ablate", options->ablate,
                   "also run without each of these guards: reserve, calibration, class_floor, "
                   "cold_start; their "
                   "effect goes to tables/ablation.csv")
      ->delimiter(',');
  command->add_flag("--fresh", options->fresh, "start over instead of resuming OUT/run.db");
  command->footer(
      "Examples:\n  goldpan run --data cifar10:data/cifar-10-batches-bin --out outputs/cifar10\n"
      "  goldpan run --task detection --data scenes:2000 --budgets 0.02,0.05,0.1,0.2 --out "
      "outputs/boxes\n"
      "Stopped or killed, the same command resumes where it was.");
  command->callback([options] { run(*options); });
}
