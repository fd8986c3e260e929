#include "strategies/unit_rows.hpp"

#include <cmath>

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 512;

}  // namespace

Matrix<float> unit_rows(const Embeddings& embeddings, std::span<const Index> rows,
                        Workers& workers) {
  Matrix<float> out(rows.size(), embeddings.cols());
  workers.for_blocks(rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    const auto block = out.view().rows_between(begin, end);
    embeddings.gather_rows(rows.subspan(begin, end - begin), block);
    for (std::size_t r = 0; r < block.rows(); ++r) {
      double sum = 0;
      for (const float value : block.row(r)) sum += double{value} * value;
      if (sum == 0) continue;
      const double scale = 1.0 / std::sqrt(sum);
      for (float& value : block.row(r)) value = static_cast<float>(value * scale);
    }
  });
  return out;
}

}  // namespace goldpan
