#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/core/shards.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

namespace fs = std::filesystem;

Matrix<float> random_rows(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Generator generator(seed);
  Matrix<float> values(rows, cols);
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Halves exactly, so that both types hold the same numbers.
    values.data()[i] = to_float(to_half(static_cast<float>(generator.normal())));
  }
  return values;
}

void write_half(const fs::path& path, MatrixView<const float> values) {
  std::string content = npy_header("<f2", {values.rows(), values.cols()});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Half half = to_half(values.data()[i]);
    content.append(reinterpret_cast<const char*>(&half), sizeof half);
  }
  write_file(path, content, Flush::kNo);
}

/// Writes `values` in files of the given lengths.
std::vector<fs::path> write_shards(const fs::path& folder, const Matrix<float>& values,
                                   const std::vector<std::size_t>& lengths, bool half) {
  std::vector<fs::path> paths;
  std::size_t begin = 0;
  for (const std::size_t length : lengths) {
    paths.push_back(folder /
                    (std::string(half ? "h" : "f") + std::to_string(paths.size()) + ".npy"));
    const auto part = values.view().rows_between(begin, begin + length);
    half ? write_half(paths.back(), part) : write_npy(paths.back(), part);
    begin += length;
  }
  EXPECT_EQ(begin, values.rows());
  return paths;
}

void expect_equal(MatrixView<const float> got, MatrixView<const float> expected) {
  ASSERT_EQ(got.rows(), expected.rows());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got.data()[i], expected.data()[i]);
}

TEST(Shards, ReadAsOneMatrixWhateverTheCut) {
  const TemporaryFolder folder;
  const Matrix<float> values = random_rows(97, 5, 1);
  const std::vector<std::vector<std::size_t>> cuts = {{97},
                                                      {0, 97},
                                                      {1, 95, 1},
                                                      {50, 0, 0, 47},
                                                      {10, 10, 10, 10, 10, 10, 37},
                                                      {90, 1, 1, 1, 1, 1, 1, 1}};
  for (const auto& cut : cuts) {
    for (const bool half : {false, true}) {
      const ShardedEmbeddings shards(write_shards(folder.path(), values, cut, half));
      const Embeddings view = shards.embeddings();
      ASSERT_EQ(view.rows(), 97u);
      ASSERT_EQ(view.cols(), 5u);
      EXPECT_EQ(view.is_half(), half);
      Matrix<float> all(97, 5);
      view.copy_rows(0, all);
      expect_equal(all, values);
      std::vector<float> buffer(97 * 5);
      for (std::size_t begin = 0; begin < 97; begin += 7) {
        const std::size_t count = std::min<std::size_t>(30, 97 - begin);
        expect_equal(view.read_rows(begin, count, buffer.data()),
                     values.view().rows_between(begin, begin + count));
      }
      const std::vector<Index> rows = {96, 0, 50, 49, 51, 1, 95};
      Matrix<float> gathered(rows.size(), 5);
      view.gather_rows(rows, gathered);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        expect_equal(gathered.view().rows_between(i, i + 1),
                     values.view().rows_between(rows[i], rows[i] + std::size_t{1}));

        EXPECT_EQ(half ? to_float(view.half_row(rows[i])[2]) : view.float_row(rows[i])[2],
                  values(rows[i], 2));
      }
    }
  }
}

TEST(Shards, OfAnotherWidthOrTypeAreNamed) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", random_rows(3, 4, 1));
  write_npy(folder / "wide.npy", random_rows(3, 5, 1));
  write_half(folder / "half.npy", random_rows(3, 4, 1));
  const auto open = [&](const char* other) {
    const std::vector<fs::path> files = {folder / "a.npy", folder / other};
    const ShardedEmbeddings shards(files);
  };
  expect_error([&] { open("wide.npy"); },
               (folder / "wide.npy").string() + "] has 5 columns of float32, expected 4 columns");
  expect_error(
      [&] { open("half.npy"); },
      (folder / "half.npy").string() + "] has 4 columns of float16, expected 4 columns of float32");
  expect_error([&] { open("lost.npy"); }, (folder / "lost.npy").string());
  expect_error([] { const ShardedEmbeddings none{std::vector<fs::path>{}}; }, "at least one shard");
}

TEST(Shards, ANumberThatIsNotFiniteIsFoundInItsFile) {
  const TemporaryFolder folder;
  Matrix<float> values = random_rows(30, 4, 1);
  values(17, 2) = std::numeric_limits<float>::quiet_NaN();
  const ShardedEmbeddings shards(write_shards(folder.path(), values, {10, 5, 15}, true));
  expect_error([&] { check_finite(shards.embeddings(), "embeddings"); },
               "row 2 of " + (folder / "h2.npy").string() + ", column 2 is not finite");
}

TEST(Shards, AreFoundByNameFolderAndPattern) {
  const TemporaryFolder folder;
  const Matrix<float> row = random_rows(1, 2, 1);
  for (const char* name : {"x10.npy", "x2.npy", "x1.npy", "y.npy"}) write_npy(folder / name, row);
  fs::create_directory(folder / "one");
  fs::create_directory(folder / "many");
  fs::create_directory(folder / "none");
  write_npy(folder / "one" / "embeddings.npy", row);
  write_npy(folder / "many" / "embeddings-1.npy", row);
  write_npy(folder / "many" / "embeddings-0.npy", row);
  write_npy(folder / "many" / "labels.npy", row);
  const auto find = [&](std::vector<std::string> names) {
    for (std::string& name : names) name = (folder / name).string();
    std::vector<std::string> found;
    for (const fs::path& path : find_shards(names)) {
      found.push_back(fs::relative(path, folder.path()).string());
    }
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(find({"y.npy", "x2.npy"}), (Names{"y.npy", "x2.npy"}));
  EXPECT_EQ(find({"x*.npy"}), (Names{"x1.npy", "x10.npy", "x2.npy"}));
  EXPECT_EQ(find({"x[12].npy", "y.npy"}), (Names{"x1.npy", "x2.npy", "y.npy"}));
  EXPECT_EQ(find({"one"}), (Names{"one/embeddings.npy"}));
  EXPECT_EQ(find({"many"}), (Names{"many/embeddings-0.npy", "many/embeddings-1.npy"}));
  expect_error([&] { find({"z*.npy"}); }, "no file matches");
  expect_error([&] { find({"none"}); }, "holds no embeddings.npy");
  expect_error([&] { find({"x1.npy", "x*.npy"}); }, "is named twice");
}

TEST(Shards, BringTheirNames) {
  const TemporaryFolder folder;
  const auto paths = write_shards(folder.path(), random_rows(5, 2, 1), {2, 0, 3}, false);
  EXPECT_TRUE(ShardedEmbeddings(paths).ids().empty());
  write_file(folder / "f0.ids.txt", "a\nb\n", Flush::kNo);
  expect_error([&] { ShardedEmbeddings(paths).ids(); }, "f1.npy] has no names beside it");
  write_file(folder / "f1.ids.txt", "", Flush::kNo);
  write_file(folder / "f2.ids.txt", "c\r\nd\r\ne", Flush::kNo);
  EXPECT_EQ(ShardedEmbeddings(paths).ids(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  write_file(folder / "f2.ids.txt", "c\nd\n", Flush::kNo);
  expect_error([&] { ShardedEmbeddings(paths).ids(); },
               "f2.ids.txt] has 2 lines, expected one for each of the 3 rows");
}

}  // namespace
}  // namespace goldpan
