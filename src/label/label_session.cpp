#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <unordered_map>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/models/temperature.hpp>

#include "label/answer_journal.hpp"
#include "label/choose.hpp"
#include "label/estimates.hpp"
#include "label/ledger.hpp"

namespace goldpan {
namespace {

using namespace label;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestName = 64, kLongestNote = 2000;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// "2026-01-31T12:00:00Z".
std::string utc(std::int64_t milliseconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(milliseconds / 1000)));
}

/// Control characters have no business in names and would garble logs and tables.
void check_text(const std::string& text, std::size_t longest, const char* what) {
  if (text.size() > longest) {
    throw Error(what, fmt::format("has {} bytes, expected at most {}", text.size(), longest));
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) {
      throw Error(what, "holds a control character");
    }
  }
}

void check(const LabelPool& pool, const LabelOptions& options) {
  if (pool.ids.empty()) throw Error("pool", "is empty");
  if (pool.embeddings.rows() != pool.ids.size()) {
    throw Error("pool", fmt::format("has {} items and {} embeddings", pool.ids.size(),
                                    pool.embeddings.rows()));
  }
  if (pool.images && pool.images->size() != pool.ids.size()) {
    throw Error("pool",
                fmt::format("has {} items and {} images", pool.ids.size(), pool.images->size()));
  }
  check_finite(pool.embeddings, "embeddings");
  if (pool.classes.size() < 2) {
    throw Error("classes", fmt::format("got {}, expected two or more", pool.classes.size()));
  }
  if (std::set<std::string>(pool.classes.begin(), pool.classes.end()).size() !=
      pool.classes.size()) {
    throw Error("classes", "a name stands there twice");
  }
  find_strategy(options.strategy);
  if (options.batch == 0 || options.first_batch == 0) throw Error("batch", "must not be 0");
  for (const double share : {options.reserve, options.overlap}) {
    if (!(share >= 0 && share <= 1)) {
      throw Error("reserve or overlap", fmt::format("got {}, expected a share from 0 to 1", share));
    }
  }
}

}  // namespace

struct LabelSession::State {
  State(LabelPool given_pool, const std::filesystem::path& folder, const LabelOptions& given)
      : pool(std::move(given_pool)), options(given), journal(folder, pool, options.seed) {
    const std::vector<Choice> choices = journal.choices();
    const std::vector<BatchFacts> batches = journal.batches();
    std::size_t at = 0;
    for (std::size_t b = 0; b < batches.size(); ++b) {
      std::size_t end = at;
      while (end < choices.size() && choices[end].batch == b) ++end;
      ledger.add_batch(batches[b], std::span(choices).subspan(at, end - at));
      at = end;
    }
    for (const Answer& answer : journal.answers()) ledger.add(answer);
    curve = journal.curve();
    if (!curve.empty()) truth = curve.back();
    if (ledger.batches() == 0) {
      Workers one(1);
      add_batch(choose_batch(pool, options, nullptr, {}, options.first_batch, 0, one));
    }
  }

  /// Writes a batch that was chosen, then opens it. Called by the worker alone.
  void add_batch(const std::vector<Pick>& picks) {
    if (picks.empty()) return;
    const std::lock_guard write(write_mutex);
    std::vector<Choice> choices;
    BatchFacts facts;
    {
      const std::lock_guard lock(mutex);
      const std::size_t number = ledger.batches();
      Generator generator = Generator(options.seed).stream("overlap").stream(number);
      facts.unlabeled_before = pool.ids.size() - ledger.choices().size();
      for (const Pick& pick : picks) {
        const bool overlap = generator.uniform() < options.overlap;
        // Offered to a person and answered while the batch was being chosen.
        if (ledger.choice_of(pick.row)) continue;
        choices.push_back({pick.row, number, reason_name(pick.reason), pick.score,
                           pick.inclusion_probability, overlap});
      }
    }
    if (choices.empty()) return;
    std::vector<Answer> none;
    journal.add(none, choices, facts);
    const std::lock_guard lock(mutex);
    ledger.add_batch(facts, choices);
  }

