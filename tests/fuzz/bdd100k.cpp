#include "data/bdd100k_labels.hpp"
#include "fuzz/fuzz.hpp"

// A label file of BDD100K: as a list of frames, and as the file of one frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  const auto path = fuzz::folder() / "labels.json";
  fuzz::put(path, {data, size});
  fuzz::may_refuse([&] {
    std::size_t frames = 0;
    read_frame_list(path, [&](FrameLabels&& frame) { frames += frame.name.empty() ? 0 : 1; });
    fuzz::require(frames <= size);
  });
  return fuzz::may_refuse([&] { read_frame_file(path); });
}
