#pragma once

#include <span>
#include <string_view>

#include <goldpan/core/options.hpp>

namespace goldpan {

/// An option of a learner and how it is typed after `goldpan run`.
struct LearnerOption {
  OptionInfo row;
  std::string_view flag;  ///< "--hidden"
};

/// One row of the learner table: what `--model` takes.
struct LearnerInfo {
  std::string_view name;               ///< "linear"
  std::string_view summary;            ///< one line for the help text and the docs
  std::string_view section;            ///< where its options stand in a configuration file
  bool learns_features = false;        ///< from the images, so that they change with every round
  std::string_view build_option = {};  ///< what a build needs for it, or empty
  std::span<const LearnerOption> options;
};

/// All learners, whatever this build can make, in the order they are listed to users.
std::span<const LearnerInfo> learners();

/// The row of this name. Throws Error listing the known names.
const LearnerInfo& find_learner(std::string_view name);

}  // namespace goldpan
