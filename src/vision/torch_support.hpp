#pragma once

#include <stdexcept>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/vision/torch_build.hpp>

// What the networks share. Torch's own headers stay out: each costs its includer half a minute.

namespace goldpan {

/// Makes each torch operation begun on this thread run on this thread alone, from now on. Goldpan's
/// parallelism lies outside of the operations: an image or a shard a thread, which has no barriers
/// to wait at and rounds the same for any number of threads. To be called before torch is, on every
/// thread that calls it.
void use_one_torch_thread();

/// The first line of a torch exception: the rest is a stack trace.
std::string first_line(const std::string& message);

/// Runs `action`; what torch throws comes out as Error.
template <typename Action>
decltype(auto) translate_torch_errors(const char* where, Action&& action) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(where, "libtorch failed: " + first_line(error.what()));
  }
}

}  // namespace goldpan
