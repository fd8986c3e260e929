#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {
namespace {

// Set while this thread runs a task: a nested loop then runs inline rather than waiting for its own
// team.
thread_local bool inside_task = false;

/// Asks the caller whether to stop, seldom enough to cost nothing, and remembers a yes.
class Stop {
 public:
  explicit Stop(std::function<bool()> asked) : asked_(std::move(asked)) {}

  void throw_if_asked() {
    if (stopped_) throw Cancelled();
    if (!asked_) return;
    const auto now = Clock::now().time_since_epoch().count();
    if (now < next_.load(std::memory_order_relaxed)) return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;  // another thread is asking
    next_.store(now + std::chrono::duration_cast<Clock::duration>(kPause).count(),
                std::memory_order_relaxed);
    if (!asked_()) return;
    stopped_ = true;
    throw Cancelled();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kPause{10};

  const std::function<bool()> asked_;
  std::mutex mutex_;
  std::atomic<Clock::rep> next_ = 0;
  std::atomic<bool> stopped_ = false;
};

struct Job {
  const std::function<void(std::size_t)>* task = nullptr;
  Stop* stop = nullptr;
  std::size_t tasks = 0;
  std::atomic<std::size_t> next = 0;
  std::mutex error_mutex;
  std::exception_ptr error;
  std::size_t error_task = 0;

  void work() {
    inside_task = true;
    for (std::size_t i; (i = next.fetch_add(1)) < tasks;) {
      try {
        stop->throw_if_asked();
        (*task)(i);
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        if (!error || i < error_task) {
          error = std::current_exception();
          error_task = i;
        }
        next = tasks;
      }
    }
    inside_task = false;
  }
};

}  // namespace

struct Workers::State {
  explicit State(std::function<bool()> asked) : stop(std::move(asked)) {}

  Stop stop;
  int missing = 0;
  std::mutex callers;  // one loop at a time
  std::mutex mutex;
  std::condition_variable wake, done;
  Job* job = nullptr;
  std::size_t generation = 0;
  std::size_t busy = 0;
  bool stopping = false;
  std::vector<std::thread> threads;

  void serve() {
    std::size_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return stopping || generation != seen; });
      if (stopping) return;
      seen = generation;
      Job* const current = job;
      lock.unlock();
      current->work();
      lock.lock();
      if (--busy == 0) done.notify_one();
    }
  }
};

Workers::Workers(int threads, std::function<bool()> stop)
    : state_(std::make_unique<State>(std::move(stop))) {
  if (threads < 0 || threads > kMostThreads) {
    throw Error("threads", "got " + std::to_string(threads) + ", expected 0 (one a core) to " +
                               std::to_string(kMostThreads));
  }
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int total = threads > 0 ? threads : cores;
  state_->threads.reserve(static_cast<std::size_t>(total));
  for (int i = 1; i < total; ++i) {  // the caller is the first of the team
    try {
      state_->threads.emplace_back([state = state_.get()] { state->serve(); });
    } catch (const std::exception&) {  // no more processes or no room for another stack
      state_->missing = total - i;
      return;
    }
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

int Workers::count() const { return static_cast<int>(state_->threads.size()) + 1; }

int Workers::missing() const { return state_->missing; }

void Workers::stop_if_asked() { state_->stop.throw_if_asked(); }

void Workers::run(std::size_t tasks, const std::function<void(std::size_t)>& task) {
  if (tasks == 0) return;
  if (inside_task || tasks == 1 || state_->threads.empty()) {
    for (std::size_t i = 0; i < tasks; ++i) {
      state_->stop.throw_if_asked();
      task(i);
    }
    return;
  }
  const std::lock_guard caller(state_->callers);
  Job job;
  job.task = &task;
  job.stop = &state_->stop;
  job.tasks = tasks;
  {
    const std::lock_guard lock(state_->mutex);
    state_->job = &job;
    state_->busy = state_->threads.size();
    ++state_->generation;
  }
  state_->wake.notify_all();
  job.work();
  {
    std::unique_lock lock(state_->mutex);
    state_->done.wait(lock, [&] { return state_->busy == 0; });
    state_->job = nullptr;
  }
  if (job.error) std::rethrow_exception(job.error);
}

void Workers::for_blocks(std::size_t size, std::size_t block,
                         const std::function<void(std::size_t, std::size_t)>& body) {
  run((size + block - 1) / block,
      [&](std::size_t task) { body(task * block, std::min(size, (task + 1) * block)); });
}

}  // namespace goldpan
