#include <goldpan/session/records.hpp>

#include "fuzz/fuzz.hpp"

// A journal: an SQLite file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const auto path = fuzz::folder() / "run.db";
  for (const char* beside : {"-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path.string() + beside);
  }
  fuzz::put(path, {data, size});
  fuzz::may_refuse([&] { read_records(path); });
  return fuzz::may_refuse([&] { read_picks(path); });
}
