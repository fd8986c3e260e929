#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/utf8.hpp>

namespace goldpan {
namespace {

const std::string kMark = "\xEF\xBF\xBD";

TEST(Utf8, WhatIsWellFormedStays) {
  for (const char* text : {"", "plain", "na\xC3\xAFve", "\xE2\x82\xAC", "\xF0\x9F\x9A\x97",
                           "\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xE0\xA0\x80"}) {
    EXPECT_EQ(as_utf8(text), text);
  }
  EXPECT_EQ(as_utf8(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8, EveryOtherByteIsMarked) {
  EXPECT_EQ(as_utf8("caf\xE9"), "caf" + kMark);               // Latin-1
  EXPECT_EQ(as_utf8("\xC0\xAF"), kMark + kMark);              // overlong
  EXPECT_EQ(as_utf8("\xE0\x80\xAF"), kMark + kMark + kMark);  // overlong
  EXPECT_EQ(as_utf8("\xED\xA0\x80"), kMark + kMark + kMark);  // surrogate
  EXPECT_EQ(as_utf8("\xF4\x90\x80\x80"), kMark + kMark + kMark + kMark);
  EXPECT_EQ(as_utf8("\xE2\x82"), kMark + kMark);  // cut off
  EXPECT_EQ(as_utf8("\x80x"), kMark + "x");
}

/// Applied twice it changes nothing more.
TEST(Utf8, WhatComesOutIsWellFormed) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string once =
          as_utf8(std::string{static_cast<char>(a), static_cast<char>(b), 'x'});
      EXPECT_EQ(as_utf8(once), once);
    }
  }
}

}  // namespace
}  // namespace goldpan
