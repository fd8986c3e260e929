#include <gtest/gtest.h>

#include <goldpan/core/web_text.hpp>

namespace goldpan {
namespace {

TEST(WebText, IsSafeInTagsAndAttributes) {
  EXPECT_EQ(escape_html("<a href=\"x\">&amp;</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
}

// The examples of RFC 4648.
TEST(WebText, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace goldpan
