#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include <goldpan/core/files.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

TEST(Files, WriteThenReadBack) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "one\n");
  write_file(folder / "a.txt", "two\n");
  EXPECT_EQ(read_text(folder / "a.txt"), "two\n");
  write_file(folder / "empty", "");
  EXPECT_EQ(MappedFile(folder / "empty").bytes().size(), 0u);
  // No temporary file stays behind.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(Files, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  expect_error([&] { MappedFile(folder / "missing.npy"); }, "missing.npy");
  expect_error([&] { MappedFile(folder.path()); }, "not a regular file");
  expect_error([&] { write_file(folder / "no/such/folder.txt", "x"); }, "folder.txt] cannot write");
  write_file(folder / "file", "x");
  expect_error([&] { make_writable_folder(folder / "file"); }, "folder");
  make_writable_folder(folder / "new/deep");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "new/deep"));
}

TEST(Files, FullDiskKeepsTheOldFile) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // A symbolic link to /dev/full stands where the temporary file would go: every write fails with
  // "no space left".
  const TemporaryFolder folder;
  write_file(folder / "kept", "old");
  const auto temporary = (folder / "kept").string() + ".tmp" + std::to_string(::getpid());
  std::filesystem::create_symlink("/dev/full", temporary);
  expect_error([&] { write_file(folder / "kept", "new"); }, "No space left");
  EXPECT_EQ(read_text(folder / "kept"), "old");
}

}  // namespace
}  // namespace goldpan
