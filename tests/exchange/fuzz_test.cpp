#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "exchange/sample_set.hpp"
#include "imaging/made_files.hpp"
#include "temporary_folder.hpp"

// Damaged files of every format: each is an Error or a result that can be resolved and written,
// never a crash. The sanitizer presets make the difference visible.

namespace goldpan {
namespace {

int rounds() {
  const char* const factor = std::getenv("GOLDPAN_FUZZ");
  return factor == nullptr ? 400 : 400 * std::max(1, std::atoi(factor));
}

void use(const AnnotationFile& file) {
  const std::vector<std::string> ids = {"night/a b.jpg", "day/a b.jpg", "+c.png"};
  for (const AnnotationKind kind : {AnnotationKind::kLabels, AnnotationKind::kBoxes}) {
    const Resolved resolved = resolve_annotations(file, ids, {.kind = kind});
    EXPECT_EQ(resolved.outcomes.size(), file.annotations.size());
    EXPECT_FALSE(import_files(file, ids, resolved, kind).empty());
    EXPECT_FALSE(import_summary(file, resolved, kind, ids.size()).empty());
  }
}

void fuzz(const ExchangeFormat& format, AnnotationKind kind) {
  SCOPED_TRACE(format.name);
  const TemporaryFolder folder;
  const auto files = write_exchange(format, sample_set(kind));
  write_exchange_files(folder.path(), files);
  const bool is_folder = format.name == "yolo" || format.name == "fiftyone";
  const auto path = is_folder ? folder.path() : folder / files.front().path;
  Generator generator(std::hash<std::string_view>()(format.name) + static_cast<unsigned>(kind));
  int refused = 0;
  for (int round = 0; round < rounds(); ++round) {
    const ExchangeFile& victim = files[generator.below(files.size())];
    write_file(folder / victim.path, damage(victim.content, generator), Flush::kNo);
    try {
      use(format.read(path, {sample_size}));
    } catch (const Error&) {
      ++refused;
    }
    write_file(folder / victim.path, victim.content, Flush::kNo);
  }
  EXPECT_LT(refused, rounds());
}

TEST(Fuzz, EveryFormat) {
  for (const ExchangeFormat& format : exchange_formats()) {
    if (format.labels) fuzz(format, AnnotationKind::kLabels);
    if (format.boxes) fuzz(format, AnnotationKind::kBoxes);
  }
}

TEST(Fuzz, LabelStudioExports) {
  const std::string good =
      R"([{"id":1,"data":{"image":"/data/upload/1/00112233-a_b.jpg","goldpan_id":"day/a b.jpg"},
"annotations":[{"completed_by":{"id":1,"email":"a@b"},"was_cancelled":false,"result":[
{"type":"choices","value":{"choices":["car"]}},{"type":"rectanglelabels","original_width":64,
"original_height":48,"value":{"x":1,"y":2,"width":3,"height":4,"rotation":5,
"rectanglelabels":["car"]}}]}],"predictions":[]},{"image":"x","label":[{"x":1,"y":2,"width":3,
"height":4,"rectanglelabels":["car"]}],"annotation_id":3,"annotator":4}])";
  const TemporaryFolder folder;
  Generator generator(11);
  const auto& format = find_exchange_format("label-studio");
  int refused = 0;
  for (int round = 0; round < 5 * rounds(); ++round) {
    write_file(folder / "a.json", damage(good, generator), Flush::kNo);
    try {
      use(format.read(folder / "a.json", {sample_size}));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, rounds());
}

// A bomb of nested brackets must end as an Error or a value, not in the stack's overflow.
TEST(Fuzz, DeepNesting) {
  const TemporaryFolder folder;
  write_file(folder / "deep.json", std::string(200'000, '['));
  write_file(folder / "deep.xml", [] {
    std::string text = "<annotations>";
    for (int i = 0; i < 200'000; ++i) text += "<image name='a'>";
    return text;
  }());
  for (const char* name : {"label-studio", "coco", "fiftyone"}) {
    EXPECT_THROW(find_exchange_format(name).read(folder / "deep.json", {}), Error) << name;
  }
  EXPECT_THROW(find_exchange_format("cvat").read(folder / "deep.xml", {}), Error);
}

}  // namespace
}  // namespace goldpan
