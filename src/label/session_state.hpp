#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <goldpan/label/label_session.hpp>

#include "label/answer_journal.hpp"
#include "label/choose.hpp"
#include "label/estimates.hpp"
#include "label/learning_curve.hpp"
#include "label/leases.hpp"
#include "label/ledger.hpp"

namespace goldpan {

/// What a session holds, and the work of its background: train, choose, estimate. The functions
/// with `_if_due` are called by one thread; they take `mutex` for moments only, so that answers and
/// items are never kept waiting by them.
struct LabelSession::State {
  State(LabelPool given_pool, const std::filesystem::path& folder, const LabelOptions& given);

  /// Writes a batch that was chosen, then opens it. Called by the worker alone.
  void add_batch(const std::vector<Pick>& picks);
  /// The item with its reason and the model's guess. Requires: `mutex` is held.
  ShownItem shown(std::size_t item) const;
  /// What is labelled now. Requires: `mutex` is held.
  label::Labelled snapshot() const;

  bool train_if_due(Workers& workers);
  bool choose_if_due(Workers& workers);
  bool estimate_if_due(Workers& workers, bool always);
  /// One turn of all three; true if anything was due.
  bool turn(Workers& workers, bool all);
  /// Turns until `stopping`.
  void run_in_background();

  LabelPool pool;
  LabelOptions options;
  label::AnswerJournal journal;
  std::mutex write_mutex;    ///< the journal's; taken before `mutex`
  mutable std::mutex mutex;  ///< everything below
  label::Ledger ledger;
  std::size_t first_open = 0;  ///< every choice before it has all its answers
  label::Leases leases;
  std::shared_ptr<const label::Model> model;
  float model_temperature = 1;
  std::uint64_t answer_version = 1, trained_version = 0;
  double train_seconds = 0, select_seconds = 0;
  std::size_t truth_labels = 0;
  Truth truth;
  std::vector<Truth> curve;
  std::vector<Suspicion> suspicions;
  std::string trouble;
  bool stopping = false, worth_a_look = true;
  std::condition_variable wake;
  std::unique_ptr<Workers> manual_workers;
  std::thread background;
};

}  // namespace goldpan
