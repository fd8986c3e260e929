#include "session/command_learner.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/exchange/box_files.hpp>

namespace goldpan {
namespace {

using Json = nlohmann::ordered_json;

/// The last part of what a command had to say.
std::string last_words(const std::filesystem::path& log) {
  constexpr std::size_t kMost = 600;
  const std::string text = std::filesystem::exists(log) ? read_text(log) : std::string();
  if (text.empty()) return "it said nothing";
  return "its last words: " + (text.size() > kMost ? text.substr(text.size() - kMost) : text);
}

/// Runs `command` by the shell, what it says going to `log`. Returns its status. It is ended where
/// the workers are asked to stop.
int run_command(const std::string& command, const std::filesystem::path& log, Workers& workers) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh", flag = "-c", text = command;
  char* const arguments[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) throw Error("--learner", std::string("/bin/sh: ") + std::strerror(failure));
  int status = 0;
  try {
    while (::waitpid(child, &status, WNOHANG) == 0) {
      workers.stop_if_asked();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  } catch (...) {
    ::kill(-child, SIGTERM);
    ::waitpid(child, &status, 0);
    throw;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Json image_record(const CommandInputs& inputs, std::size_t row) {
  const auto [width, height] = inputs.maps.sizes[row];
  return {{"id", row + 1},
          {"file_name", inputs.files[row]},
          {"name", inputs.ids[row]},
          {"width", width},
          {"height", height}};
}

Json categories_of(const CommandInputs& inputs) {
  Json categories = Json::array();
  for (std::size_t c = 0; c < inputs.categories.size(); ++c) {
    categories.push_back({{"id", c + 1}, {"name", inputs.categories[c]}});
  }
  return categories;
}

Json training_list(const CommandInputs& inputs, std::span<const Index> rows,
                   std::span<const std::vector<Box>> boxes) {
  Json images = Json::array(), annotations = Json::array();
  for (const Index row : rows) {
    images.push_back(image_record(inputs, row));
    for (const Box& box : boxes[row]) {
      annotations.push_back({{"id", annotations.size() + 1},
                             {"image_id", row + 1},
                             {"category_id", box.category + 1},
                             {"bbox", {box.x, box.y, box.width, box.height}},
                             {"area", box.area()},
                             {"iscrowd", box.crowd ? 1 : 0},
                             {"ignore", box.ignore ? 1 : 0}});
    }
  }
  return {{"images", std::move(images)},
          {"annotations", std::move(annotations)},
          {"categories", categories_of(inputs)}};
}

Json image_list(const CommandInputs& inputs) {
  Json images = Json::array();
  for (std::size_t row = 0; row < inputs.ids.size(); ++row) {
    images.push_back(image_record(inputs, row));
  }
  return {{"images", std::move(images)},
          {"annotations", Json::array()},
          {"categories", categories_of(inputs)}};
}

/// What images.json says, as readers of predictions take it.
BoxTruth images_and_categories(const CommandInputs& inputs) {
  BoxTruth truth;
  truth.images = inputs.ids;
  truth.targets.categories = inputs.categories;
  truth.targets.boxes.resize(inputs.ids.size());
  for (std::size_t row = 0; row < inputs.ids.size(); ++row) {
    truth.numbers.push_back(static_cast<std::int64_t>(row) + 1);
    truth.widths.push_back(static_cast<int>(inputs.maps.sizes[row].first));
    truth.heights.push_back(static_cast<int>(inputs.maps.sizes[row].second));
  }
  for (std::size_t c = 0; c < inputs.categories.size(); ++c) {
    truth.category_numbers.push_back(static_cast<std::int64_t>(c) + 1);
  }
  return truth;
}

using Found = std::vector<std::vector<Detection>>;

/// What the learners of a run share: one command at a time.
class Shared {
 public:
  explicit Shared(CommandInputs given) : inputs(std::move(given)) {}

  Found learn(std::span<const Index> rows, std::span<const std::vector<Box>> boxes,
              Workers& workers) {
    const std::lock_guard lock(mutex_);
    const Json training = training_list(inputs, rows, boxes);
    const std::string text = training.dump();
    const std::filesystem::path folder =
        inputs.folder / Sha256().update(inputs.command + "\n" + text).hex().substr(0, 16);
    const std::filesystem::path predictions = folder / "predictions.json", done = folder / "done";
    if (!std::filesystem::exists(done)) {
      make_writable_folder(folder);
      std::filesystem::remove(predictions);
      write_file(folder / "train.json", text);
      write_file(folder / "images.json", image_list(inputs).dump());
      const std::string command = inputs.command + " '" + quoted(folder) + "'";
      const int status = run_command(command, folder / "log.txt", workers);
      if (status != 0) {
        throw Error("--learner", fmt::format("'{}' ended with status {}; {}", command, status,
                                             last_words(folder / "log.txt")));
      }
      if (!std::filesystem::exists(predictions)) {
        throw Error("--learner", fmt::format("'{}' wrote no {}; {}", command, predictions.string(),
                                             last_words(folder / "log.txt")));
      }
    }
    Found found =
        open_box_predictions("coco:" + predictions.string(), images_and_categories(inputs))
            .detections;
    write_file(done, "");  // what cannot be read is learned again
    return found;
  }

  const CommandInputs inputs;

 private:
  static std::string quoted(const std::filesystem::path& path) {
    std::string text;
    for (const char c : path.string()) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text;
  }

  std::mutex mutex_;
};

class CommandLearner : public Learner {
 public:
  explicit CommandLearner(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  FitReport fit(const Examples& examples, const StreamOf& /*stream*/, Workers& workers) override {
    found_ = shared_->learn(examples.rows, examples.targets.boxes, workers);
    return {};
  }

  Signals signals(std::span<const Index> rows, const SignalsWanted& wanted,
                  const StreamOf& /*stream*/, Workers& /*workers*/) const override {
    const CommandInputs& inputs = shared_->inputs;
    Signals signals;
    signals.detections = of(rows);
    if (wanted.probabilities) {
      signals.probabilities =
          image_distributions(signals.detections, inputs.categories.size(), inputs.least_score);
    }
    if (wanted.box_features) add_box_features(rows, signals);
    return signals;
  }

  Predictions predict(std::span<const Index> rows, Workers& /*workers*/) const override {
    Predictions predictions;
    predictions.detections = of(rows);
    return predictions;
  }

 private:
  Found of(std::span<const Index> rows) const {
    Found found;
    for (const Index row : rows) found.push_back(found_.at(row));
    return found;
  }

  /// The cell of the map that a box's centre lies in.
  void add_box_features(std::span<const Index> rows, Signals& signals) const {
    const ImageMaps& maps = shared_->inputs.maps;
    std::size_t boxes = 0;
    for (const auto& of_image : signals.detections) boxes += of_image.size();
    signals.box_features = Matrix<float>(boxes, maps.channels);
    const auto cell_at = [](double at, double side, std::size_t count) {
      const double place = at / side * static_cast<double>(count);
      return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(count - 1)));
    };
    Index next = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::span<const float> map = maps.rows.float_row(rows[i]);
      const auto [width, height] = maps.sizes[rows[i]];
      std::vector<Index>& of_image = signals.feature_rows.emplace_back();
      for (const Detection& detection : signals.detections[i]) {
        const Box& box = detection.box;
        const std::size_t cell =
            cell_at(box.y + box.height / 2, double{height}, maps.height) * maps.width +
            cell_at(box.x + box.width / 2, double{width}, maps.width);
        std::ranges::copy(map.subspan(cell * maps.channels, maps.channels),
                          signals.box_features.row(next).begin());
        of_image.push_back(next++);
      }
    }
  }

  const std::shared_ptr<Shared> shared_;
  Found found_;
};

}  // namespace

std::function<std::unique_ptr<Learner>()> command_learners(CommandInputs inputs) {
  const auto shared = std::make_shared<Shared>(std::move(inputs));
  return [shared] { return std::make_unique<CommandLearner>(shared); };
}

}  // namespace goldpan
