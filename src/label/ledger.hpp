#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <goldpan/label/label_session.hpp>

#include "label/agreement.hpp"
#include "label/answer_journal.hpp"
#include "session/importance_weights.hpp"

namespace goldpan::label {

/// What follows from a journal's rows: who says what now, what was picked, what is open. In memory,
/// brought up to date row by row; a restart replays the journal. Not safe to call from several
/// threads at once.
class Ledger {
 public:
  void add_batch(const BatchFacts& facts, std::span<const Choice> choices);
  void add(const Answer& answer);

  /// The answer of this key, or null.
  const Answer* find_key(const std::string& key) const;
  /// The person's present word on the item, or null.
  const Answer* word(std::size_t item, const std::string& who) const;
  /// The person's latest answer that was not taken back, or null.
  const Answer* latest(const std::string& who) const;

  /// Most votes, ties to the latest; kUnknownLabel where nobody labelled it.
  std::int32_t label(std::size_t item) const;
  /// How many people have a present word on the item.
  std::size_t words(std::size_t item) const;
  Votes votes(std::size_t item) const;
  LabelRow row(std::size_t item) const;

  /// Labelled items, ascending, each with its label.
  const std::map<std::size_t, std::int32_t>& labels() const { return labels_; }
  const std::vector<Choice>& choices() const { return choices_; }
  /// The place of an item in choices(), or nothing.
  std::optional<std::size_t> choice_of(std::size_t item) const;
  std::size_t batches() const { return batches_.size(); }
  /// Answers that a choice still needs: people who have said nothing yet.
  std::size_t missing(const Choice& choice) const;
  /// Picked items that nobody has said anything about.
  std::size_t open() const { return open_; }
  std::size_t answers() const { return present_; }
  /// Items whose latest word is of this kind, and that nobody labelled.
  std::size_t without_label(AnswerKind kind) const {
    return without_label_[static_cast<std::size_t>(kind)];
  }

  /// Batches as the estimates want them: labelled rows; random rows only of batches whose every
  /// random row has an answer, since those answered first are no random part.
  std::vector<SampledBatch> sampled() const;
  std::vector<PersonCount> people() const;
  /// Items with the words of two people or more.
  std::vector<std::pair<std::size_t, Votes>> shared() const;

 private:
  struct Said {
    std::map<std::string, std::vector<std::size_t>>
        by_person;  ///< places in answers_, oldest first
  };
  /// Brings the counts up to date after a word on the item came or went.
  void refresh(std::size_t item);

  std::vector<Answer> answers_;
  std::unordered_map<std::int64_t, std::size_t> by_sequence_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::map<std::size_t, Said> said_;
  std::map<std::string, std::vector<std::size_t>> by_person_;
  std::map<std::size_t, std::int32_t> labels_;
  std::vector<Choice> choices_;
  std::unordered_map<std::size_t, std::size_t> choice_of_;
  std::vector<BatchFacts> batches_;
  std::size_t present_ = 0;
  // Counted as words come, since every acknowledged answer tells them.
  std::size_t open_ = 0;
  std::size_t without_label_[3] = {};
  std::unordered_set<std::size_t> answered_;
  std::unordered_map<std::size_t, AnswerKind> unlabelled_;
};

}  // namespace goldpan::label
