#pragma once

#include <cstddef>
#include <string>

/// What `goldpan embed` was asked for.
struct EmbedCommand {
  std::string images, list, data;  ///< one of them
  std::string encoder = "auto";
  std::string weights;
  std::size_t dim = 0;
  std::string like;
  std::string dtype = "float32";
  std::string broken_images = "skip";
  std::string out = "embedded";
  std::string shard;  ///< "3/8": the fourth of eight equal parts; empty: all
  int threads = 0;
  bool fresh = false;
};

void embed(EmbedCommand command);
