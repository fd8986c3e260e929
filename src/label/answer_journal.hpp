#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/label/label_session.hpp>

#include "session/folder_lock.hpp"
#include "session/sqlite.hpp"

namespace goldpan::label {

/// An answer as the journal has it; rows are added, never changed.
struct Answer {
  std::int64_t sequence = 0;
  std::size_t item = 0;
  AnswerKind kind = AnswerKind::kLabel;
  std::int32_t label = kUnknownLabel;
  std::string who, note, key;
  std::int64_t when_ms = 0;
  std::int64_t undoes = 0;  ///< sequence of the answer that this row takes back; 0: it is an answer
};

/// An item that was chosen, with its audit trail.
struct Choice {
  std::size_t item = 0;
  std::size_t batch = 0;
  std::string reason;
  double score = 0;
  double inclusion_probability = 0;
  bool overlap = false;
};

struct BatchFacts {
  std::size_t unlabeled_before = 0;
};

/// SESSION/answers.db, to read beside whoever writes. Throws Error if it is not there or no
/// session.
Database read_answer_journal(const std::filesystem::path& folder);
std::vector<Answer> read_answers(const Database& database);
/// A column of one of the tables `items` and `classes`, by number.
std::vector<std::string> read_names(const Database& database, const std::string& table,
                                    const std::string& column);

/// SESSION/answers.db. Each call is one transaction, on disk when it returns. Not safe to call from
/// several threads at once.
class AnswerJournal {
 public:
  /// Opens or creates; holds SESSION/answers.lock. Throws Error as LabelSession says.
  AnswerJournal(const std::filesystem::path& folder, const LabelPool& pool, std::uint64_t seed);

  /// A name that no other session has.
  const std::string& session() const { return session_; }
  std::vector<Answer> answers() const { return read_answers(database_); }
  std::vector<Choice> choices() const;
  std::vector<BatchFacts> batches() const;
  std::vector<Truth> curve() const;

  /// Writes the answers, their sequences set, and choices that they bring along (a batch of their
  /// own, where there are any).
  void add(std::vector<Answer>& answers, std::span<const Choice> choices,
           const std::optional<BatchFacts>& batch);
  void add_truth(const Truth& truth);

 private:
  FolderLock lock_;  // before the data base: held until that is closed
  Database database_;
  std::string session_;
};

}  // namespace goldpan::label
