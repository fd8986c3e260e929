#include "background.hpp"

#include <atomic>
#include <chrono>
#include <future>

#include <nanobind/nanobind.h>

namespace goldpan::python {

namespace nb = nanobind;

void in_background(const std::function<void(const Progress&)>& work) {
  // Short enough to feel at once, long enough to cost nothing.
  constexpr std::chrono::milliseconds kLook(50);
  std::atomic<bool> stop = false;
  bool interrupted = false;
  {
    nb::gil_scoped_release released;
    Progress progress;
    progress.stop = [&] { return stop.load(); };
    std::future<void> done = std::async(std::launch::async, [&] { work(progress); });
    while (done.wait_for(kLook) != std::future_status::ready) {
      nb::gil_scoped_acquire acquired;
      if (!interrupted && PyErr_CheckSignals() != 0) {
        interrupted = true;
        stop = true;
        PyErr_Clear();  // raised again below, when the work has stopped
      }
    }
    try {
      done.get();
    } catch (const Cancelled&) {
    }
  }
  if (interrupted) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw nb::python_error();
  }
}

}  // namespace goldpan::python
