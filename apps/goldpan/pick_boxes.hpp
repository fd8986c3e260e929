#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <goldpan/core/matrix.hpp>

/// `goldpan pick --predictions`: which images to label for a detector.
struct BoxPickOptions {
  std::string predictions, truth, box_features;
  std::string aggregate = "max", cost = "images";
  std::size_t top_k = 5;
  double least_score = 0.05, empty_score = 0.0;
  bool drop_unknown = false;
};

/// Adds the options above to the command.
void add_box_pick_options(CLI::App& command, BoxPickOptions& options);

/// What `pick` has in common whatever it looks at.
struct PickRequest {
  std::string strategy, embeddings, ids, out;
  std::size_t batch = 0;
  std::uint64_t seed = 0;
  double reserve = 0;
  int threads = 0;
  /// The labelled rows of a pool of this size, ascending.
  std::function<std::vector<goldpan::Index>(std::size_t pool)> labeled;
};

/// Picks, and writes the picks and their audit trail.
void pick_boxes(const PickRequest& request, const BoxPickOptions& options);