  ShownItem shown(std::size_t item) const {
    ShownItem result;
    result.item = item;
    result.reason = "offered";
    result.score = std::numeric_limits<double>::quiet_NaN();
    result.predicted = kUnknownLabel;
    if (const auto place = ledger.choice_of(item)) {
      const Choice& choice = ledger.choices()[*place];
      result.reason = choice.reason;
      result.score = choice.score;
      result.second_opinion = choice.overlap && ledger.words(item) > 0;
    }
    if (model) {
      const auto row = model->probabilities.row(item);
      const auto best = std::max_element(row.begin(), row.end());
      result.predicted = static_cast<std::int32_t>(best - row.begin());
      result.confidence = static_cast<double>(*best);
    }
    return result;
  }

  struct Lease {
    std::string who;
    Clock::time_point until;
  };
  /// Whether the item may be shown to `who` now; others' leases that have run out do not count.
  bool may_show(std::size_t item, std::size_t missing, const std::string& who, bool& mine) {
    mine = false;
    const auto found = leases.find(item);
    if (found == leases.end()) return true;
    const auto now = Clock::now();
    std::erase_if(found->second, [&](const Lease& lease) { return lease.until < now; });
    std::size_t others = 0;
    for (const Lease& lease : found->second) {
      mine = mine || lease.who == who;
      others += lease.who != who;
    }
    return mine || others < missing;
  }
  void lease(std::size_t item, const std::string& who) {
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(options.lease_seconds));
    auto& held = leases[item];
    for (Lease& lease : held) {
      if (lease.who == who) {
        lease.until = until;
        return;
      }
    }
    held.push_back({who, until});
  }
  void release(std::size_t item, const std::string& who) {
    const auto found = leases.find(item);
    if (found == leases.end()) return;
    std::erase_if(found->second, [&](const Lease& lease) { return lease.who == who; });
    if (found->second.empty()) leases.erase(found);
  }

  Labelled snapshot() const {
    Labelled labelled;
    for (const auto& [item, label] : ledger.labels()) {
      labelled.rows.push_back(static_cast<Index>(item));
      labelled.labels.push_back(label);
    }
    return labelled;
  }

  bool train_if_due(Workers& workers) {
    Labelled labelled;
    std::uint64_t version;
    float temperature;
    {
      const std::lock_guard lock(mutex);
      version = answer_version;
      if (version == trained_version) return false;
      labelled = snapshot();
      temperature = model_temperature;
    }
    const std::set<std::int32_t> seen(labelled.labels.begin(), labelled.labels.end());
    if (labelled.rows.size() < 5 || seen.size() < 2) {
      const std::lock_guard lock(mutex);
      trained_version = version;
      if (labelled.rows.empty()) model.reset();
      return false;
    }
    const auto begin = Clock::now();
    auto next = std::make_shared<Model>();
    next->head = make_head(pool.embeddings, pool.classes.size());
    next->head->fit(labelled.rows, labelled.labels, {}, Generator(options.seed), workers);
    next->probabilities = Matrix<float>(pool.ids.size(), pool.classes.size());
    std::vector<Index> all(pool.ids.size());
    std::iota(all.begin(), all.end(), Index{0});
    next->head->logits(all, next->probabilities, workers);
    apply_temperature(next->probabilities, temperature);
    next->temperature = temperature;
    next->labels = labelled.rows.size();
    const double seconds = seconds_since(begin);
    const std::lock_guard lock(mutex);
    model = std::move(next);
    trained_version = version;
    train_seconds = seconds;
    return true;
  }

  bool choose_if_due(Workers& workers) {
    std::vector<Index> issued;
    std::shared_ptr<const Model> with;
    std::size_t number;
    {
      const std::lock_guard lock(mutex);
      // Late enough for a model that has learned from the last batch, early enough to be ready.
      const std::size_t early = std::max<std::size_t>(10, options.batch / 4);
      if (ledger.open() >= early || ledger.choices().size() >= pool.ids.size()) return false;
      // Before the first model the first batch is answered to its end, unless it taught nothing.
      if (!model && ledger.open() > 0) return false;
      for (const Choice& choice : ledger.choices()) {
        issued.push_back(static_cast<Index>(choice.item));
      }
      with = model;
      number = ledger.batches();
    }
    std::sort(issued.begin(), issued.end());
    const auto begin = Clock::now();
    const std::vector<Pick> picks =
        choose_batch(pool, options, with.get(), issued, options.batch, number, workers);
    const double seconds = seconds_since(begin);
    add_batch(picks);
    const std::lock_guard lock(mutex);
    select_seconds = seconds;
    return !picks.empty();
  }

  bool estimate_if_due(Workers& workers, bool always) {
    constexpr std::size_t kLeast = 20;
    Labelled labelled;
    std::vector<SampledBatch> batches;
    {
      const std::lock_guard lock(mutex);
      const std::size_t count = ledger.labels().size();
      const std::size_t step = std::max<std::size_t>(10, count / 20);
      const bool due = always ? count != truth_labels : count >= truth_labels + step;
      if (count < kLeast || !due) return false;
      labelled = snapshot();
      batches = ledger.sampled();
    }
    const auto begin = Clock::now();
    const std::size_t classes = pool.classes.size();
    const OutOfFold folds =
        cross_validate(pool.embeddings, classes, labelled, options.seed, workers);
    Truth found;
    found.labels = labelled.rows.size();
    found.temperature = folds.temperature;
    found.reserve = reserve_accuracy(labelled, folds, batches);
    found.pool = pool_accuracy(labelled, folds, batches, pool.ids.size());
    found.gain = expected_gain(pool.embeddings, classes, labelled, folds, batches, pool.ids.size(),
                               100, options.seed, workers);
    std::vector<Suspicion> doubted = find_suspicions(labelled, folds);
    found.seconds = seconds_since(begin);
    {
      const std::lock_guard write(write_mutex);
      journal.add_truth(found);
    }
    const std::lock_guard lock(mutex);
    truth = found;
    truth_labels = found.labels;
    model_temperature = static_cast<float>(found.temperature);
    std::erase_if(curve, [&](const Truth& old) { return old.labels >= found.labels; });
    curve.push_back(found);
    suspicions = std::move(doubted);
    return true;
  }

  void run_in_background() {
    // Labelling must stay smooth while a model trains; threads inherit this.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 5);
    Workers workers(options.threads);
    while (true) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || worth_a_look; });
        if (stopping) return;
        worth_a_look = false;
      }
      try {
        while (turn(workers, false)) {
          const std::lock_guard lock(mutex);
          if (stopping) return;
        }
        const std::lock_guard lock(mutex);
        trouble.clear();
      } catch (const std::exception& error) {
        // Labelling goes on with the model at hand; the page shows what is wrong.
        const std::lock_guard lock(mutex);
        trouble = error.what();
      }
    }
  }

  bool turn(Workers& workers, bool all) {
    // A person who waits for items comes before a newer model.
    bool waiting;
    {
      const std::lock_guard lock(mutex);
      waiting = model && ledger.open() == 0;
    }
    bool did = waiting && choose_if_due(workers);
    did = train_if_due(workers) || did;
    did = choose_if_due(workers) || did;
    return estimate_if_due(workers, all) || did;
  }

  LabelPool pool;
  LabelOptions options;
  AnswerJournal journal;
  std::mutex write_mutex;    ///< the journal's; taken before `mutex`
  mutable std::mutex mutex;  ///< everything below
  Ledger ledger;
  std::size_t first_open = 0;  ///< every choice before it has all its answers
  std::unordered_map<std::size_t, std::vector<Lease>> leases;
  std::shared_ptr<const Model> model;
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

