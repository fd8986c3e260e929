#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/// A file system of a few pages would need root; a limit on the size of files fails alike.
TEST(Files, AFailedWriteKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_file(folder / "kept", "old");
  const auto write_beyond_the_limit = [&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::_Exit(2);
    try {
      write_file(folder / "kept", std::string(1000, 'x'));
    } catch (const Error& error) {
      const bool named = std::string(error.what()).find("kept] cannot write") != std::string::npos;
      std::_Exit(named ? 0 : 1);
    }
    std::_Exit(3);
  };
  EXPECT_EXIT(write_beyond_the_limit(), testing::ExitedWithCode(0), "");
  EXPECT_EQ(read_text(folder / "kept"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, NeverWritesThroughALinkThatWasPutInItsWay) {
  const TemporaryFolder folder;
  write_file(folder / "secret", "untouched");
  const auto temporary = (folder / "new").string() + ".goldpan-tmp-" + std::to_string(::getpid());
  std::filesystem::create_symlink(folder / "secret", temporary);
  write_file(folder / "new", "content");
  EXPECT_EQ(read_text(folder / "secret"), "untouched");
  EXPECT_EQ(read_text(folder / "new"), "content");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "new"));
}

TEST(Files, ClearsAwayWhatKilledWritersLeft) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) std::_Exit(0);
  ::waitpid(child, nullptr, 0);  // now a number that no process has
  write_file(folder / ("a.csv.goldpan-tmp-" + std::to_string(child)), "half");
  write_file(folder / ("b.csv.goldpan-tmp-" + std::to_string(::getppid())), "being written");
  write_file(folder / "c.tmp123", "somebody else's");
  make_writable_folder(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / ("a.csv.goldpan-tmp-" + std::to_string(child))));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(Files, APipeIsNotWaitedFor) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe.npy").c_str(), 0600), 0);
  expect_error([&] { MappedFile(folder / "pipe.npy"); }, "is not a regular file");
}

}  // namespace
}  // namespace goldpan
