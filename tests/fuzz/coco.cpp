#include <goldpan/exchange/box_files.hpp>

#include "fuzz/fuzz.hpp"

// A COCO file: as the boxes that people drew, and as the results of a detector on two images.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace goldpan;
  static const BoxTruth two = [] {
    BoxTruth truth;
    truth.images = {"a.jpg", "b.jpg"};
    truth.numbers = {1, 2};
    truth.widths = truth.heights = {64, 64};
    truth.targets.categories = {"car", "bus"};
    truth.targets.boxes.resize(2);
    truth.category_numbers = {1, 2};
    return truth;
  }();
  const auto path = fuzz::folder() / "coco.json";
  fuzz::put(path, {data, size});
  fuzz::may_refuse([&] {
    const BoxTruth truth = open_box_truth("coco:" + path.string());
    fuzz::require(truth.targets.boxes.size() == truth.size());
  });
  return fuzz::may_refuse([&] {
    const BoxPredictions found = open_box_predictions("coco:" + path.string(), two);
    fuzz::require(found.detections.size() == two.size() && found.boxes() <= size);
  });
}
