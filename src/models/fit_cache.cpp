#include <algorithm>
#include <exception>
#include <future>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include <goldpan/models/fit_cache.hpp>

namespace goldpan {
namespace {

/// What a head is trained on, in one order. Kept whole, not as a hash: two sets are never mixed up.
struct Example {
  Index row;
  std::int32_t label;
  float weight;

  bool operator==(const Example&) const = default;
};
using Examples = std::vector<Example>;

Examples examples_of(std::span<const Index> rows, std::span<const std::int32_t> labels,
                     std::span<const float> weights) {
  Examples examples(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    examples[i] = {rows[i], labels[i], weights.empty() ? 1.0f : weights[i]};
  }
  std::ranges::sort(examples, [](const Example& a, const Example& b) {
    if (a.row != b.row) return a.row < b.row;
    return a.label != b.label ? a.label < b.label : a.weight < b.weight;
  });
  return examples;
}

using Trained = std::shared_future<std::shared_ptr<const Head>>;

struct Entry {
  bool weighted;
  Examples examples;
  Trained trained;
};

}  // namespace

struct FitCache::State {
  Embeddings embeddings;
  std::size_t classes;
  HeadOptions options;
  std::size_t capacity;
  std::mutex mutex;
  std::list<Entry> entries;  // asked for last, first
  Counts counts;

  std::unique_ptr<Head> train(std::span<const Index> rows, std::span<const std::int32_t> labels,
                              std::span<const float> weights, const Generator& generator,
                              Workers& workers) const {
    std::unique_ptr<Head> head = make_head(embeddings, classes, options);
    head->fit(rows, labels, weights, generator, workers);
    return head;
  }

  /// In the order of the key: sums of weights are then the same whoever asks.
  std::unique_ptr<Head> train(const Examples& examples, bool weighted, const Generator& generator,
                              Workers& workers) const {
    std::vector<Index> rows;
    std::vector<std::int32_t> labels;
    std::vector<float> weights;
    for (const Example& example : examples) {
      rows.push_back(example.row);
      labels.push_back(example.label);
      if (weighted) weights.push_back(example.weight);
    }
    return train(rows, labels, weights, generator, workers);
  }
};

FitCache::FitCache(const Embeddings& embeddings, std::size_t classes, const HeadOptions& options,
                   std::size_t capacity)
    : state_(std::make_unique<State>()) {
  state_->embeddings = embeddings;
  state_->classes = classes;
  state_->options = options;
  state_->capacity = capacity;
  make_head(embeddings, classes, options);  // refuses what cannot be trained
}

FitCache::~FitCache() = default;

FitCache::Counts FitCache::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

std::unique_ptr<Head> FitCache::fit(std::span<const Index> rows,
                                    std::span<const std::int32_t> labels,
                                    std::span<const float> weights, const Generator& generator,
                                    Workers& workers) {
  State& state = *state_;
  const bool sizes_fit =
      labels.size() == rows.size() && (weights.empty() || weights.size() == rows.size());
  if (state.options.hidden > 0 || state.capacity == 0 || !sizes_fit) {
    std::unique_ptr<Head> head = state.train(rows, labels, weights, generator, workers);
    const std::lock_guard lock(state.mutex);
    ++state.counts.trained;
    return head;
  }
  const Examples examples = examples_of(rows, labels, weights);
  const bool weighted = !weights.empty();
  const auto is_this = [&](const Entry& entry) {
    return entry.weighted == weighted && entry.examples == examples;
  };
  std::promise<std::shared_ptr<const Head>> promise;
  Trained trained;
  bool mine = false;
  {
    const std::lock_guard lock(state.mutex);
    const auto found = std::ranges::find_if(state.entries, is_this);
    if (found == state.entries.end()) {
      mine = true;
      ++state.counts.trained;
      state.entries.push_front({weighted, examples, promise.get_future().share()});
      if (state.entries.size() > state.capacity) state.entries.pop_back();
    } else {
      ++state.counts.reused;
      state.entries.splice(state.entries.begin(), state.entries, found);
    }
    trained = state.entries.front().trained;
  }
  if (mine) {
    try {
      promise.set_value(state.train(examples, weighted, generator, workers));
    } catch (...) {
      promise.set_exception(std::current_exception());  // to those who wait; nobody else gets it
      const std::lock_guard lock(state.mutex);
      state.entries.remove_if(is_this);
    }
  }
  return trained.get()->on(state.embeddings);
}

}  // namespace goldpan
