#include <gtest/gtest.h>

#include <goldpan/exchange/resolve.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

const std::vector<std::string> kIds = {
    "train/cat/001.jpg", "train/dog/001.jpg", "x y (1).jpg", "deadbeef-z.jpg", "z.jpg", "only.png"};

std::size_t find(const std::string& name) { return ItemNames(kIds).find("", name).item; }

TEST(ItemNames, FindsRenamedFiles) {
  EXPECT_EQ(find("train/dog/001.jpg"), 1u);
  EXPECT_EQ(find("http://host:8080/images/dog/001.jpg?token=1#a"), 1u);
  EXPECT_EQ(find("/data/local-files/?d=pool/train/cat/001.jpg"), 0u);
  EXPECT_EQ(find("/data/local-files/?d=pool%2Ftrain%2Fcat%2F001.jpg&x=1"), 0u);
  EXPECT_EQ(find("/data/upload/3/0a1b2c3d-x_y_1.jpg"), 2u);
  EXPECT_EQ(find("/data/upload/3/0a1b2c3d-only.png"), 5u);
  EXPECT_EQ(find("/data/upload/3/0a1b2c3d-only_Ab3dE6g.png"), 5u);
  EXPECT_EQ(find("s3://bucket/x%20y%20(1).jpg"), 2u);
  EXPECT_EQ(find("only"), 5u);
  EXPECT_EQ(find("C:\\images\\only.png"), 5u);
}

TEST(ItemNames, AnExactNameWinsOverAStrippedOne) {
  EXPECT_EQ(find("deadbeef-z.jpg"), 3u);
  EXPECT_EQ(find("00112233-z.jpg"), 4u);
  EXPECT_EQ(find("00112233-deadbeef-z.jpg"), 3u);
}

TEST(ItemNames, AmbiguousNamesNameNobody) {
  const auto found = ItemNames(kIds).find("", "001.jpg");
  EXPECT_EQ(found.item, ItemNames::kNone);
  EXPECT_EQ(found.candidates, (std::vector<std::size_t>{0, 1}));
  const auto none = ItemNames(kIds).find("", "other.jpg");
  EXPECT_EQ(none.item, ItemNames::kNone);
  EXPECT_TRUE(none.candidates.empty());
}

TEST(ItemNames, OurOwnIdIsBelievedWhateverTheName) {
  const ItemNames names(kIds);
  EXPECT_EQ(names.find("train/cat/001.jpg", "/data/upload/1/00112233-001.jpg").item, 0u);
  // An id of another pool must not become its look-alike here.
  EXPECT_EQ(names.find("val/cat/001.jpg", "cat/001.jpg").item, ItemNames::kNone);
}

TEST(ItemNames, RefusesIdsThatAreNone) {
  const std::vector<std::string> twice = {"a", "a"}, empty = {""};
  expect_error([&] { ItemNames names(twice); }, "'a' stands there twice");
  expect_error([&] { ItemNames names(empty); }, "entry 0 is empty");
}

}  // namespace
}  // namespace goldpan
