#include <string>

#include <gtest/gtest.h>

#include <goldpan/imaging/image_file.hpp>

#include "core/file_bytes.hpp"
#include "expect_error.hpp"
#include "imaging/made_files.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

TEST(ImageFile, NamesWhatIsNoImage) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& content, const std::string& name) {
    put(folder / "picture.jpg", content);
    expect_error([&] { read_image(folder / "picture.jpg"); },
                 "picture.jpg] looks like " + name + ", expected a JPEG, PNG or WebP image");
  };
  refuse("", "an empty file");
  refuse("<!DOCTYPE html><html>404</html>", "an HTML page");
  refuse("\n  <HTML><body>Not found</body>", "an HTML page");
  refuse("<?xml version=\"1.0\"?><Error/>", "an XML document");
  refuse("{\"error\": 403}", "JSON text");
  refuse("GIF89a.......", "a GIF image");
  refuse("BM......", "a BMP image");
  refuse(std::string("II*\0", 4), "a TIFF image");
  refuse(std::string("\0\0\0\x18"
                     "ftypheic",
                     12),
         "a HEIC image");
  refuse("version https://git-lfs.example/spec/v1\noid sha256:12",
         "a Git LFS pointer (the file itself was not fetched)");
  refuse("Access denied", "plain text");
  refuse(std::string(1000, '\0'), "a run of zero bytes");
  refuse("\x01\x02\x03\x04\x05", "data that begins with 0x01 0x02 0x03 0x04");
}

TEST(ImageFile, LooksAtTheContentNotTheName) {
  const TemporaryFolder folder;
  const Image image = make_image(9, 9);
  PngLayout layout;
  layout.width = layout.height = 9;
  put(folder / "really_a_png.jpg", make_png(layout, image.pixels));
  EXPECT_EQ(read_image(folder / "really_a_png.jpg").pixels, image.pixels);
}

TEST(ImageFile, NamesFilesItCannotRead) {
  const TemporaryFolder folder;
  expect_error([&] { read_image(folder / "missing.jpg"); }, "missing.jpg] cannot open");
  expect_error([&] { read_image(folder.path()); }, "is not a regular file");
}

TEST(ImageFile, SampledDigestSeesSizeHeadAndTail) {
  const TemporaryFolder folder;
  const std::string content(20'000, 'x');
  const auto digest = [&](std::string changed) {
    put(folder / "file", changed);
    return sampled_digest(folder / "file");
  };
  const std::string first = digest(content);
  EXPECT_EQ(first.size(), 64u);
  EXPECT_EQ(digest(content), first);
  EXPECT_NE(digest(content + "x"), first);
  EXPECT_NE(digest("y" + content.substr(1)), first);
  EXPECT_NE(digest(content.substr(1) + "y"), first);
  // Of small files every byte counts.
  std::string small(8192, 'x');
  const std::string before = digest(small);
  small[4096] = 'y';
  EXPECT_NE(digest(small), before);
}

}  // namespace
}  // namespace goldpan
