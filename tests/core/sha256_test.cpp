#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/sha256.hpp>

namespace goldpan {
namespace {

std::string hash(const std::string& text) { return Sha256().update(text).hex(); }

// Examples published by NIST with FIPS 180-4.
TEST(Sha256, MatchesPublishedVectors) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesArrive) {
  const std::string text(300, 'x');
  for (std::size_t step = 1; step < 130; ++step) {
    Sha256 pieces;
    for (std::size_t i = 0; i < text.size(); i += step) pieces.update(text.substr(i, step));
    ASSERT_EQ(pieces.hex(), hash(text)) << step;
  }
}

}  // namespace
}  // namespace goldpan
