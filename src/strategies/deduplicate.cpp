#include <utility>

#include <goldpan/strategies/deduplicate.hpp>

#include "strategies/twin_search.hpp"

namespace goldpan {

Duplicates deduplicate(const Embeddings& embeddings, double cosine, Workers& workers,
                       const Progress& progress) {
  TwinSearch search(embeddings, 0, cosine);
  while (!search.finished()) {
    search.step(workers);
    progress.step(search.passed(), embeddings.rows());
  }
  return {search.kept(), search.kept_row_of()};
}

}  // namespace goldpan
