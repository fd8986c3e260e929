#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/shards.hpp>
#include <goldpan/tasks/measured_metrics.hpp>
#include <goldpan/tasks/slices.hpp>

#include "input_hashes.hpp"

// What `goldpan mine` reads: a pool of embeddings, which of its rows are labelled, what a model
// makes of those, and attributes that slices are cut by.

struct MineFiles {
  std::string from;                     ///< a folder of `goldpan embed`
  std::vector<std::string> embeddings;  ///< files, folders, patterns
  std::string ids, labeled, attributes;
  std::string truth, predictions, errors, probabilities, negatives;
  std::vector<std::string> classes;  ///< of the columns of probabilities
  std::string images;                ///< as for boxes of `goldpan evaluate`
  std::string categories;
  bool drop_unknown = false;

  /// All files that are read.
  std::vector<NamedFile> list() const;
};

/// How a model fares on the labelled rows. Places count them.
class Judge {
 public:
  virtual ~Judge() = default;
  /// "accuracy", "AP": what slices are ranked by.
  virtual const char* metric() const = 0;
  /// Of everything and of each slice, whose items are places.
  virtual std::vector<goldpan::MeasuredMetric> measure(std::span<const goldpan::Slice> slices,
                                                       const goldpan::MetricOptions& options,
                                                       goldpan::Workers& workers) const = 0;
  /// The metric of one place alone; NaN where there is nothing to get right.
  virtual double of_one(goldpan::Index place) const = 0;
};

/// Of these places those that are got wrong: worse than their mean. Where each is right or wrong
/// these are the wrong ones.
std::vector<goldpan::Index> failing(const Judge& judge, std::span<const goldpan::Index> places);

class MineInputs {
 public:
  /// Throws Error naming file and line for what does not fit together.
  MineInputs(const MineFiles& files, goldpan::Workers& workers);

  goldpan::Embeddings embeddings;
  std::vector<std::string> ids;  ///< N names; row numbers where nothing names them
  std::vector<goldpan::Index> labeled, unlabeled, negatives;  ///< rows, ascending
  goldpan::AttributeColumns attributes;                       ///< N values each
  goldpan::MatrixView<const float> probabilities;             ///< N x C, or empty
  std::unique_ptr<Judge> judge;  ///< of `labeled`, or null where nothing was said of them
  std::vector<std::string> notes;

 private:
  void read_embeddings(const MineFiles& files);
  void read_labels(const MineFiles& files);
  void read_errors(const MineFiles& files);
  void read_boxes(const MineFiles& files, goldpan::Workers& workers);

  std::optional<goldpan::NpyEmbeddings> file_;
  std::optional<goldpan::ShardedEmbeddings> shards_;
  std::optional<goldpan::NpyFloats> probabilities_file_;
};
