#include "caller.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <goldpan/core/error.hpp>

namespace nb = nanobind;

namespace {

/// How long Ctrl-C may go unseen.
constexpr std::chrono::milliseconds kPatience{50};

}  // namespace

goldpan::Progress Caller::progress(std::string stage) {
  goldpan::Progress progress;
  progress.report = [this, stage = std::move(stage)](std::size_t done, std::size_t total) {
    const std::lock_guard lock(mutex_);
    news_ = {stage, done, total, true};
  };
  progress.stop = [this] { return stop_.load(); };
  return progress;
}

void Caller::say(std::string message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

void Caller::run(const std::function<void()>& work) {
  std::exception_ptr failure;
  finished_ = false;
  std::thread thread;
  const auto main = [&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_one();
  };
  try {
    thread = std::thread(main);
  } catch (const std::system_error& error) {
    throw goldpan::Error("threads", std::string("got none from the system (") + error.what() +
                                        "), expected one; raise ulimit -u or -v");
  }
  std::optional<nb::python_error> interruption;
  try {
    wait_for_end();
  } catch (const nb::python_error& error) {
    interruption.emplace(error);
    stop_ = true;
  }
  {
    const nb::gil_scoped_release release;
    thread.join();
  }
  if (interruption) throw nb::python_error(*interruption);
  if (failure) std::rethrow_exception(failure);
  tell();
}

void Caller::wait_for_end() {
  for (bool finished = false; !finished;) {
    {
      const nb::gil_scoped_release release;
      std::unique_lock lock(mutex_);
      finished = changed_.wait_for(lock, kPatience, [&] { return finished_; });
    }
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (!finished) tell();
  }
}

void Caller::tell() {
  News news;
  std::vector<std::string> messages;
  {
    const std::lock_guard lock(mutex_);
    news = news_;
    news_.fresh = false;
    messages.swap(messages_);
  }
  if (listener_.is_none()) return;
  for (const std::string& message : messages) {
    listener_.attr("say")(nb::str(message.data(), message.size()));
  }
  if (news.fresh) {
    listener_.attr("progress")(nb::str(news.stage.data(), news.stage.size()), news.done,
                               news.total);
  }
}
