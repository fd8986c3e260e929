#include "embed.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <scenes/scenes.hpp>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/embed_folder.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "encoders.hpp"

namespace {

using goldpan::Error;
using goldpan::Index;

/// The one of --images, --list and --data that was given, as a data set's spec.
std::string spec_of(const EmbedCommand& command) {
  const int given =
      int{!command.images.empty()} + int{!command.list.empty()} + int{!command.data.empty()};
  if (given != 1) {
    throw Error("goldpan embed",
                fmt::format("got {} of --images, --list and --data, expected one", given));
  }
  // Absolute, so that `goldpan pick` finds the images from wherever it is called.
  if (!command.images.empty()) {
    return "images:" + std::filesystem::absolute(command.images).lexically_normal().string();
  }
  if (!command.list.empty()) {
    return "list:" + std::filesystem::absolute(command.list).lexically_normal().string();
  }
  return command.data;
}

/// A part of the images, which follow on each other.
struct Shard {
  std::size_t number = 0, count = 1;

  std::size_t begin(std::size_t size) const { return size * number / count; }
  std::size_t end(std::size_t size) const { return size * (number + 1) / count; }
};

/// "3/8", or empty for all.
Shard parse_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  char beyond = 0;
  constexpr std::size_t kMost = 100000;
  if (text.find_first_not_of("0123456789/") != std::string::npos ||
      std::sscanf(text.c_str(), "%zu/%zu%c", &shard.number, &shard.count, &beyond) != 2 ||
      shard.count == 0 || shard.count > kMost || shard.number >= shard.count) {
    throw Error("--shard", fmt::format("got '{}', expected i/n with i from 0 to n - 1, as 3/8 for "
                                       "the fourth of eight parts",
                                       text));
  }
  return shard;
}

/// Images [begin, end) of others.
class ImagesOfShard : public goldpan::ImageSource {
 public:
  ImagesOfShard(const goldpan::ImageSource& all, std::size_t begin, std::size_t end)
      : all_(all), begin_(begin), end_(end) {}
  std::size_t size() const override { return end_ - begin_; }
  goldpan::Image load(std::size_t index, int min_side) const override {
    return all_.load(begin_ + index, min_side);
  }
  std::string location(std::size_t index) const override { return all_.location(begin_ + index); }

 private:
  const goldpan::ImageSource& all_;
  std::size_t begin_, end_;
};

/// What an encoder may learn from: all images, or those that are shipped to be trained on.
std::vector<Index> rows_to_learn_from(const goldpan::Dataset& dataset) {
  std::vector<Index> rows;
  for (Index i = 0; i < dataset.size(); ++i) {
    if (dataset.items.splits.empty() || dataset.items.splits[i] == goldpan::Split::kTrain) {
      rows.push_back(i);
    }
  }
  if (rows.empty()) {
    rows.resize(dataset.size());
    std::iota(rows.begin(), rows.end(), Index{0});
  }
  return rows;
}

/// Labels that came with the data go beside the embeddings: then `npy:OUT` is a labelled data set.
void write_labels(const goldpan::Dataset& dataset, const std::vector<Index>& kept,
                  const std::filesystem::path& out) {
  if (dataset.targets.labels.empty()) return;
  std::string labels = goldpan::npy_header("<i8", {kept.size()});
  for (const Index row : kept) {
    const std::int64_t label = dataset.targets.labels[row];
    if (label == goldpan::kUnknownLabel) return;
    for (int byte = 0; byte < 8; ++byte) labels += static_cast<char>(label >> (8 * byte) & 0xFF);
  }
  std::string classes;
  for (const std::string& name : dataset.targets.class_names) classes += name + "\n";
  goldpan::write_file(out / "labels.npy", labels);
  goldpan::write_file(out / "classes.txt", classes);
}

}  // namespace