LabelSession::LabelSession(LabelPool pool, const std::filesystem::path& folder,
                           const LabelOptions& options) {
  check(pool, options);
  state_ = std::make_unique<State>(std::move(pool), folder, options);
  if (options.manual) {
    state_->manual_workers = std::make_unique<Workers>(options.threads);
  } else {
    state_->background = std::thread([this] { state_->run_in_background(); });
  }
}

LabelSession::~LabelSession() {
  if (!state_->background.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->background.join();
}

bool LabelSession::work(bool all) {
  if (!state_->manual_workers) throw Error("work", "is for sessions with the option `manual`");
  return state_->turn(*state_->manual_workers, all);
}

std::vector<ShownItem> LabelSession::next(std::size_t count, const std::string& who) {
  check_text(who, kLongestName, "who");
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  std::vector<ShownItem> mine, others;
  const std::vector<Choice>& choices = state.ledger.choices();
  while (state.first_open < choices.size() &&
         state.ledger.missing(choices[state.first_open]) == 0) {
    ++state.first_open;
  }
  for (std::size_t place = state.first_open; place < choices.size(); ++place) {
    const Choice& choice = choices[place];
    if (mine.size() >= count) break;
    const std::size_t missing = state.ledger.missing(choice);
    if (missing == 0 || state.ledger.word(choice.item, who) != nullptr) continue;
    bool leased_to_me;
    if (!state.may_show(choice.item, missing, who, leased_to_me)) continue;
    if (leased_to_me) {
      mine.push_back(state.shown(choice.item));
    } else if (others.size() < count) {
      others.push_back(state.shown(choice.item));
    }
  }
  for (ShownItem& item : others) {
    if (mine.size() >= count) break;
    mine.push_back(std::move(item));
  }
  for (const ShownItem& item : mine) state.lease(item.item, who);
  return mine;
}

std::vector<ShownItem> LabelSession::grid(std::size_t count, std::int32_t label,
                                          const std::string& who) {
  check_text(who, kLongestName, "who");
  State& state = *state_;
  if (label != kUnknownLabel &&
      (label < 0 || static_cast<std::size_t>(label) >= state.pool.classes.size())) {
    throw Error("label", fmt::format("got {}, expected a class", label));
  }
  const std::lock_guard lock(state.mutex);
  if (!state.model) return {};
  std::vector<std::vector<std::size_t>> queued(state.pool.classes.size());
  for (const Choice& choice : state.ledger.choices()) {
    const std::size_t missing = state.ledger.missing(choice);
    bool leased_to_me;
    if (missing == 0 || state.ledger.word(choice.item, who) != nullptr ||
        !state.may_show(choice.item, missing, who, leased_to_me)) {
      continue;
    }
    queued[static_cast<std::size_t>(state.shown(choice.item).predicted)].push_back(choice.item);
  }
  if (label == kUnknownLabel) {
    label = static_cast<std::int32_t>(
        std::max_element(queued.begin(), queued.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); }) -
        queued.begin());
  }
  std::vector<ShownItem> items;
  for (const std::size_t item : queued[static_cast<std::size_t>(label)]) {
    if (items.size() < count) items.push_back(state.shown(item));
  }
  // A screen is filled up with what the model is surest of: quick to confirm.
  std::vector<std::pair<float, std::size_t>> sure;
  for (std::size_t item = 0; items.size() < count && item < state.pool.ids.size(); ++item) {
    const auto row = state.model->probabilities.row(item);
    const auto best = std::max_element(row.begin(), row.end());
    bool leased_to_me;
    if (best - row.begin() != label || state.ledger.choice_of(item) ||
        !state.may_show(item, 1, who, leased_to_me)) {
      continue;
    }
    sure.emplace_back(-*best, item);
  }
  const std::size_t more = std::min(sure.size(), count - items.size());
  std::partial_sort(sure.begin(), sure.begin() + static_cast<std::ptrdiff_t>(more), sure.end());
  for (std::size_t i = 0; i < more; ++i) items.push_back(state.shown(sure[i].second));
  for (const ShownItem& item : items) state.lease(item.item, who);
  return items;
}

