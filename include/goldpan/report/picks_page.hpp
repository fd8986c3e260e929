#pragma once

#include <span>
#include <string>

namespace goldpan {

/// A pick as it is shown.
struct PickPicture {
  std::string id;
  std::string caption;  ///< why it was picked
  std::string jpeg;     ///< bytes
  int width = 0, height = 0;
};

/// One HTML page of pictures in the order given, which needs nothing from outside.
std::string picks_page(std::span<const PickPicture> picks);

}  // namespace goldpan
