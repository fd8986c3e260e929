#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace goldpan {

/// What every function of the library throws for bad input: "[where] what was wrong".
///
/// `where` names the file (with line, row or byte where there is one) or the argument; the message
/// says what was found and what was expected. The library never prints, aborts or exits.
class Error : public std::runtime_error {
 public:
  Error(std::string_view where, std::string_view message)
      : std::runtime_error("[" + std::string(where) + "] " + std::string(message)) {}
};

/// Thrown by long work when its Progress says stop. Not an error: nothing is wrong with the input.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

}  // namespace goldpan
