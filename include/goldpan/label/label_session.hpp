#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// What is to be labelled. The embeddings must outlive the session.
struct LabelPool {
  std::vector<std::string> ids;               ///< N unique names
  std::shared_ptr<const ImageSource> images;  ///< N images, or null
  Embeddings embeddings;                      ///< N x D
  std::vector<std::string> classes;           ///< C >= 2 names
};

struct LabelOptions {
  std::string strategy = "margin";
  std::size_t batch = 50;
  /// The first batch, drawn at random whatever the strategy is.
  std::size_t first_batch = 30;
  /// Share of each later batch that is drawn at random: what the accuracy is estimated from.
  double reserve = kStandardReserve;
  /// Share of the batches that a second person is asked about too.
  double overlap = 0;
  std::uint64_t seed = 0;
  int threads = 0;  ///< <= 0: all cores
  /// After so long an item that was shown and not answered goes to somebody else.
  double lease_seconds = 600;
  /// No thread in the background: the owner calls work(). For tests and simulations.
  bool manual = false;
};

/// Numbers stand in journals: stable, do not renumber.
enum class AnswerKind : std::uint8_t { kLabel = 0, kSkip = 1, kUnsure = 2 };

struct NewAnswer {
  std::size_t item = 0;
  AnswerKind kind = AnswerKind::kLabel;
  std::int32_t label = 0;  ///< of kLabel
  std::string who = "me";
  std::string note;
  /// A name of the sender's own for this answer: sent again, it counts once. "": an answer that
  /// says what the same person's last word on the item is counts once.
  std::string key;
};

struct AnswerReceipt {
  std::size_t recorded = 0;  ///< new in the journal
  std::size_t repeated = 0;  ///< there already
};

/// An item as it is shown.
struct ShownItem {
  std::size_t item = 0;
  std::string reason;          ///< cold_start, reserve, strategy, class_floor or offered
  double score = 0;            ///< the strategy's; NaN where it has none
  std::int32_t predicted = 0;  ///< or kUnknownLabel before the first model
  double confidence = 0;       ///< calibrated
  bool second_opinion = false;
};

/// An accuracy with its 95 % interval.
struct Estimate {
  double value = 0, low = 0, high = 1;
  std::size_t from = 0;  ///< random answers it rests on
};

/// What the truth panel shows.
struct Truth {
  std::size_t labels = 0;  ///< that it was computed from
  /// The mean over the closed reserves alone: unbiased for what was unlabelled when they were
  /// drawn.
  std::optional<Estimate> reserve;
  /// Over the pool, from all answers weighted by the inverse of their inclusion probabilities.
  std::optional<Estimate> pool;
  /// Expected change of accuracy with a hundred more labels.
  std::optional<Estimate> gain;
  double temperature = 1;
  double seconds = 0;
};

struct Suspicion {
  std::size_t item = 0;
  std::int32_t given = 0, suggested = 0;
  double given_probability = 0, suggested_probability = 0;
};

struct Disagreement {
  std::size_t item = 0;
  std::vector<std::pair<std::string, std::int32_t>> said;  ///< who, label
};

struct Agreement {
  std::size_t items = 0;  ///< labelled by two people or more
  double krippendorff = 0;
  struct Pair {
    std::string a, b;
    std::size_t items = 0;
    double agreed = 0;  ///< share
    double cohen = 0;
  };
  std::vector<Pair> pairs;
  std::vector<Disagreement> disagreements;
};

struct PersonCount {
  std::string who;
  std::size_t answers = 0;
  double labels_a_minute = 0;  ///< over the last 50, pauses above a minute left out
};

struct LabelState {
  std::string session;  ///< a name that no other session has
  std::size_t pool = 0, labelled = 0, skipped = 0, unsure = 0, answers = 0;
  std::size_t open = 0;     ///< picked and not yet answered
  std::size_t batches = 0;  ///< picked so far
  std::vector<std::size_t> class_counts;
  std::vector<PersonCount> people;
  std::size_t model_labels = 0;  ///< that the current model was trained on; 0: none yet
  double train_seconds = 0, select_seconds = 0;
  Truth truth;
  std::vector<Truth> curve;
  std::size_t suspicions = 0;
  std::string trouble;  ///< what went wrong in the background, or ""
};

/// One row of what a session knows.
struct LabelRow {
  std::size_t item = 0;
  std::int32_t label = 0;  ///< most votes; a tie goes to the latest
  std::string who;         ///< of the latest that says so
  std::int64_t when_ms = 0;
  std::size_t votes = 0;
};

/// A labelling session of one or more people on one pool: the journal SESSION/answers.db, a model
/// that is trained again in the background as answers come, and the next batch, ready before the
/// last is done. Safe to call from many threads.
///
/// An answer is on disk when answer() returns (SQLite in WAL mode, synchronous = FULL). Killed at
/// any moment, a session opened again on the same folder has every acknowledged answer once.
class LabelSession {
 public:
  /// Opens or resumes. Throws Error if the pool or an option is no good, or if the folder holds a
  /// session of another pool or other classes, or one that another process has open.
  LabelSession(LabelPool pool, const std::filesystem::path& folder, const LabelOptions& options);
  ~LabelSession();

  /// Up to `count` items for this person: first those shown to them before. Fewer where the rest
  /// is with others or all is done.
  std::vector<ShownItem> next(std::size_t count, const std::string& who);
  /// Unlabelled items that are predicted as `label` (kUnknownLabel: the class with most of them in
  /// the queue), those of the queue first, then the surest of the pool.
  std::vector<ShownItem> grid(std::size_t count, std::int32_t label, const std::string& who);
  /// Records all or none. Throws Error for an unknown item or label, a name or note that is too
  /// long or not UTF-8, or a key that stands for another answer.
  AnswerReceipt answer(std::span<const NewAnswer> answers);
  /// Takes back this person's latest answer; returns its item, or nothing.
  std::optional<std::size_t> undo(const std::string& who);

  LabelState state() const;
  std::vector<LabelRow> labels() const;
  std::vector<Suspicion> suspicions(std::size_t count) const;
  Agreement agreement() const;
  /// As id,label,who,when,votes: what `goldpan import` writes.
  std::string labels_csv() const;
  /// A JPEG of the item with a longer side of at most `side` pixels; 0: as it is.
  std::string image(std::size_t item, int side) const;

  const LabelPool& pool() const;
  const LabelOptions& options() const;

  /// One turn of the background's work: train, choose, estimate, whatever is due. True if anything
  /// was. With `all`, estimates are made even where little has changed.
  bool work(bool all = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The labels of a session's folder without opening the session, as labels_csv(). Reads beside a
/// running server. Throws Error if there is none.
std::string read_session_labels(const std::filesystem::path& folder);

}  // namespace goldpan