AnswerReceipt LabelSession::answer(std::span<const NewAnswer> answers) {
  State& state = *state_;
  for (const NewAnswer& given : answers) {
    if (given.item >= state.pool.ids.size()) throw Error("id", "is of no item");
    if (given.kind == AnswerKind::kLabel &&
        (given.label < 0 || static_cast<std::size_t>(given.label) >= state.pool.classes.size())) {
      throw Error("label", fmt::format("got {}, expected a class", given.label));
    }
    check_text(given.who, kLongestName, "who");
    check_text(given.key, kLongestName, "key");
    check_text(given.note, kLongestNote, "note");
    if (given.who.empty()) throw Error("who", "is empty");
  }
  AnswerReceipt receipt;
  const std::lock_guard write(state.write_mutex);
  std::vector<Answer> rows;
  std::vector<Choice> offered;
  BatchFacts facts;
  {
    const std::lock_guard lock(state.mutex);
    facts.unlabeled_before = state.pool.ids.size() - state.ledger.choices().size();
    std::set<std::size_t> seen_items;
    std::set<std::string> seen_keys;
    for (const NewAnswer& given : answers) {
      Answer row;
      row.item = given.item;
      row.kind = given.kind;
      row.label = given.kind == AnswerKind::kLabel ? given.label : kUnknownLabel;
      row.who = given.who;
      row.note = given.note;
      row.key = given.key;
      row.when_ms = now_ms();
      const auto same = [&](const Answer& old) {
        return old.undoes == 0 && old.item == row.item && old.kind == row.kind &&
               old.label == row.label && old.who == row.who;
      };
      if (!row.key.empty()) {
        if (const Answer* old = state.ledger.find_key(row.key)) {
          if (!same(*old))
            throw Error("key", fmt::format("'{}' stands for another answer", row.key));
          ++receipt.repeated;
          continue;
        }
        if (!seen_keys.insert(row.key).second) {
          throw Error("key", fmt::format("'{}' stands there twice", row.key));
        }
      } else if (const Answer* old = state.ledger.word(row.item, row.who);
                 old != nullptr && same(*old) && old->note == row.note) {
        ++receipt.repeated;
        continue;
      }
      if (!seen_items.insert(row.item).second) {
        throw Error("id", "one item is answered twice in one request");
      }
      if (!state.ledger.choice_of(row.item)) {
        offered.push_back({row.item, state.ledger.batches(), "offered",
                           std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::quiet_NaN(), false});
      }
      rows.push_back(std::move(row));
    }
  }
  if (!rows.empty()) {
    // On disk before anybody is told: readers go on meanwhile.
    state.journal.add(rows, offered, facts);
    const std::lock_guard lock(state.mutex);
    if (!offered.empty()) state.ledger.add_batch(facts, offered);
    for (const Answer& row : rows) {
      state.ledger.add(row);
      state.release(row.item, row.who);
    }
    ++state.answer_version;
    state.worth_a_look = true;
  }
  state.wake.notify_all();
  receipt.recorded = rows.size();
  return receipt;
}

