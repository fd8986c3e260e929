#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <scenes/scenes.hpp>
#include <spawn.h>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/embed_folder.hpp>
#include <goldpan/embed/encoder_table.hpp>
#include <goldpan/label/label_server.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "encoders.hpp"
#include "exchange_inputs.hpp"

extern char** environ;

namespace {

using goldpan::Error;

struct Options {
  std::string images, from, embeddings, ids, classes;
  std::string encoder = "auto", session = "labelling";
  std::string host = "127.0.0.1", token;
  std::vector<std::string> known_as;
  int port = 0;
  bool open = false, expose = false;
  goldpan::LabelOptions label;
};

/// Images of a data set in the order of ids. An id that is not among them is an error when its
/// image is asked for: the others can be labelled.
class NamedImages final : public goldpan::ImageSource {
 public:
  NamedImages(goldpan::Dataset dataset, std::vector<std::string> ids)
      : dataset_(std::move(dataset)), ids_(std::move(ids)) {
    for (std::size_t i = 0; i < dataset_.size(); ++i) rows_.emplace(dataset_.items.ids[i], i);
  }
  std::size_t size() const override { return ids_.size(); }
  goldpan::Image load(std::size_t index, int min_side) const override {
    return dataset_.items.images->load(row_of(index), min_side);
  }
  std::string location(std::size_t index) const override {
    return dataset_.items.images->location(row_of(index));
  }

 private:
  std::size_t row_of(std::size_t index) const {
    const auto found = rows_.find(ids_.at(index));
    if (found != rows_.end()) return found->second;
    throw Error(ids_[index], "is not among the images of " + dataset_.spec);
  }

