#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <goldpan/exchange/exchange.hpp>

namespace goldpan {

/// Finds the pool's item that a tool's name means. Tools rename: Label Studio puts eight
/// hexadecimal digits before the names of uploaded files and replaces what is not a letter, digit,
/// '-', '_' or '.', paths become addresses, folders and endings get lost. Tried in this order, and
/// the first way that leads to exactly one item wins: the whole name; the name decoded from an
/// address; its longest tail that is a tail of one id; the file name without upload prefix; without
/// its ending.
class ItemNames {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  /// Throws Error if an id is empty or stands there twice.
  explicit ItemNames(std::span<const std::string> ids);

  struct Found {
    std::size_t item = kNone;
    std::vector<std::size_t> candidates;  ///< more than one: the name is ambiguous
  };
  Found find(const std::string& id, const std::string& name) const;

 private:
  using Table = std::unordered_map<std::string, std::vector<std::size_t>>;
  Found find_name(const std::string& name) const;

  std::vector<std::string> ids_;
  std::unordered_map<std::string, std::size_t> exact_;
  Table file_names_;  ///< by last component
  Table tidy_names_;  ///< by last component as an upload would change it
  Table stems_;       ///< by last component without its ending
};

/// The items that a file speaks of, each once, in its order: what the tool carried of our ids, else
/// its names.
std::vector<std::string> item_names(const AnnotationFile& file);

/// What became of an annotation. The names of outcome_name stand in annotations.csv: stable.
enum class Outcome {
  kKept,
  kAgreed,        ///< says what the kept one of the same item says
  kSuperseded,    ///< the same annotator, or with boxes anybody, said something later
  kOutvoted,      ///< more annotators say something else
  kDisagreement,  ///< as many annotators say something else: the item gets no label
  kCancelled,
  kEmpty,          ///< answered without a class
  kUnlabelled,     ///< nobody has annotated the item
  kSeveralLabels,  ///< more than one class for an image that takes one
  kUnknownClass,
  kUnknownItem,
  kAmbiguousItem,
};
inline constexpr std::size_t kOutcomes = 12;
const char* outcome_name(Outcome outcome);

struct ResolveOptions {
  AnnotationKind kind = AnnotationKind::kLabels;
  /// The classes that are known; empty: those that the file declares, else those that it uses,
  /// sorted.
  std::vector<std::string> classes = {};
  /// Names in the tool -> names here, applied before anything else.
  std::map<std::string, std::string> rename = {};
  /// Boxes: an item that stands in the file without a box is an image without objects. Off: it is
  /// unlabelled, unless the tool says that somebody answered.
  bool empty_is_answer = false;
};

/// What `goldpan import` made of a file. Every annotation has an outcome: outcomes.size() is that
/// of the file's annotations, and the counts add up to it.
struct Resolved {
  std::vector<std::string> classes;
  struct Label {
    std::size_t item;
    std::int32_t label;
    std::size_t annotation;  ///< the one it comes from
  };
  std::vector<Label> labels;  ///< by item, ascending; kind labels
  struct BoxSet {
    std::size_t item;
    std::vector<Box> boxes;
    std::size_t annotation;
  };
  std::vector<BoxSet> box_sets;           ///< by item, ascending; kind boxes
  std::vector<Outcome> outcomes;          ///< one for each annotation
  std::vector<std::size_t> items;         ///< of each annotation, or ItemNames::kNone
  std::vector<std::string> explanations;  ///< of each annotation; "" where there is nothing to say
  std::size_t boxes_left_out = 0;         ///< of kept annotations, with an unknown label
  std::size_t parts_left_out = 0;         ///< polygons and the like
  std::size_t count(Outcome outcome) const;
};
/// `ids` are the pool's; where there are none, item_names(file) takes their place.
Resolved resolve_annotations(const AnnotationFile& file, std::span<const std::string> ids,
                             const ResolveOptions& options);

/// The files that `goldpan import` writes: `labels.csv` (id,label,who,when) or `boxes.json` (COCO),
/// `annotations.csv` with every annotation and what became of it, `summary.json`, `labeled.txt`
/// (the row of each labelled item in `ids`, what `goldpan pick --labeled` reads) and `classes.txt`.
/// `image_size` is asked for COCO's sizes; may be null.
std::vector<ExchangeFile> import_files(
    const AnnotationFile& file, std::span<const std::string> ids, const Resolved& resolved,
    AnnotationKind kind,
    const std::function<std::pair<int, int>(const std::string& item)>& image_size = {});

/// The counts as lines for a person.
std::string import_summary(const AnnotationFile& file, const Resolved& resolved,
                           AnnotationKind kind, std::size_t pool);

}  // namespace goldpan