std::optional<std::size_t> LabelSession::undo(const std::string& who) {
  check_text(who, kLongestName, "who");
  State& state = *state_;
  const std::lock_guard write(state.write_mutex);
  std::vector<Answer> rows;
  {
    const std::lock_guard lock(state.mutex);
    const Answer* latest = state.ledger.latest(who);
    if (latest == nullptr) return std::nullopt;
    Answer row = *latest;
    row.undoes = latest->sequence;
    row.key.clear();
    row.note.clear();
    row.when_ms = now_ms();
    rows.push_back(std::move(row));
  }
  state.journal.add(rows, {}, std::nullopt);
  const std::lock_guard lock(state.mutex);
  state.ledger.add(rows[0]);
  state.first_open = 0;
  state.lease(rows[0].item, who);
  ++state.answer_version;
  state.worth_a_look = true;
  state.wake.notify_all();
  return rows[0].item;
}

LabelState LabelSession::state() const {
  const State& state = *state_;
  const std::lock_guard lock(state.mutex);
  LabelState result;
  result.pool = state.pool.ids.size();
  result.labelled = state.ledger.labels().size();
  result.skipped = state.ledger.without_label(AnswerKind::kSkip);
  result.unsure = state.ledger.without_label(AnswerKind::kUnsure);
  result.answers = state.ledger.answers();
  result.open = state.ledger.open();
  result.batches = state.ledger.batches();
  result.class_counts.resize(state.pool.classes.size());
  for (const auto& [item, label] : state.ledger.labels()) {
    ++result.class_counts[static_cast<std::size_t>(label)];
  }
  result.people = state.ledger.people();
  result.model_labels = state.model ? state.model->labels : 0;
  result.train_seconds = state.train_seconds;
  result.select_seconds = state.select_seconds;
  result.truth = state.truth;
  result.curve = state.curve;
  result.suspicions = state.suspicions.size();
  result.trouble = state.trouble;
  return result;
}

