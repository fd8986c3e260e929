#include <algorithm>
#include <set>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/exchange/resolve.hpp>

namespace goldpan {
namespace {

constexpr const char* kOutcomeNames[kOutcomes] = {
    "kept",  "agreed",     "superseded",     "outvoted",      "disagreement", "cancelled",
    "empty", "unlabelled", "several_labels", "unknown_label", "unknown_item", "ambiguous_item"};

/// Annotations in the order of time: those with a time by it, the rest by their place in the file
/// behind them. ISO 8601 in UTC, as the tools write it, sorts as text.
bool is_later(const AnnotationFile& file, std::size_t a, std::size_t b) {
  const std::string& left = file.annotations[a].when;
  const std::string& right = file.annotations[b].when;
  if (left != right) return left > right;
  return a > b;
}

class Resolver {
 public:
  Resolver(const AnnotationFile& file, std::span<const std::string> ids,
           const ResolveOptions& options)
      : file_(file), options_(options), names_(ids) {
    const std::size_t count = file.annotations.size();
    result_.outcomes.resize(count, Outcome::kKept);
    result_.items.resize(count, ItemNames::kNone);
    result_.explanations.resize(count);
    choose_classes();
  }

  Resolved run() {
    std::map<std::size_t, std::vector<std::size_t>> of_item;
    for (std::size_t i = 0; i < file_.annotations.size(); ++i) {
      if (judge(i)) of_item[result_.items[i]].push_back(i);
    }
    for (const auto& [item, candidates] : of_item) {
      if (options_.kind == AnnotationKind::kLabels) {
        settle_labels(item, candidates);
      } else {
        settle_boxes(item, candidates);
      }
    }
    return std::move(result_);
  }

 private:
  std::string renamed(const std::string& label) const {
    const auto found = options_.rename.find(label);
    return found == options_.rename.end() ? label : found->second;
  }

  void choose_classes() {
    std::vector<std::string> classes = options_.classes;
    if (classes.empty()) {
      for (const std::string& name : file_.classes) {
        const std::string here = renamed(name);
        if (std::find(classes.begin(), classes.end(), here) == classes.end()) {
          classes.push_back(here);
        }
      }
    }
    if (classes.empty()) {
      std::set<std::string> used;
      for (const Annotation& annotation : file_.annotations) {
        if (annotation.cancelled) continue;
        for (const std::string& label : annotation.labels) used.insert(renamed(label));
        for (const NamedRectangle& box : annotation.boxes) used.insert(renamed(box.label));
      }
      classes.assign(used.begin(), used.end());
    }
    for (std::size_t c = 0; c < classes.size(); ++c) {
      if (!class_number_.emplace(classes[c], static_cast<std::int32_t>(c)).second) {
        throw Error("classes", fmt::format("'{}' stands there twice", classes[c]));
      }
    }
    result_.classes = std::move(classes);
  }

  void say(std::size_t annotation, Outcome outcome, std::string why = {}) {
    result_.outcomes[annotation] = outcome;
    result_.explanations[annotation] = std::move(why);
  }

  /// Sets the outcome of what can be judged alone; true if the annotation stands for election.
  bool judge(std::size_t i) {
    const Annotation& annotation = file_.annotations[i];
    const ItemNames::Found found = names_.find(annotation.id, annotation.item);
    result_.items[i] = found.item;
    std::string notes = fmt::format("{}", fmt::join(annotation.notes, "; "));
    if (found.item == ItemNames::kNone) {
      if (found.candidates.empty()) {
        say(i, Outcome::kUnknownItem, "no item of the pool has this name");
      } else {
        say(i, Outcome::kAmbiguousItem,
            fmt::format("{} items of the pool could be meant", found.candidates.size()));
      }
      return false;
    }
    if (annotation.cancelled) return say(i, Outcome::kCancelled), false;
    const bool boxes = options_.kind == AnnotationKind::kBoxes;
    const bool nothing = boxes ? annotation.boxes.empty() : annotation.labels.empty();
    if (!annotation.answered && !(boxes && nothing && options_.empty_is_answer)) {
      return say(i, Outcome::kUnlabelled), false;
    }
    if (!annotation.left_out.empty()) {
      result_.parts_left_out += annotation.left_out.size();
      notes += fmt::format("{}not kept: {}", notes.empty() ? "" : "; ",
                           fmt::join(annotation.left_out, ", "));
    }
    if (boxes) {
      if (nothing && !annotation.left_out.empty()) {
        // Something is drawn there that cannot be kept: this is no image without objects.
        return say(i, Outcome::kEmpty, notes), false;
      }
      say(i, Outcome::kKept, notes);
      return true;
    }
    if (nothing) return say(i, Outcome::kEmpty, notes), false;
    std::set<std::string> distinct;
    for (const std::string& label : annotation.labels) distinct.insert(renamed(label));
    if (distinct.size() > 1) {
      return say(i, Outcome::kSeveralLabels, fmt::format("{}", fmt::join(distinct, ", "))), false;
    }
    if (!class_number_.contains(*distinct.begin())) {
      return say(i, Outcome::kUnknownClass,
                 fmt::format("'{}' is not among the {} classes", *distinct.begin(),
                             result_.classes.size())),
             false;
    }
    say(i, Outcome::kKept, notes);
    return true;
  }

