#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/imaging/image_file.hpp>

#include "scenes/frame.hpp"
#include "scenes/labels.hpp"
#include "scenes/plan.hpp"
#include "scenes/scenes.hpp"

namespace goldpan {
namespace {

namespace fs = std::filesystem;
using scenes::Drive;

constexpr int kJpegQuality = 88;

/// Keeps a second program from writing into the folder meanwhile; the system lifts it when the
/// program ends, however it ends.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    int result = -1;
    do {
      result = descriptor_ < 0 ? -1 : ::flock(descriptor_, LOCK_EX);
    } while (result != 0 && errno == EINTR);
    const int reason = errno;
    // Some network file systems have no locks: then two writers merely write the same bytes.
    if (result == 0 || (descriptor_ >= 0 && reason == ENOTSUP)) return;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error(folder.string(), fmt::format("cannot lock the folder: {}", std::strerror(reason)));
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

std::string describe(const SceneOptions& options, bool complete) {
  return fmt::format(
      "{{\n  \"format\": \"goldpan road scenes\",\n  \"version\": {},\n  \"images\": {},\n  "
      "\"seed\": {},\n"
      "  \"width\": {},\n  \"height\": {},\n  \"complete\": {}\n}}\n",
      kScenesVersion, options.images, options.seed, options.width, options.height, complete);
}

/// True for a finished set of just these options. Throws Error for anything else than that, an
/// unfinished set of them, or an empty folder.
bool is_complete(const fs::path& folder, const SceneOptions& options) {
  const fs::path file = folder / "scenes.json";
  if (!fs::exists(file)) {
    if (fs::is_empty(folder)) return false;
    throw Error(
        folder.string(),
        "holds other data, expected an empty folder or one that holds the same road scenes");
  }
  const nlohmann::json there = nlohmann::json::parse(read_text(file), nullptr, false);
  if (!there.is_object() || there.value("format", nlohmann::json()) != "goldpan road scenes") {
    throw Error(file.string(), "does not describe road scenes");
  }
  const nlohmann::json wanted = nlohmann::json::parse(describe(options, true));
  for (const char* const key : {"version", "images", "seed", "width", "height"}) {
    const nlohmann::json value = there.value(key, nlohmann::json());
    if (value == wanted[key]) continue;
    throw Error(
        file.string(),
        fmt::format("was rendered with {} {}, expected {}; take another folder, or remove this one",
                    key, value.dump(), wanted[key].dump()));
  }
  return there.value("complete", nlohmann::json()) == true;
}

/// The files of a set.
class Layout {
 public:
  explicit Layout(fs::path folder) : folder_(std::move(folder)) {}
  fs::path images(Split split) const { return folder_ / "images/100k" / name(split); }
  fs::path image(const Drive& drive, std::size_t frame) const {
    return images(drive.split) / scenes::image_name(drive, frame);
  }
  fs::path labels(Split split) const {
    return folder_ / "labels/det_20" / fmt::format("det_{}.json", name(split));
  }
  /// Labels of a drive whose images are all written; they are joined, and gone, in a finished set.
  fs::path part(const Drive& drive) const {
    return parts() / fmt::format("d{:04}.json", drive.number);
  }
  fs::path parts() const { return folder_ / "unfinished"; }
  fs::path description() const { return folder_ / "scenes.json"; }

 private:
  static const char* name(Split split) { return split == Split::kTrain ? "train" : "val"; }
  fs::path folder_;
};

bool is_there(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return !error && size > 0;
}

bool is_rendered(const Layout& layout, const Drive& drive) {
  if (!is_there(layout.part(drive))) return false;
  for (std::size_t frame = 0; frame < drive.frames; ++frame) {
    if (!is_there(layout.image(drive, frame))) return false;
  }
  return true;
}

bool all_images_there(const Layout& layout, const std::vector<Drive>& drives) {
  for (const Drive& drive : drives) {
    for (std::size_t frame = 0; frame < drive.frames; ++frame) {
      if (!is_there(layout.image(drive, frame))) return false;
    }
  }
  return is_there(layout.labels(Split::kTrain)) && is_there(layout.labels(Split::kTest));
}

/// Joins the drives' labels, in their order, without holding them all.
void join_labels(const Layout& layout, const std::vector<Drive>& drives, Split split) {
  const fs::path file = layout.labels(split), temporary = file.string() + ".tmp";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << "[";
  const char* between = "\n";
  for (const Drive& drive : drives) {
    if (drive.split != split) continue;
    out << between << read_text(layout.part(drive));
    between = ",\n";
  }
  out << "\n]\n";
  out.close();
  if (!out) throw Error(file.string(), "cannot write");
  fs::rename(temporary, file);
}

}  // namespace

void write_scenes(const fs::path& folder, const SceneOptions& options, Workers& workers,
                  const Progress& progress) {
  const std::vector<Drive> drives = scenes::plan_drives(options);
  make_writable_folder(folder);
  const FolderLock lock(folder);
  const Layout layout(folder);
  const bool complete = is_complete(folder, options);
  if (complete && all_images_there(layout, drives)) return;
  write_file(layout.description(), describe(options, false));
  for (const Split split : {Split::kTrain, Split::kTest}) {
    make_writable_folder(layout.images(split));
    make_writable_folder(layout.labels(split).parent_path());
  }
  make_writable_folder(layout.parts());

  std::mutex mutex;
  std::size_t done = 0;
  const auto count = [&](std::size_t images) {
    const std::lock_guard guard(mutex);
    done += images;
    progress.step(done, options.images);
  };
  workers.run(drives.size(), [&](std::size_t number) {
    const Drive& drive = drives[number];
    if (is_rendered(layout, drive)) return count(drive.frames);
    const scenes::DriveRenderer renderer(drive, options);
    std::string labels;
    for (std::size_t frame = 0; frame < drive.frames; ++frame) {
      const Scene scene = renderer.scene(frame);
      write_jpeg(layout.image(drive, frame), scene.image, kJpegQuality);
      if (frame > 0) labels += ",\n";
      labels += scenes::label_entry(scene, frame);
      count(1);
    }
    write_file(layout.part(drive), labels, Flush::kNo);
  });

  join_labels(layout, drives, Split::kTrain);
  join_labels(layout, drives, Split::kTest);
  write_file(layout.description(), describe(options, true));
  fs::remove_all(layout.parts());
}

}  // namespace goldpan