void embed(EmbedCommand command) {
  if (command.out.empty()) throw Error("--out", "names no folder");
  if (command.dtype != "float32" && command.dtype != "float16") {
    throw Error("--dtype", fmt::format("got '{}', expected float32 or float16", command.dtype));
  }
  if (command.broken_images != "skip" && command.broken_images != "refuse") {
    throw Error("--broken-images",
                fmt::format("got '{}', expected skip or refuse", command.broken_images));
  }
  if (!command.like.empty()) {
    // Yesterday's encoder, unless another is named: then restoring it says what differs.
    const auto notes = goldpan::read_folder_settings(command.like).notes;
    const auto take = [&](const char* key, std::string& value, const char* unset) {
      if (const auto note = notes.find(key); value == unset && note != notes.end()) {
        value = note->second;
      }
    };
    take("encoder", command.encoder, "auto");
    take("weights", command.weights, "");
    std::string dim = command.dim == 0 ? "0" : std::to_string(command.dim);
    take("dim", dim, "0");
    command.dim = std::stoul(dim);
  }
  const std::string spec = spec_of(command);
  const Shard shard = parse_shard(command.shard);
  if (!command.shard.empty()) {
    command.out = (std::filesystem::path(command.out) /
                   fmt::format("shard-{:05}-of-{:05}", shard.number, shard.count))
                      .string();
  }
  goldpan::EncoderOptions encoder_choice = encoder_options();
  encoder_choice.name = command.encoder;
  encoder_choice.dim = command.dim;
  encoder_choice.weights = command.weights;
  encoder_choice.say = [](const std::string& message) { spdlog::info("{}", message); };
  const std::unique_ptr<goldpan::Encoder> encoder = goldpan::make_named_encoder(encoder_choice);
  if (!command.like.empty()) goldpan::restore_from_folder(*encoder, command.like);
  if (!command.shard.empty() && encoder->learns()) {
    throw Error("--shard",
                fmt::format("encoder {} with --dim {} learns from the images: each shard would lie "
                            "in a space of its own; expected --like with a folder that was "
                            "embedded from a sample, or an encoder and --dim that learn nothing",
                            encoder->name(), command.dim));
  }

  stop_on_interrupt();
  goldpan::DatasetOptions data_options;
  data_options.search_path = encoder_choice.search_path;
  data_options.more_formats = {goldpan::scenes_format()};
  data_options.threads = command.threads;
  data_options.progress = progress_bar("rendering", "images");
  const goldpan::Dataset dataset = goldpan::open_dataset(spec, data_options);
  for (const std::string& note : dataset.notes) spdlog::info("{}", note);
  if (dataset.items.images == nullptr) {
    throw Error(dataset.spec, "has no images, expected some to embed");
  }
  spdlog::info("{} images of {}; encoder: {}, {} dimensions", dataset.size(), dataset.spec,
               encoder->name(), encoder->dim());

  const std::size_t begin = shard.begin(dataset.size()), end = shard.end(dataset.size());
  if (begin == end) {
    throw Error("--shard", fmt::format("got {}, but there are {} images, expected at least one in "
                                       "each shard",
                                       command.shard, dataset.size()));
  }
  const ImagesOfShard images(*dataset.items.images, begin, end);
  const auto ids = std::span(dataset.items.ids).subspan(begin, end - begin);
  std::string fingerprint = dataset.fingerprint;
  if (!command.shard.empty()) {
    fingerprint += " " + command.shard;
    spdlog::info("shard {}: images {} to {}", command.shard, begin, end - 1);
  }

  goldpan::EmbedFolderOptions options;
  options.out = command.out;
  options.half = command.dtype == "float16";
  options.broken_images = command.broken_images == "skip" ? goldpan::BrokenImages::kSkip
                                                          : goldpan::BrokenImages::kRefuse;
  options.fresh = command.fresh;
  options.fit_progress = progress_bar("learning", "");
  options.notes = {{"encoder", encoder->name() == "network" ? command.encoder : encoder->name()},
                   {"weights", command.weights},
                   {"dim", std::to_string(command.dim)}};
  if (encoder->name().starts_with("dinov2")) options.notes["encoder"] = "dinov2_vits14";
  // An encoder that learns sees all images, and there is one shard.
  const std::vector<Index> fit_on =
      command.shard.empty() ? rows_to_learn_from(dataset) : std::vector<Index>();
  const goldpan::Progress progress = progress_bar("embedding", "images");
  goldpan::Workers workers(command.threads, progress.stop);
  say_missing(workers);
  const goldpan::EmbeddedFolder result = goldpan::embed_into_folder(
      *encoder, {images, ids, dataset.spec, fingerprint, fit_on}, options, workers, progress);
  std::vector<Index> rows = result.kept;
  for (Index& row : rows) row = static_cast<Index>(row + begin);
  write_labels(dataset, rows, options.out);

  if (!result.skipped.empty()) {
    spdlog::info("skipped {} images that cannot be decoded, see {}", result.skipped.size(),
                 (options.out / "skipped.csv").string());
  }
  if (result.was_complete) {
    fmt::print("{} embeddings of {} dimensions are in {} already\n", result.kept.size(), result.dim,
               options.out.string());
  } else {
    fmt::print("{} embeddings of {} dimensions in {:.1f} s ({:.0f} images/s): {}\n",
               result.kept.size(), result.dim, result.seconds,
               static_cast<double>(end - begin) / std::max(result.seconds, 1e-9),
               options.out.string());
  }
}

void add_embed_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "embed", "Embed: a folder of images to embeddings, by any pretrained network");
  const auto options = std::make_shared<EmbedCommand>();
  command->add_option("--images", options->images, "a folder of images, flat or nested");
  command->add_option("--list", options->list,
                      "a file with a path a line, or CSV with the header id,path[,group]");
  command->add_option("--data", options->data, "any data set that `goldpan run --data` takes");
  command->add_option("--encoder", options->encoder, "a row of the list below, or auto")
      ->capture_default_str();
  command->add_option("--weights", options->weights, "the encoder's file [where setup.sh puts it]");
  command
      ->add_option("--dim", options->dim,
                   "dimensions, by PCA fitted on these images where the network has more; 0: the "
                   "encoder's own")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--like", options->like,
                      "an embedded folder, into whose space these images are to go");
  command->add_option("--dtype", options->dtype, "float32 or float16")->capture_default_str();
  command
      ->add_option("--broken-images", options->broken_images,
                   "images that cannot be decoded: skip and name them, or refuse")
      ->capture_default_str();
  command->add_option("--out", options->out, "output folder")->capture_default_str();
  command->add_option(
      "--shard", options->shard,
      "i/n, i from 0: embed the i-th of n equal parts, on a machine of its own, into "
      "OUT/shard-i-of-n; `--embeddings OUT` reads them all");
  command->add_option("--threads", options->threads, "0: all cores; never changes a number")
      ->capture_default_str();
  command->add_flag("--fresh", options->fresh, "start over instead of going on in OUT");
  command->footer("Encoders (auto: DINOv2 where its weights are, else lite0, else patches):\n" +
                  list_encoders() +
                  "Example:\n  goldpan embed --images frames --out embedded\n"
                  "  goldpan pick --from embedded --strategy typiclust --batch 200\n"
                  "  goldpan embed --images frames --encoder lite0 --out embedded --shard 3/8\n"
                  "Stopped or killed, the same command goes on where it was.");
  command->callback([options] { embed(*options); });
}
