#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Labels that are known and labels that were predicted, of the same items.
struct LabelInputs {
  std::vector<std::string> ids;      ///< the items' names; row numbers where the files have none
  std::vector<std::string> classes;  ///< in order; numbers where the files have no names
  std::vector<std::int32_t> truth, predicted;
  /// What may be a mistake: predicted classes that the truth does not know.
  std::vector<std::string> notes;
};

/// Either file is a CSV with columns `id` and `label` (or `class`, `prediction`), or a .npy of N
/// integers; predictions may be a .npy of N x C probabilities or logits, of which the largest
/// counts. Rows of CSV files are matched by id, and each needs its partner. Throws Error naming
/// file and line.
LabelInputs read_label_inputs(const std::string& truth, const std::string& predictions);