  goldpan::Dataset dataset_;
  std::vector<std::string> ids_;
  std::unordered_map<std::string_view, std::size_t> rows_;
};

goldpan::Dataset open_images(const std::string& spec, const Options& options) {
  goldpan::DatasetOptions data;
  data.search_path = goldpan::standard_search_path();
  data.more_formats = {goldpan::scenes_format()};
  data.threads = options.label.threads;
  goldpan::Dataset dataset = goldpan::open_dataset(spec, data);
  if (dataset.items.images == nullptr) throw Error(dataset.spec, "has no images");
  return dataset;
}

struct Opened {
  goldpan::LabelPool pool;
  std::optional<goldpan::NpyFile> embedded;     // here,
  std::optional<goldpan::NpyEmbeddings> given;  // or by the caller
};

/// Embeds the images, with the cache in the session's folder.
goldpan::NpyFile embed(const Options& options, const goldpan::ImageSource& images,
                       const std::string& fingerprint) {
  goldpan::Workers workers(options.label.threads, progress_bar("embedding", "").stop);
  goldpan::EncoderOptions choice = encoder_options();
  choice.name = options.encoder;
  choice.say = [](const std::string& message) { spdlog::info("{}", message); };
  const std::unique_ptr<goldpan::Encoder> encoder = goldpan::make_named_encoder(choice);
  std::vector<goldpan::Index> all(images.size());
  std::iota(all.begin(), all.end(), goldpan::Index{0});
  goldpan::EmbedOptions embed_options;
  embed_options.cache_folder = std::filesystem::path(options.session) / "cache";
  embed_options.broken_images = goldpan::BrokenImages::kSkip;
  embed_options.fit_progress = progress_bar("learning", "");
  auto embedded = goldpan::embed_images(*encoder, images, fingerprint, all, embed_options, workers,
                                        progress_bar("embedding", "images"));
  if (!embedded.broken.empty()) {
    spdlog::warn("{} images cannot be decoded; the first: {}", embedded.broken.size(),
                 embedded.broken_reasons.front());
  }
  return embedded.file;
}

Opened open_pool(const Options& options) {
  Opened opened;
  // What costs nothing to check comes before a folder is embedded.
  opened.pool.classes = read_classes(options.classes);
  goldpan::find_strategy(options.label.strategy);
  if (options.port < 0 || options.port > 65535) {
    throw Error("--port", fmt::format("got {}, expected 0 to 65535", options.port));
  }
  std::string embeddings = options.embeddings, ids = options.ids;
  if (!options.from.empty()) {
    const std::filesystem::path folder = options.from;
    if (embeddings.empty()) embeddings = (folder / "embeddings.npy").string();
    if (ids.empty()) ids = (folder / "ids.txt").string();
  }
  if (ids.empty() && options.images.empty()) {
    throw Error("goldpan label", "needs --images or --from");
  }
  // The images are those of --images, or those that --from was embedded of.
  std::string spec = options.images.empty() ? std::string() : "images:" + options.images;
  if (spec.empty() &&
      std::filesystem::exists(std::filesystem::path(options.from) / "settings.json")) {
    spec = goldpan::read_folder_settings(options.from).spec;
  }
  std::string fingerprint;
  if (!spec.empty()) {
    goldpan::Dataset dataset = open_images(spec, options);
    fingerprint = dataset.fingerprint;
    opened.pool.ids = ids.empty() ? dataset.items.ids : goldpan::read_text_lines(ids);
    opened.pool.images = std::make_shared<NamedImages>(std::move(dataset), opened.pool.ids);
  } else {
    opened.pool.ids = goldpan::read_text_lines(ids);
  }
  if (!embeddings.empty()) {
    opened.given.emplace(embeddings);
  } else if (opened.pool.images == nullptr) {
    throw Error("--ids", "name rows of --embeddings, expected them or --images");
  } else {
    if (!ids.empty()) fingerprint += " " + goldpan::Sha256().update(goldpan::read_text(ids)).hex();
    goldpan::make_writable_folder(options.session);
    opened.embedded.emplace(embed(options, *opened.pool.images, fingerprint));
  }
  opened.pool.embeddings =
      opened.given ? opened.given->embeddings() : opened.embedded->embeddings();
  return opened;
}

bool is_loopback(const std::string& host) {
  return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

void open_browser(const std::string& url) {
  std::string program = "xdg-open", address = url;
  char* const arguments[] = {program.data(), address.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawnp(&child, "xdg-open", nullptr, nullptr, arguments, environ) != 0) {
    spdlog::warn("no browser could be opened");
  }
}

void label(const Options& options) {
  if (!is_loopback(options.host)) {
    if (!options.expose) {
      throw Error("--host",
                  fmt::format("'{}' lets other machines reach this server, over HTTP that "
                              "anybody on the way can read, the token and the images "
                              "included; --yes-expose says that this is meant",
                              options.host));
    }
    spdlog::warn(
        "reachable from other machines: whoever knows the address that is printed below may look "
        "at every image and answer; what is sent is not encrypted");
  }
  Opened opened = open_pool(options);
  stop_on_interrupt();
  goldpan::LabelSession session(opened.pool, options.session, options.label);
  goldpan::LabelServer server(session, {.host = options.host,
                                        .port = options.port,
                                        .token = options.token,
                                        .also_known_as = options.known_as});
  const goldpan::LabelState state = session.state();
  fmt::print("{} items, {} labelled, session {}\n{}\n", state.pool, state.labelled, options.session,
             server.url());
  std::fflush(stdout);
  if (options.open) open_browser(server.url());
  const goldpan::Progress stop = progress_bar("", "");
  server.run([&stop] { return stop.stop(); });
  fmt::print("{} labelled; the same command goes on from here\n", session.state().labelled);
}

}  // namespace

void add_label_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("label",
                             "The loop with a person in it: a page to label on, while "
                             "the model learns");
  const auto options = std::make_shared<Options>();
  command->add_option("--images", options->images, "folder of images, however deep");
  command->add_option("--from", options->from,
                      "folder of `goldpan embed`, whose images are shown; or one with "
                      "embeddings.npy and ids.txt (paths below --images)");
  command
      ->add_option("--encoder", options->encoder,
                   "what embeds --images where no embeddings are given, as `goldpan embed` has it")
      ->capture_default_str();
  command->add_option("--embeddings", options->embeddings,
                      "N x D .npy, in the order of the ids [computed by --encoder]");
  command->add_option("--ids", options->ids, "a name a line [the images, sorted]");
  command->add_option("--classes", options->classes, "a,b,c or a file with a name a line")
      ->required();
  command->add_option("--session", options->session, "folder of the journal; resumed if there")
      ->capture_default_str();
  command->add_option("--strategy", options->label.strategy, "see `goldpan strategies`")
      ->capture_default_str();
  command->add_option("--batch", options->label.batch, "items chosen at a time")
      ->check(not_negative)
      ->capture_default_str();
  command->add_option("--first-batch", options->label.first_batch, "random items to begin with")
      ->check(not_negative)
      ->capture_default_str();
  command
      ->add_option("--reserve", options->label.reserve,
                   "share of a batch drawn at random, for an honest estimate")
      ->capture_default_str();
  command->add_option("--overlap", options->label.overlap, "share shown to a second person too")
      ->capture_default_str();
  command->add_option("--seed", options->label.seed)->check(not_negative)->capture_default_str();
  command->add_option("--threads", options->label.threads, "0: all cores")->capture_default_str();
  command->add_option("--port", options->port, "0: any that is free")->capture_default_str();
  command->add_option("--host", options->host, "address to listen on")->capture_default_str();
  command->add_flag("--yes-expose", options->expose,
                    "with a --host that other machines reach: yes, that is meant");
  command->add_option("--known-as", options->known_as,
                      "HOST:PORT that browsers may call this server by (behind a tunnel); "
                      "repeatable");
  command->add_option("--token", options->token, "for scripts; 16 characters or more [random]");
  command->add_flag("--open", options->open, "open the page in the browser");
  command->footer(
      "Example:\n  goldpan label --images photos --classes cat,dog,other --session labelling "
      "--open\nKilled at any moment, the same command goes on with every answer that was given.");
  command->callback([options] { label(*options); });
}
