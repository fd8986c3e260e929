#include <algorithm>
#include <future>
#include <list>
#include <mutex>
#include <utility>

#include <goldpan/core/error.hpp>
#include <goldpan/models/dense_head.hpp>

namespace goldpan {
namespace {

using Trained = std::shared_future<std::shared_ptr<const DenseHead>>;

/// What the learners of a run share: heads by their rows, those asked for last. A head follows from
/// its rows alone, since an item has one target.
class Shared {
 public:
  Shared(const ImageMaps& of_items, std::size_t category_count, const DenseHeadOptions& head,
         double least)
      : maps(of_items), categories(category_count), options(head), least_score(least) {}

  std::shared_ptr<const DenseHead> fit(std::span<const Index> rows,
                                       std::span<const std::vector<Box>> boxes, Workers& workers) {
    std::promise<std::shared_ptr<const DenseHead>> promise;
    Trained trained;
    bool mine = false;
    const auto is_this = [&](const auto& entry) { return std::ranges::equal(entry.first, rows); };
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::ranges::find_if(entries_, is_this);
      if (found == entries_.end()) {
        mine = true;
        entries_.emplace_front(std::vector<Index>(rows.begin(), rows.end()),
                               promise.get_future().share());
        if (entries_.size() > kCapacity) entries_.pop_back();
      } else {
        entries_.splice(entries_.begin(), entries_, found);
      }
      trained = entries_.front().second;
    }
    if (mine) {
      try {
        promise.set_value(DenseHead::fit(maps, rows, boxes, categories, options, workers));
      } catch (...) {
        promise.set_exception(std::current_exception());
        const std::lock_guard lock(mutex_);
        entries_.remove_if(is_this);
      }
    }
    return trained.get();
  }

  const ImageMaps maps;
  const std::size_t categories;
  const DenseHeadOptions options;
  const double least_score;

 private:
  static constexpr std::size_t kCapacity = 32;
  std::mutex mutex_;
  std::list<std::pair<std::vector<Index>, Trained>> entries_;
};

class DenseLearner : public Learner {
 public:
  explicit DenseLearner(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  FitReport fit(const Examples& examples, const StreamOf& /*stream*/, Workers& workers) override {
    head_ = shared_->fit(examples.rows, examples.targets.boxes, workers);
    FitReport report;
    if (!examples.weights.empty()) {
      report.notes.emplace_back("a dense head takes no importance weights: all images count alike");
    }
    return report;
  }

  Signals signals(std::span<const Index> rows, const SignalsWanted& wanted,
                  const StreamOf& /*stream*/, Workers& workers) const override {
    Signals found;
    std::vector<std::vector<Index>> cells(rows.size());
    found.detections = detect(rows, &cells, workers);
    if (wanted.probabilities) {
      found.probabilities =
          image_distributions(found.detections, shared_->categories, shared_->least_score);
    }
    if (wanted.box_features) add_box_features(rows, cells, found);
    return found;
  }

  Predictions predict(std::span<const Index> rows, Workers& workers) const override {
    Predictions found;
    found.detections = detect(rows, nullptr, workers);
    return found;
  }

 private:
  std::vector<std::vector<Detection>> detect(std::span<const Index> rows,
                                             std::vector<std::vector<Index>>* cells,
                                             Workers& workers) const {
    std::vector<std::vector<Detection>> found(rows.size());
    workers.for_blocks(rows.size(), 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        found[i] = head_->detect(shared_->maps, rows[i], cells == nullptr ? nullptr : &(*cells)[i]);
      }
    });
    return found;
  }

  /// A box's feature is its cell of the map.
  void add_box_features(std::span<const Index> rows, const std::vector<std::vector<Index>>& cells,
                        Signals& found) const {
    std::size_t boxes = 0;
    for (const auto& of_image : cells) boxes += of_image.size();
    const std::size_t channels = shared_->maps.channels;
    found.box_features = Matrix<float>(boxes, channels);
    Index next = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::span<const float> map = shared_->maps.rows.float_row(rows[i]);
      std::vector<Index>& of_image = found.feature_rows.emplace_back();
      for (const Index cell : cells[i]) {
        std::ranges::copy(map.subspan(cell * channels, channels),
                          found.box_features.row(next).begin());
        of_image.push_back(next++);
      }
    }
  }

  const std::shared_ptr<Shared> shared_;
  std::shared_ptr<const DenseHead> head_;
};

}  // namespace

std::function<std::unique_ptr<Learner>()> dense_learners(const ImageMaps& maps,
                                                         std::size_t categories,
                                                         const DenseHeadOptions& options,
                                                         double least_score) {
  const auto shared = std::make_shared<Shared>(maps, categories, options, least_score);
  return [shared] { return std::make_unique<DenseLearner>(shared); };
}

}  // namespace goldpan
