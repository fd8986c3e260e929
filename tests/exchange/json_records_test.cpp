#include "core/json_records.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

class JsonLists : public testing::Test {
 protected:
  std::vector<std::string> read(const std::string& content) const {
    write_file(folder_ / "f.json", content, Flush::kNo);
    JsonRecords records(folder_ / "f.json", JsonLayout::kObjectOfLists, "record");
    std::vector<std::string> found;
    while (const auto record = records.next()) {
      found.push_back(std::string(record->list) + std::to_string(record->number) +
                      std::string(record->text));
    }
    return found;
  }
  void refuse(const std::string& content, const std::string& message) const {
    expect_error([&] { read(content); }, message);
  }
  TemporaryFolder folder_;
};

TEST_F(JsonLists, HandsOutTheRecordsOfEachList) {
  const std::vector<std::string> expected = {R"(a0{"x":[1]})", "a1{}", "b0{}"};
  EXPECT_EQ(read(R"({"info": {"a": [{}, {"b": "]}"}]}, "a": [{"x":[1]}, {}], "n": -1.5e3,
                    "t": "a \" ] }", "c": [], "l": [1, [2, {"d": 3}]], "z": null, "b":[{}]})"),
            expected);
  EXPECT_TRUE(read("{}").empty());
  EXPECT_TRUE(read(" { \"a\" : [ ] } \n").empty());
}

TEST_F(JsonLists, RecordsLargerThanTheBuffer) {
  const std::string large = "{\"t\": \"" + std::string(std::size_t{3} << 20, 'x') + "\"}";
  const auto found = read("{\"skipped\": " + large + ", \"a\": [" + large + ", {}]}");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], "a0" + large);
}

TEST_F(JsonLists, NamesTheByteOfDamage) {
  refuse("", "byte 0] the file is cut off");
  refuse("[{}]", "expected an object '{' of lists");
  refuse("{\"a\" [{}]}", "byte 5] got JSON text, expected ':'");
  refuse("{\"a\": [{}", "the file is cut off after 1 complete records");
  refuse("{\"a\": [{}]", "byte 10] the file is cut off");
  refuse("{\"a\": [{}], \"a\": [{}]}", "byte 12] the list \"a\" stands there twice");
  refuse("{\"a\": [{}]} x", "byte 12] the file goes on behind its object");
  refuse("{\"a\": }", "byte 6]");
  refuse("{\"a\": \"x", "cut off inside a text");
  refuse("{\"a", "cut off inside a member's name");
  refuse("{\"a\": {\"b\": 1", "cut off inside a value");
  refuse("{\"a\": 1 2}", "expected ',' or the object's end");
}

}  // namespace
}  // namespace goldpan
