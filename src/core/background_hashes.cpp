#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <goldpan/core/background_hashes.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kStep = std::size_t{4} << 20;  // bytes between two looks at stopping_

}  // namespace

BackgroundHashes::BackgroundHashes(std::vector<Input> inputs) : inputs_(std::move(inputs)) {
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    // No more threads to be had: whoever asks first does the work.
  }
}

BackgroundHashes::~BackgroundHashes() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void BackgroundHashes::work() {
  try {
    for (const Input& input : inputs_) {
      Sha256 hash;
      for (std::size_t at = 0; at < input.bytes.size(); at += kStep) {
        if (stopping_) return;
        hash.update(input.bytes.subspan(at, std::min(kStep, input.bytes.size() - at)));
      }
      const std::lock_guard lock(mutex_);
      digests_[input.name] = hash.hex();
      done_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    done_.notify_all();
  }
}

std::string BackgroundHashes::get(const std::string& name) {
  const bool known =
      std::ranges::any_of(inputs_, [&](const Input& input) { return input.name == name; });
  if (!known) throw Error("hash", "got input '" + name + "', expected one that was given");
  if (!thread_.joinable() && digests_.empty()) work();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return error_ || digests_.contains(name); });
  if (!digests_.contains(name)) std::rethrow_exception(error_);
  return digests_[name];
}

}  // namespace goldpan
