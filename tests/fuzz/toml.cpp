#include <goldpan/session/settings.hpp>

#include "fuzz/fuzz.hpp"

// A config.toml: what is taken must be written as something that is taken as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const auto path = fuzz::folder() / "config.toml";
  fuzz::put(path, {data, size});
  Settings settings;
  try {
    apply_config(settings, path);
  } catch (const Error&) {
    return 0;
  }
  fuzz::may_refuse([&] { check(settings); });
  return 0;
}
