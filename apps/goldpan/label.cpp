#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spawn.h>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/embed/encoder.hpp>
#include <goldpan/embed/patches.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/label/label_server.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "exchange_inputs.hpp"

extern char** environ;

namespace {

using goldpan::Error;

struct Options {
  std::string images, from, embeddings, ids, classes;
  std::string session = "labelling";
  std::string host = "127.0.0.1", token;
  std::vector<std::string> known_as;
  int port = 0;
  bool open = false, expose = false;
  goldpan::LabelOptions label;
};

bool is_image_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

/// The images below a folder, however deep, by their paths below it, sorted.
std::vector<std::string> list_images(const std::filesystem::path& root) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(root, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with('.')) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (is_image_name(at->path()) && at->is_regular_file()) {
      names.push_back(at->path().lexically_relative(root).generic_string());
    }
  }
  if (error) throw Error(root.string(), "cannot be listed: " + error.message());
  if (names.empty()) throw Error(root.string(), "holds no .jpg, .jpeg or .png files");
  std::ranges::sort(names);
  return names;
}

/// Files below a folder, which must not lead out of it.
class NamedImages final : public goldpan::ImageSource {
 public:
  NamedImages(std::filesystem::path root, std::vector<std::string> names)
      : root_(std::move(root)), names_(std::move(names)) {
    for (const std::string& name : names_) {
      const std::filesystem::path path = name;
      if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) {
        throw Error(name, "leads out of the folder of images");
      }
    }
  }
  std::size_t size() const override { return names_.size(); }
  goldpan::Image load(std::size_t index, int min_side) const override {
    return goldpan::read_image(root_ / names_.at(index), min_side);
  }
  std::string location(std::size_t index) const override {
    return (root_ / names_.at(index)).string();
  }

 private:
  std::filesystem::path root_;
  std::vector<std::string> names_;
};

struct Opened {
  goldpan::LabelPool pool;
  std::optional<goldpan::NpyFile> embedded;     // here,
  std::optional<goldpan::NpyEmbeddings> given;  // or by the caller
};

/// Embeds by `patches`, which needs no weights, with its cache in the session's folder.
goldpan::NpyFile embed(const Options& options, const goldpan::ImageSource& images,
                       const std::vector<std::string>& ids) {
  goldpan::Workers workers(options.label.threads, progress_bar("embedding", "").stop);
  goldpan::Sha256 fingerprint;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::error_code ignored;
    fingerprint.update(ids[i]).update(
        fmt::format(" {}\n", std::filesystem::file_size(images.location(i), ignored)));
  }
  const std::unique_ptr<goldpan::Encoder> encoder = goldpan::make_patches_encoder();
  std::vector<goldpan::Index> all(ids.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<goldpan::Index>(i);
  goldpan::EmbedOptions embed_options;
  embed_options.cache_folder = std::filesystem::path(options.session) / "cache";
  embed_options.broken_images = goldpan::BrokenImages::kSkip;
  embed_options.fit_progress = progress_bar("learning", "");
  auto embedded = goldpan::embed_images(*encoder, images, fingerprint.hex(), all, embed_options,
                                        workers, progress_bar("embedding", "images"));
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
  if (!ids.empty()) {
    opened.pool.ids = goldpan::read_text_lines(ids);
  } else if (!options.images.empty()) {
    opened.pool.ids = list_images(options.images);
  } else {
    throw Error("goldpan label", "needs --images or --from");
  }
  if (!options.images.empty()) {
    opened.pool.images = std::make_shared<NamedImages>(options.images, opened.pool.ids);
  }
  if (!embeddings.empty()) {
    opened.given.emplace(embeddings);
  } else {
    goldpan::make_writable_folder(options.session);
    opened.embedded.emplace(embed(options, *opened.pool.images, opened.pool.ids));
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
                      "folder with embeddings.npy and ids.txt (paths below --images)");
  command->add_option("--embeddings", options->embeddings,
                      "N x D .npy, in the order of the ids [computed by `patches`]");
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
