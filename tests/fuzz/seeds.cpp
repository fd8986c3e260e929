// fuzz_seeds FOLDER: for each fuzzer a folder of small files to start from.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/safetensors.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/settings.hpp>

#include "embed/cache_record.hpp"
#include "imaging/made_files.hpp"

namespace {

namespace fs = std::filesystem;
using namespace goldpan;

std::string zeros(std::size_t count) { return std::string(count, '\0'); }

void make_images(const fs::path& out) {
  const Image image = make_image(24, 20);
  int number = 0;
  for (const JpegKind kind : {JpegKind::kColour, JpegKind::kProgressive, JpegKind::kGrey,
                              JpegKind::kCmyk, JpegKind::kYcck, JpegKind::kTwoChannels}) {
    put(out / ("jpeg" + std::to_string(number++)), '\x08' + make_jpeg(image, kind));
  }
  for (const int colour_type : {0, 2, 3, 4, 6}) {
    PngLayout layout;
    layout.width = 9;
    layout.height = 7;
    layout.colour_type = colour_type;
    layout.interlaced = colour_type == 2;
    if (colour_type == 3) layout.palette.assign(3 * 256, 77);
    put(out / ("png" + std::to_string(colour_type)),
        zeros(1) + make_png(layout, std::vector<std::uint8_t>(9 * 7 * 4, 200)));
  }
}

void make_exif(const fs::path& out) {
  const std::string entry = std::string("\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 12);
  put(out / "little", std::string("II*\0\x08\0\0\0\x01\0", 10) + entry + zeros(4));
  put(out / "big", std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0", 22));
}

void make_npy(const fs::path& out) {
  int number = 0;
  for (const char* type : {"<f4", "<f2", ">f8", "<i8", "|u1", "|b1"}) {
    for (const std::vector<std::size_t>& shape :
         {std::vector<std::size_t>{6}, std::vector<std::size_t>{2, 3},
          std::vector<std::size_t>{1, 2, 3}, std::vector<std::size_t>{4294967297, 0}}) {
      std::string header = npy_header(type, shape);
      put(out / std::to_string(number++), header + zeros(48));
      header.replace(header.find("False"), 5, "True ");
      put(out / std::to_string(number++), header + zeros(48));
    }
  }
}

void make_bdd100k(const fs::path& out) {
  const std::string frame =
      R"({"name": "a-b.jpg", "attributes": {"weather": "rainy", "scene": "tunnel", "timeofday": "night"},)"
      R"( "labels": [{"category": "car", "box2d": {"x1": 1.5, "y1": 2, "x2": 30, "y2": 4e1}}, {"poly2d": []}]})";
  put(out / "list", "[" + frame + ",\n" + frame + "]");
  put(out / "frame",
      R"({"name": "a-b", "attributes": {}, "frames": [{"objects": [{"category": "bus", "box2d": )"
      R"({"x1": 0, "y1": 0, "x2": 1, "y2": 1}}]}]})");
}

void make_coco(const fs::path& out) {
  put(out / "truth",
      R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 64}, {"id": 2, "file_name": "b.jpg"}],)"
      R"( "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "bus"}],)"
      R"( "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 2.5, 3e1, 4], "area": 120, "iscrowd": 0}]})");
  put(out / "results",
      R"([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5},)"
      R"( {"image_id": 2, "category_id": 2, "bbox": [1, 1, 2, 2], "score": 1}])");
}

/// Journals of a run on a few rows.
void make_journal(const fs::path& out) {
  const fs::path work = out / ".." / "work";
  std::string embeddings = npy_header("<f4", {40, 2});
  for (int i = 0; i < 80; ++i) {
    const auto value = static_cast<float>(i * i % 17 + (i / 2 % 2) * 20);
    embeddings.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::string labels = npy_header("|u1", {40});
  for (int i = 0; i < 40; ++i) labels += static_cast<char>(i % 2);
  put(work / "npy" / "embeddings.npy", embeddings);
  put(work / "npy" / "labels.npy", labels);
  Settings settings;
  settings.data = "npy:" + (work / "npy").string();
  settings.strategies = {"random", "margin"};
  settings.budgets = {0.5, 1};
  settings.seeds = {1};
  RunOptions options;
  options.threads = 1;
  options.fresh = true;
  const fs::path journal = run_experiment(settings, work / "out", options);
  put(out / "run.db", read_text(journal));
  fs::remove_all(work);
}

void make_cache(const fs::path& out) {
  const nlohmann::json key{{"format", 2}, {"encoder", "fuzz"}};
  const CacheFiles files(out, "fuzz", key);
  write_npy(files.partial, Matrix<float>(3, 2));
  RowDigests digests(2 * sizeof(float));
  const Matrix<float> rows(3, 2);
  digests.add(std::as_bytes(std::span(rows.data(), rows.size())));
  write_finished_record(files, {key, 3, digests.hex(), {1}, {"broken"}}, 1.5);
  fs::remove(files.partial);
}

void make_others(const fs::path& out) {
  const std::string idx("\0\0\x08\x01\0\0\0\x0a", 8);
  put(out / "idx" / "labels", idx + std::string(10, '\x01'));
  put(out / "idx" / "images",
      std::string("\0\0\x08\x03\0\0\0\x0a\0\0\0\x02\0\0\0\x02", 16) + zeros(40));
  put(out / "idx" / "gzip", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x63\x60\xe0\0\0", 15));
  put(out / "cifar10" / "record", std::string("\xC8\x03\x01\x02", 4));
  put(out / "cifar10" / "cut", std::string("\xFF\x03\x01\x02", 4));
  put(out / "toml" / "settings", to_toml(Settings()));
  put(out / "toml" / "list",
      "[protocol]\nbudgets = [0.1, 0.2]\nseeds = [1]\nstrategies = [\"random\"]\n");
  const std::vector<float> values(6, 1.5f);
  const StoredTensor tensor{"a", "F32", {2, 3}, std::as_bytes(std::span(values))};
  fs::create_directories(out / "safetensors");
  write_safetensors(out / "safetensors" / "one", std::span(&tensor, 1), {{"by", "goldpan"}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 1;
  }
  const fs::path out = argv[1];
  make_images(out / "image");
  make_exif(out / "exif");
  make_npy(out / "npy");
  make_bdd100k(out / "bdd100k");
  make_coco(out / "coco");
  make_others(out);
  fs::create_directories(out / "cache");
  make_cache(out / "cache");
  make_journal(out / "journal");
  return 0;
}
