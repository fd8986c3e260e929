#include <array>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {
namespace {

constexpr auto kOfClassification = std::to_array<ShownMetric>({
    {"balanced_accuracy", "balanced_accuracy", "balanced accuracy",
     "Mean recall over the classes of the test set"},
    {"macro_f1", "macro_f1", "macro F1", "Mean F1 over the classes of the test set"},
    {"nll", "nll", "negative log-likelihood",
     "Mean negative log-likelihood of the true class after calibration", "nats"},
});

constexpr auto kOfDetection = std::to_array<ShownMetric>({
    {"AP50", "ap50", "mAP@.5", "Mean average precision at an IoU of 0.5"},
    {"AP75", "ap75", "mAP@.75", "Mean average precision at an IoU of 0.75"},
    {"AR100", "ar100", "AR@100", "Mean recall over IoU 0.5 to 0.95 with 100 detections an image"},
    {"cost", "boxes", "boxes bought", "Boxes bought", "count"},
});

constexpr auto kOfMultilabel = std::to_array<ShownMetric>({
    {"macro_f1", "macro_f1", "macro F1", "Mean F1 over the labels of the test set"},
    {"micro_f1", "micro_f1", "micro F1", "F1 of all labels of all items together"},
    {"exact", "exact", "all labels right", "Share of test items with all labels right"},
});

constexpr auto kTasks = std::to_array<TaskInfo>({
    {.name = "classification",
     .summary = "one class an image",
     .headline = {"accuracy", "accuracy", "accuracy", "Share of test items predicted right"},
     .others = kOfClassification,
     .by_class = {"recall", "recall", "recall", "Share of the class's test items predicted right"},
     .cost_unit = "labels",
     .has_class_floor = true,
     .has_calibration = true},
    {.name = "detection",
     .summary = "boxes in an image",
     .headline = {"AP", "ap", "mAP@[.5:.95]", "COCO's mean average precision over IoU 0.5 to 0.95"},
     .others = kOfDetection,
     .by_class = {"AP", "ap", "AP", "The category's average precision over IoU 0.5 to 0.95"},
     .cost_unit = "boxes"},
    {.name = "multilabel",
     .summary = "several labels an image (see --attributes)",
     .headline = {"mAP", "map", "mAP", "Mean average precision over the labels"},
     .others = kOfMultilabel,
     .by_class = {"f1", "f1", "F1", "F1 of the label on the test set"},
     .cost_unit = "labels"},
});

}  // namespace

std::span<const TaskInfo> tasks() { return kTasks; }

const TaskInfo& find_task(std::string_view name) {
  std::string known;
  for (const TaskInfo& info : kTasks) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("task", "got '" + std::string(name) + "', expected one of: " + known);
}

std::unique_ptr<Task> make_task(std::string_view name) {
  const std::string_view known = find_task(name).name;
  if (known == "detection") return make_detection();
  if (known == "multilabel") return make_multilabel();
  return make_classification();
}

}  // namespace goldpan
