#include "strategies/top_by_score.hpp"

#include <algorithm>
#include <vector>

#include "kernels/top_k.hpp"

namespace goldpan {
namespace {

// Scores held at a time: enough blocks to occupy any number of threads, 512 KiB.
constexpr std::size_t kChunk = std::size_t{1} << 16;

}  // namespace

Selection top_by_score(std::span<const Index> rows, std::size_t batch, std::size_t block,
                       const Progress& progress, Workers& workers, const ScoreRows& score) {
  TopK top(batch);
  std::vector<double> scores(std::min(kChunk, rows.size()));
  for (std::size_t begin = 0; begin < rows.size(); begin += kChunk) {
    progress.step(begin, rows.size());
    const auto chunk = rows.subspan(begin, std::min(kChunk, rows.size() - begin));
    const auto chunk_scores = std::span(scores).first(chunk.size());
    workers.for_blocks(chunk.size(), block, [&](std::size_t first, std::size_t last) {
      score(chunk.subspan(first, last - first), chunk_scores.subspan(first, last - first));
    });
    top.add(chunk, chunk_scores);
  }
  progress.step(rows.size(), rows.size());

  Selection selection;
  for (const TopK::Entry& entry : top.take()) {
    selection.indices.push_back(entry.row);
    selection.scores.push_back(entry.score);
  }
  return selection;
}

}  // namespace goldpan
