#pragma once

#include <functional>

#include <goldpan/core/progress.hpp>

namespace goldpan::python {

/// Runs `work` on another thread with the GIL released, while this one watches for Ctrl-C: then the work's Progress says stop, and KeyboardInterrupt is
/// raised once it has. Progress reports are not passed to Python. Exceptions of the work are rethrown.
void in_background(const std::function<void(const Progress&)>& work);

}  // namespace goldpan::python
