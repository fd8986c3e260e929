#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/exchange/exchange.hpp>

// One reader and one writer a format; exchange_formats() lists them.
namespace goldpan::exchange {

using Files = std::vector<ExchangeFile>;

Files write_label_studio(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_label_studio(const std::filesystem::path& path, const ReadOptions& options);
Files write_cvat(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_cvat(const std::filesystem::path& path, const ReadOptions& options);
Files write_coco(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_coco(const std::filesystem::path& path, const ReadOptions& options);
Files write_yolo(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_yolo(const std::filesystem::path& path, const ReadOptions& options);
Files write_fiftyone(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_fiftyone(const std::filesystem::path& path, const ReadOptions& options);
Files write_csv(const ExportSet& set, const ExportOptions& options);
AnnotationFile read_csv(const std::filesystem::path& path, const ReadOptions& options);

/// The upright rectangle around one that is turned by `degrees`, clockwise, about the point (x, y).
Box hull_of_turned(const Box& box, double degrees, double x, double y);

/// The image's size by ReadOptions. Throws Error saying what is missing.
std::pair<int, int> size_of(const ReadOptions& options, const std::string& item,
                            const std::string& where);

/// The path without its last ending: "a/b.jpg" -> "a/b".
std::string without_ending(const std::string& path);

}  // namespace goldpan::exchange
