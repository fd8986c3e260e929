#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <goldpan/core/workers.hpp>

namespace goldpan {
namespace {

// Set while this thread runs a task: a nested loop then runs inline rather than waiting for its own
// team.
thread_local bool inside_task = false;

struct Job {
  const std::function<void(std::size_t)>* task = nullptr;
  std::size_t tasks = 0;
  std::atomic<std::size_t> next = 0;
  std::mutex error_mutex;
  std::exception_ptr error;
  std::size_t error_task = 0;

  void work() {
    inside_task = true;
    for (std::size_t i; (i = next.fetch_add(1)) < tasks;) {
      try {
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

Workers::Workers(int threads) : state_(std::make_unique<State>()) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int total = threads > 0 ? threads : cores;
  for (int i = 1; i < total; ++i) {  // the caller is the first of the team
    state_->threads.emplace_back([state = state_.get()] { state->serve(); });
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

void Workers::run(std::size_t tasks, const std::function<void(std::size_t)>& task) {
  if (tasks == 0) return;
  if (inside_task || tasks == 1 || state_->threads.empty()) {
    for (std::size_t i = 0; i < tasks; ++i) task(i);
    return;
  }
  const std::lock_guard caller(state_->callers);
  Job job;
  job.task = &task;
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
