#include "scenes/scenes.hpp"

#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.hpp"
#include "console.hpp"

void add_scenes_command(CLI::App& program) {
  struct Arguments {
    goldpan::SceneOptions options;
    std::string out;
    int threads = 0;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = program.add_subcommand(
      "scenes",
      "Render road scenes: JPEG files and BDD100K labels, in drives, under seven weathers");
  command->add_option("--out", arguments->out, "Folder to write; empty, or holding the same set")
      ->required();
  command->add_option("--images", arguments->options.images, "Number of images")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--seed", arguments->options.seed, "Seed")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--width", arguments->options.width, "Width in pixels")
      ->capture_default_str();
  command->add_option("--height", arguments->options.height, "Height in pixels")
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Threads; 0: one a core")
      ->capture_default_str();
  command->callback([arguments] {
    const goldpan::Progress progress = progress_bar("rendering", "images");
    goldpan::Workers workers(arguments->threads, progress.stop);
    say_missing(workers);
    stop_on_interrupt();
    goldpan::write_scenes(arguments->out, arguments->options, workers, progress);
    fmt::print("{}: {} road scenes. Use them with --data bdd100k:{} --groups '^(d[0-9]+)-f'\n",
               arguments->out, arguments->options.images, arguments->out);
  });
}
