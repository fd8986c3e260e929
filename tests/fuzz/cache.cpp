#include "embed/cache_record.hpp"
#include "fuzz/fuzz.hpp"

// The record of an embedding cache; its values are three rows of two floats. Nothing but a record
// that is right may open it: the fuzzer would have to find a SHA-256.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const nlohmann::json key{{"format", 2}, {"encoder", "fuzz"}};
  const CacheFiles files(fuzz::folder(), "fuzz", key);
  static const bool prepared = [&] {
    write_npy(files.values, Matrix<float>(3, 2));
    return true;
  }();
  fuzz::require(prepared);
  fuzz::put(files.record, {data, size});
  std::string damage;
  Workers workers(1);
  fuzz::may_refuse([&] { open_finished(files, key, 3, 2, workers, damage); });
  return fuzz::may_refuse([&] { CacheRecord::read(files.record, key); });
}
