#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/background_hashes.hpp>
#include <goldpan/core/sha256.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(BackgroundHashes, AreThoseOfTheInputs) {
  const std::string empty, abc = "abc", large(std::size_t{9} << 20, 'x');
  BackgroundHashes hashes(
      {{"empty", bytes_of(empty)}, {"abc", bytes_of(abc)}, {"large", bytes_of(large)}});
  EXPECT_EQ(hashes.get("large"), Sha256().update(large).hex());
  EXPECT_EQ(hashes.get("empty"), Sha256().hex());
  // FIPS 180-4's own example.
  EXPECT_EQ(hashes.get("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hashes.get("abc"), hashes.get("abc"));
}

TEST(BackgroundHashes, MayBeAskedFromSeveralThreads) {
  const std::string large(std::size_t{9} << 20, 'y');
  BackgroundHashes hashes({{"a", bytes_of(large)}, {"b", bytes_of(large)}});
  std::vector<std::string> digests(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < digests.size(); ++i) {
      threads.emplace_back([&, i] { digests[i] = hashes.get(i % 2 == 0 ? "a" : "b"); });
    }
  }
  for (const std::string& digest : digests) EXPECT_EQ(digest, Sha256().update(large).hex());
}

TEST(BackgroundHashes, MayBeLeftUnfinished) {
  const std::string large(std::size_t{64} << 20, 'z');
  const BackgroundHashes hashes({{"large", bytes_of(large)}});
}

TEST(BackgroundHashes, RefuseAnUnknownName) {
  BackgroundHashes hashes({});
  expect_error([&] { hashes.get("labels"); }, "got input 'labels'");
}

}  // namespace
}  // namespace goldpan
