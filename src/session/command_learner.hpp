#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/models/dense_head.hpp>
#include <goldpan/models/learner.hpp>

namespace goldpan {

/// What a detector of somebody else's is given and asked.
struct CommandInputs {
  std::string command;             ///< for /bin/sh; the folder follows it as its last argument
  std::filesystem::path folder;    ///< where a folder is made for each set of labelled images
  std::vector<std::string> ids;    ///< of N images
  std::vector<std::string> files;  ///< where they lie
  std::vector<std::string> categories;
  ImageMaps maps;  ///< their sizes, and features for the boxes found
  double least_score = 0.05;
};

/// A detector that a command trains and asks. For a set of labelled images a folder is made, named
/// by their digest, with train.json (COCO: those images and their boxes) and images.json (COCO: all
/// images, without boxes); the command is run with the folder as its argument, and must leave
/// predictions.json there, COCO results for the images of images.json. A set that was learned
/// before, by another strategy or in a run that was stopped, is not learned again. One command runs
/// at a time. Learners throw Error naming the command and the last lines of its log (log.txt) where
/// it fails, and the record of predictions.json that makes no sense.
std::function<std::unique_ptr<Learner>()> command_learners(CommandInputs inputs);

}  // namespace goldpan
