#include <gtest/gtest.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/exchange/resolve.hpp>

namespace goldpan {
namespace {

const std::vector<std::string> kIds = {"a.jpg", "b.jpg", "c.jpg", "d.jpg"};

Annotation answer(const std::string& item, const std::string& label, const std::string& who = "",
                  const std::string& when = "") {
  Annotation annotation;
  annotation.item = item;
  if (!label.empty()) annotation.labels = {label};
  annotation.who = who;
  annotation.when = when;
  return annotation;
}

Resolved resolve(const AnnotationFile& file, ResolveOptions options = {}) {
  if (options.classes.empty()) options.classes = {"cat", "dog"};
  return resolve_annotations(file, kIds, options);
}

TEST(Resolve, TheLatestWordOfOnePersonCounts) {
  AnnotationFile file;
  file.annotations = {answer("a.jpg", "cat", "ann", "2026-01-02T00:00:00Z"),
                      answer("a.jpg", "dog", "ann", "2026-01-03T00:00:00Z"),
                      answer("a.jpg", "cat", "ann", "2026-01-01T00:00:00Z")};
  const Resolved resolved = resolve(file);
  ASSERT_EQ(resolved.labels.size(), 1u);
  EXPECT_EQ(resolved.labels[0].label, 1);
  EXPECT_EQ(resolved.labels[0].annotation, 1u);
  EXPECT_EQ(resolved.count(Outcome::kSuperseded), 2u);
}

TEST(Resolve, TheMajorityWinsAndTiesAreNamed) {
  AnnotationFile file;
  file.annotations = {answer("a.jpg", "cat", "ann"), answer("a.jpg", "cat", "bob"),
                      answer("a.jpg", "dog", "eve"), answer("b.jpg", "cat", "ann"),
                      answer("b.jpg", "dog", "bob")};
  const Resolved resolved = resolve(file);
  ASSERT_EQ(resolved.labels.size(), 1u);
  EXPECT_EQ(resolved.labels[0].label, 0);
  EXPECT_EQ(resolved.count(Outcome::kAgreed), 1u);
  EXPECT_EQ(resolved.count(Outcome::kOutvoted), 1u);
  EXPECT_EQ(resolved.count(Outcome::kDisagreement), 2u);
  EXPECT_EQ(resolved.explanations[2], "2 of 3 say 'cat'");
}

TEST(Resolve, WhatIsNoLabelIsNamed) {
  AnnotationFile file;
  Annotation cancelled = answer("a.jpg", "cat");
  cancelled.cancelled = true;
  Annotation several = answer("b.jpg", "cat");
  several.labels.push_back("dog");
  Annotation nobody = answer("c.jpg", "");
  nobody.answered = false;
  file.annotations = {cancelled,
                      several,
                      nobody,
                      answer("d.jpg", ""),
                      answer("d.jpg", "horse"),
                      answer("e.jpg", "cat")};
  const Resolved resolved = resolve(file);
  EXPECT_TRUE(resolved.labels.empty());
  const std::vector<Outcome> expected = {Outcome::kCancelled,    Outcome::kSeveralLabels,
                                         Outcome::kUnlabelled,   Outcome::kEmpty,
                                         Outcome::kUnknownClass, Outcome::kUnknownItem};
  EXPECT_EQ(resolved.outcomes, expected);
}

TEST(Resolve, RenamesAndChoosesClasses) {
  AnnotationFile file;
  file.annotations = {answer("a.jpg", "Katze"), answer("b.jpg", "dog")};
  ResolveOptions options;
  options.rename = {{"Katze", "cat"}};
  EXPECT_EQ(resolve(file, options).labels.size(), 2u);
  const Resolved of_file = resolve_annotations(file, kIds, {});
  EXPECT_EQ(of_file.classes, (std::vector<std::string>{"Katze", "dog"}));
}

TEST(Resolve, BoxesWithUnknownLabelsAreNoEmptyImages) {
  AnnotationFile file;
  Annotation mixed = answer("a.jpg", "");
  mixed.boxes = {{"cat", {10, 10, -5, -4}}, {"horse", {0, 0, 1, 1}}};
  Annotation unknown = answer("b.jpg", "");
  unknown.boxes = {{"horse", {0, 0, 1, 1}}};
  Annotation polygon = answer("c.jpg", "");
  polygon.left_out = {"polygon"};
  file.annotations = {mixed, unknown, polygon, answer("d.jpg", "")};
  ResolveOptions options;
  options.kind = AnnotationKind::kBoxes;
  const Resolved resolved = resolve(file, options);
  ASSERT_EQ(resolved.box_sets.size(), 2u);
  ASSERT_EQ(resolved.box_sets[0].boxes.size(), 1u);
  EXPECT_EQ(resolved.box_sets[0].boxes[0].x, 5);
  EXPECT_EQ(resolved.box_sets[0].boxes[0].height, 4);
  EXPECT_EQ(resolved.box_sets[1].item, 3u);
  EXPECT_TRUE(resolved.box_sets[1].boxes.empty());
  EXPECT_EQ(resolved.outcomes[1], Outcome::kUnknownClass);
  EXPECT_EQ(resolved.outcomes[2], Outcome::kEmpty);
  EXPECT_EQ(resolved.boxes_left_out, 2u);
  EXPECT_EQ(resolved.parts_left_out, 1u);
}

TEST(Resolve, UnseenImagesHoldNoObjectsOnlyIfOneSaysSo) {
  AnnotationFile file;
  file.annotations = {answer("a.jpg", "")};
  file.annotations[0].answered = false;
  ResolveOptions options;
  options.kind = AnnotationKind::kBoxes;
  EXPECT_TRUE(resolve(file, options).box_sets.empty());
  options.empty_is_answer = true;
  EXPECT_EQ(resolve(file, options).box_sets.size(), 1u);
}

// Whatever stands in a file, each annotation has one outcome, each labelled item one kept
// annotation, and annotations.csv one line for each.
TEST(Resolve, NothingIsDropped) {
  Generator generator(5);
  for (int round = 0; round < 300; ++round) {
    AnnotationFile file;
    const std::uint64_t count = generator.below(40);
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* items[] = {"a.jpg", "b.jpg", "c.jpg", "x.jpg", "00112233-d.jpg"};
      const char* labels[] = {"cat", "dog", "horse", ""};
      const char* people[] = {"ann", "bob", ""};
      const char* times[] = {"", "2026-01-01", "2026-01-02"};
      Annotation annotation = answer(items[generator.below(5)], labels[generator.below(4)],
                                     people[generator.below(3)], times[generator.below(3)]);
      annotation.cancelled = generator.below(8) == 0;
      annotation.answered = generator.below(8) != 0;
      if (generator.below(3) == 0) annotation.boxes = {{"cat", {1, 2, 3, 4}}};
      if (generator.below(9) == 0) annotation.left_out = {"brush"};
      file.annotations.push_back(annotation);
    }
    for (const AnnotationKind kind : {AnnotationKind::kLabels, AnnotationKind::kBoxes}) {
      ResolveOptions options;
      options.kind = kind;
      const Resolved resolved = resolve(file, options);
      ASSERT_EQ(resolved.outcomes.size(), count);
      std::size_t sum = 0;
      for (std::size_t o = 0; o < kOutcomes; ++o) sum += resolved.count(static_cast<Outcome>(o));
      ASSERT_EQ(sum, count);
      ASSERT_EQ(resolved.count(Outcome::kKept), kind == AnnotationKind::kLabels
                                                    ? resolved.labels.size()
                                                    : resolved.box_sets.size());
      for (const ExchangeFile& written : import_files(file, kIds, resolved, kind)) {
        if (written.path != "annotations.csv") continue;
        ASSERT_EQ(CsvFile(written.content, written.path).rows(), count);
      }
    }
  }
}

}  // namespace
}  // namespace goldpan