std::vector<LabelRow> LabelSession::labels() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<LabelRow> rows;
  for (const auto& [item, label] : state_->ledger.labels())
    rows.push_back(state_->ledger.row(item));
  return rows;
}

std::vector<Suspicion> LabelSession::suspicions(std::size_t count) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Suspicion> found;
  for (const Suspicion& suspicion : state_->suspicions) {
    // Changed since the model doubted it: no longer the answer that was doubted.
    if (found.size() < count && state_->ledger.label(suspicion.item) == suspicion.given) {
      found.push_back(suspicion);
    }
  }
  return found;
}

Agreement LabelSession::agreement() const {
  std::vector<std::pair<std::size_t, Votes>> shared;
  {
    const std::lock_guard lock(state_->mutex);
    shared = state_->ledger.shared();
  }
  Agreement agreement;
  agreement.items = shared.size();
  std::vector<Votes> votes;
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::int32_t, std::int32_t>>>
      pairs;
  for (const auto& [item, given] : shared) {
    votes.push_back(given);
    bool same = true;
    for (auto a = given.begin(); a != given.end(); ++a) {
      same = same && a->second == given.begin()->second;
      for (auto b = std::next(a); b != given.end(); ++b) {
        pairs[{a->first, b->first}].emplace_back(a->second, b->second);
      }
    }
    if (!same) agreement.disagreements.push_back({item, {given.begin(), given.end()}});
  }
  agreement.krippendorff = krippendorff_alpha(votes);
  for (const auto& [people, given] : pairs) {
    const auto agreed = std::count_if(given.begin(), given.end(),
                                      [](const auto& pair) { return pair.first == pair.second; });
    agreement.pairs.push_back({people.first, people.second, given.size(),
                               static_cast<double>(agreed) / static_cast<double>(given.size()),
                               cohen_kappa(given)});
  }
  return agreement;
}

namespace {

std::string rows_csv(const std::vector<LabelRow>& rows, const std::vector<std::string>& ids,
                     const std::vector<std::string>& classes) {
  std::string table = "id,label,who,when,votes\n";
  for (const LabelRow& row : rows) {
    table += csv_text(ids[row.item]) + "," +
             csv_text(classes[static_cast<std::size_t>(row.label)]) + "," + csv_text(row.who) +
             "," + utc(row.when_ms) + "," + std::to_string(row.votes) + "\n";
  }
  return table;
}

}  // namespace

std::string LabelSession::labels_csv() const {
  return rows_csv(labels(), state_->pool.ids, state_->pool.classes);
}

std::string LabelSession::image(std::size_t item, int side) const {
  const LabelPool& pool = state_->pool;
  if (item >= pool.ids.size()) throw Error("id", "is of no item");
  if (!pool.images) throw Error("id", "has no image");
  Image image = pool.images->load(item, side);
  const int longer = std::max(image.width, image.height);
  if (side > 0 && longer > side) {
    const auto scaled = [&](int length) {
      return std::max(1,
                      static_cast<int>(std::lround(static_cast<double>(length) * side / longer)));
    };
    image = resize_bicubic(image, scaled(image.width), scaled(image.height));
  }
  return encode_jpeg(image, 92);
}

const LabelPool& LabelSession::pool() const { return state_->pool; }
const LabelOptions& LabelSession::options() const { return state_->options; }

std::string read_session_labels(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "answers.db";
  if (!std::filesystem::exists(path)) throw Error(path.string(), "no such labelling session");
  const Database database(path, Database::Mode::kReadOnly);
  Ledger ledger;
  for (const Answer& answer : read_answers(database)) ledger.add(answer);
  std::vector<LabelRow> rows;
  for (const auto& [item, label] : ledger.labels()) rows.push_back(ledger.row(item));
  return rows_csv(rows, read_names(database, "items", "id"),
                  read_names(database, "classes", "name"));
}

}  // namespace goldpan
