#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <scenes/scenes.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/experiment.hpp>
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

/// The guards of the protocol that --ablate can switch off, one at a time.
struct Guard {
  const char* name;
  void (*switch_off)(goldpan::Settings&);
};
const Guard kGuards[] = {
    {"reserve", [](goldpan::Settings& s) { s.reserve = 0; }},
    {"calibration", [](goldpan::Settings& s) { s.calibration = false; }},
    {"class_floor", [](goldpan::Settings& s) { s.class_floor = false; }},
    {"cold_start", [](goldpan::Settings& s) { s.cold_start = "random"; }},
};

const Guard& find_guard(const std::string& name) {
  for (const Guard& guard : kGuards) {
    if (guard.name == name) return guard;
  }
  throw goldpan::Error("--ablate",
                       fmt::format("got '{}', expected reserve, calibration, class_floor or "
                                   "cold_start",
                                   name));
}

goldpan::Settings resolve(const Options& options) {
  goldpan::Settings settings;
  if (!options.config.empty()) goldpan::apply_config(settings, options.config);
  for (const auto& [info, value] : options.given) info->set(settings, value);
  return settings;
}

void run(const Options& options) {
  const goldpan::Settings settings = resolve(options);
  goldpan::RunOptions run;
  run.threads = options.threads;
  run.fresh = options.fresh;
  run.cache_folder = options.cache;
  if (const char* folder = std::getenv("GOLDPAN_DATA")) run.search_path.emplace_back(folder);
  run.search_path.emplace_back("data");
  run.data_formats = {goldpan::scenes_format()};
  run.say = [](const std::string& message) { spdlog::info("{}", message); };
  run.data_progress = progress_bar("rendering", "images");
  run.embedding_progress = progress_bar("embedding", "images");
  run.loop_progress = progress_bar("loop", "");
  stop_on_interrupt();
  for (const std::string& name : options.ablate) find_guard(name);
  const std::filesystem::path out = options.out;
  if (run.cache_folder.empty()) run.cache_folder = out / "cache";  // shared with the ablations
  use_vision(run, settings,
             options.checkpoints.empty()     ? out / "checkpoints"
             : options.checkpoints == "none" ? std::filesystem::path()
                                             : std::filesystem::path(options.checkpoints));
  const std::filesystem::path journal = goldpan::run_experiment(settings, out, run);

  std::vector<goldpan::Ablation> ablations;
  for (const std::string& name : options.ablate) {
    spdlog::info("the same run without {}", name);
    goldpan::Settings without = settings;
    find_guard(name).switch_off(without);
    run.loop_progress = progress_bar("loop", "");
    ablations.push_back({name, goldpan::read_records(goldpan::run_experiment(
                                   without, out / "ablation" / name, run))});
  }
  print_report(journal, options.prices);
  if (!ablations.empty()) {
    fmt::print("\n{}", goldpan::write_ablation(goldpan::read_records(journal), ablations, out));
  }
}

}  // namespace

void add_run_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "run", "Measure: learning curves of each strategy against random on a labelled data set");
  const auto options = std::make_shared<Options>();
  for (const goldpan::SettingInfo& info : goldpan::setting_table()) {
    command
        ->add_option_function<std::string>(
            std::string(info.flag),
            [options, &info](const std::string& value) {
              options->given.emplace_back(&info, value);
            },
            std::string(info.help))
        ->default_str(info.get(goldpan::Settings()))
        ->multi_option_policy(info.repeatable ? CLI::MultiOptionPolicy::Join
                                              : CLI::MultiOptionPolicy::TakeLast)
        ->delimiter(',')
        ->group(std::string(info.key.substr(0, info.key.find('.'))));
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
      "Example:\n  goldpan run --data cifar10:data/cifar-10-batches-bin --out outputs/cifar10\n"
      "Stopped or killed, the same command resumes where it was.");
  command->callback([options] { run(*options); });
}
