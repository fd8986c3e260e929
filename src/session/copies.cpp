#include "session/copies.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kernels/blas.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 1024;

std::string_view bytes_of(std::span<const float> row) {
  return {reinterpret_cast<const char*>(row.data()), row.size_bytes()};
}

Matrix<float> gather(const Embeddings& embeddings, std::span<const Index> rows) {
  Matrix<float> out(rows.size(), embeddings.cols());
  embeddings.gather_rows(rows, out);
  // -0 equals 0 and has other bytes.
  for (float& x : std::span(out.data(), out.size())) x += 0.0f;
  return out;
}

void normalise_rows(Matrix<float>& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double squares = 0;
    for (const float x : std::as_const(rows).row(i)) squares += double{x} * x;
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (float& x : rows.row(i)) x = static_cast<float>(x * scale);
  }
}

/// Calls body(first place, rows) for every block of the listed rows, side by side.
template <typename Body>
void for_each_block(const Embeddings& embeddings, std::span<const Index> rows, Workers& workers,
                    const Body& body) {
  workers.for_blocks(rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    body(begin, gather(embeddings, rows.subspan(begin, end - begin)));
  });
}

std::vector<std::size_t> hashes(const Embeddings& embeddings, std::span<const Index> rows,
                                Workers& workers) {
  std::vector<std::size_t> values(rows.size());
  for_each_block(embeddings, rows, workers, [&](std::size_t begin, const Matrix<float>& block) {
    for (std::size_t i = 0; i < block.rows(); ++i) {
      values[begin + i] = std::hash<std::string_view>()(bytes_of(block.row(i)));
    }
  });
  return values;
}

bool are_equal(const Embeddings& embeddings, Index a, Index b) {
  const Matrix<float> rows = gather(embeddings, std::array{a, b});
  return bytes_of(rows.row(0)) == bytes_of(rows.row(1));
}

}  // namespace

CopiesAcross copies_across(const Embeddings& embeddings, std::span<const Index> pool,
                           std::span<const Index> test, double cosine, Workers& workers) {
  CopiesAcross found;
  if (pool.empty() || test.empty() || embeddings.cols() == 0) return found;
  std::vector<Copy> copies(test.size());
  std::vector<char> is_copy(test.size(), 0);

  const std::vector<std::size_t> of_test = hashes(embeddings, test, workers);
  const std::vector<std::size_t> of_pool = hashes(embeddings, pool, workers);
  std::unordered_map<std::size_t, Index> first;  // a hash among the test rows -> its first pool row
  first.reserve(test.size());
  for (const std::size_t hash : of_test) first.emplace(hash, embeddings.rows());
  for (std::size_t place = 0; place < pool.size(); ++place) {
    const auto at = first.find(of_pool[place]);
    if (at != first.end() && at->second == embeddings.rows()) at->second = pool[place];
  }
  for (std::size_t i = 0; i < test.size(); ++i) {
    const Index row = first.at(of_test[i]);
    if (row == embeddings.rows() || !are_equal(embeddings, test[i], row)) continue;
    copies[i] = {test[i], row, 1, true};
    is_copy[i] = 1;
    ++found.exact;
  }

  found.checked = std::min(test.size(), std::max<std::size_t>(64, kCopyPairs / pool.size()));
  std::vector<std::size_t> places;
  std::vector<Index> sample;
  for (std::size_t i = 0; i < found.checked; ++i) {
    places.push_back(i * test.size() / found.checked);
    sample.push_back(test[places.back()]);
  }
  Matrix<float> directions = gather(embeddings, sample);
  normalise_rows(directions);
  std::mutex mutex;
  for_each_block(embeddings, pool, workers, [&](std::size_t begin, Matrix<float> block) {
    normalise_rows(block);
    Matrix<float> cosines(sample.size(), block.rows());
    multiply_transposed(directions, block, cosines);
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < sample.size(); ++i) {
      Copy& copy = copies[places[i]];
      if (copy.exact) continue;
      for (std::size_t j = 0; j < block.rows(); ++j) {
        if (cosines(i, j) < cosine) continue;
        // The order of blocks is the threads': the largest cosine counts, of equals the first row.
        char& is_near = is_copy[places[i]];
        const Index row = pool[begin + j];
        if (is_near &&
            (cosines(i, j) < copy.cosine || (cosines(i, j) == copy.cosine && row >= copy.pool))) {
          continue;
        }
        copy = {sample[i], row, cosines(i, j), false};
        is_near = 1;
      }
    }
  });
  for (const std::size_t place : places) found.near += static_cast<std::size_t>(is_copy[place]);
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (is_copy[i]) found.copies.push_back(copies[i]);
  }
  return found;
}

}  // namespace goldpan