  std::int32_t label_of(std::size_t annotation) const {
    return class_number_.at(renamed(file_.annotations[annotation].labels.front()));
  }

  /// The latest of each annotator; the others are superseded. People without a name are one each.
  std::vector<std::size_t> latest_of_each(const std::vector<std::size_t>& candidates) {
    std::map<std::string, std::size_t> of_person;
    std::vector<std::size_t> latest;
    for (const std::size_t i : candidates) {
      const std::string& who = file_.annotations[i].who;
      if (who.empty()) {
        latest.push_back(i);
        continue;
      }
      const auto [at, is_new] = of_person.emplace(who, i);
      if (is_new) continue;
      const bool later = is_later(file_, i, at->second);
      const std::size_t old = later ? at->second : i;
      if (later) at->second = i;
      say(old, Outcome::kSuperseded, "by a later annotation of " + who);
    }
    for (const auto& [who, i] : of_person) latest.push_back(i);
    std::sort(latest.begin(), latest.end());
    return latest;
  }

  void settle_labels(std::size_t item, const std::vector<std::size_t>& candidates) {
    const std::vector<std::size_t> votes = latest_of_each(candidates);
    std::map<std::int32_t, std::size_t> count;
    for (const std::size_t i : votes) ++count[label_of(i)];
    std::size_t most = 0, winners = 0;
    std::int32_t winner = 0;
    for (const auto& [label, number] : count) {
      if (number > most) {
        most = number;
        winners = 0;
        winner = label;
      }
      winners += number == most;
    }
    if (winners > 1) {
      for (const std::size_t i : votes) {
        say(i, Outcome::kDisagreement, fmt::format("{} annotators, no majority", votes.size()));
      }
      return;
    }
    std::size_t kept = ItemNames::kNone;
    for (const std::size_t i : votes) {
      if (label_of(i) != winner) {
        say(i, Outcome::kOutvoted,
            fmt::format("{} of {} say '{}'", most, votes.size(),
                        result_.classes[static_cast<std::size_t>(winner)]));
      } else if (kept == ItemNames::kNone || is_later(file_, i, kept)) {
        if (kept != ItemNames::kNone) result_.outcomes[kept] = Outcome::kAgreed;
        kept = i;
      } else {
        result_.outcomes[i] = Outcome::kAgreed;
      }
    }
    result_.labels.push_back({item, winner, kept});
  }

  void settle_boxes(std::size_t item, const std::vector<std::size_t>& candidates) {
    std::size_t kept = candidates.front();
    for (const std::size_t i : candidates) {
      if (is_later(file_, i, kept)) kept = i;
    }
    for (const std::size_t i : candidates) {
      if (i != kept) say(i, Outcome::kSuperseded, "by a later annotation of the same image");
    }
    Resolved::BoxSet set{item, {}, kept};
    std::set<std::string> unknown;
    for (const NamedRectangle& rectangle : file_.annotations[kept].boxes) {
      const auto number = class_number_.find(renamed(rectangle.label));
      if (number == class_number_.end()) {
        unknown.insert(rectangle.label);
        ++result_.boxes_left_out;
        continue;
      }
      Box box = rectangle.box;
      if (box.width < 0) {
        box.x += box.width;
        box.width = -box.width;
      }
      if (box.height < 0) {
        box.y += box.height;
        box.height = -box.height;
      }
      box.category = number->second;
      set.boxes.push_back(box);
    }
    if (!unknown.empty()) {
      std::string& why = result_.explanations[kept];
      why += fmt::format("{}unknown labels left out: {}", why.empty() ? "" : "; ",
                         fmt::join(unknown, ", "));
      if (set.boxes.empty()) {
        // Objects are there; without their labels this must not look like an image without objects.
        result_.outcomes[kept] = Outcome::kUnknownClass;
        return;
      }
    }
    result_.box_sets.push_back(std::move(set));
  }

  const AnnotationFile& file_;
  const ResolveOptions& options_;
  const ItemNames names_;
  std::map<std::string, std::int32_t> class_number_;
  Resolved result_;
};

}  // namespace

const char* outcome_name(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::size_t Resolved::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::count(outcomes.begin(), outcomes.end(), outcome));
}

std::vector<std::string> item_names(const AnnotationFile& file) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const Annotation& annotation : file.annotations) {
    const std::string& name = annotation.id.empty() ? annotation.item : annotation.id;
    if (!name.empty() && seen.insert(name).second) names.push_back(name);
  }
  return names;
}

Resolved resolve_annotations(const AnnotationFile& file, std::span<const std::string> ids,
                             const ResolveOptions& options) {
  return Resolver(file, ids, options).run();
}

}  // namespace goldpan
