#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/label/label_session.hpp>

#include "label/agreement.hpp"
#include "label/session_labels.hpp"
#include "label/session_state.hpp"

namespace goldpan {
namespace {

using namespace label;
constexpr std::size_t kLongestName = 64, kLongestNote = 2000;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
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
    const Leases::Verdict lease = state.leases.look(choice.item, missing, who);
    if (!lease.may) continue;
    if (lease.mine) {
      mine.push_back(state.shown(choice.item));
    } else if (others.size() < count) {
      others.push_back(state.shown(choice.item));
    }
  }
  for (ShownItem& item : others) {
    if (mine.size() >= count) break;
    mine.push_back(std::move(item));
  }
  for (const ShownItem& item : mine) state.leases.take(item.item, who);
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
    if (missing == 0 || state.ledger.word(choice.item, who) != nullptr ||
        !state.leases.look(choice.item, missing, who).may) {
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
    if (best - row.begin() != label || state.ledger.choice_of(item) ||
        !state.leases.look(item, 1, who).may) {
      continue;
    }
    sure.emplace_back(-*best, item);
  }
  const std::size_t more = std::min(sure.size(), count - items.size());
  std::partial_sort(sure.begin(), sure.begin() + static_cast<std::ptrdiff_t>(more), sure.end());
  for (std::size_t i = 0; i < more; ++i) items.push_back(state.shown(sure[i].second));
  for (const ShownItem& item : items) state.leases.take(item.item, who);
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
      state.leases.release(row.item, row.who);
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
  state.leases.take(rows[0].item, who);
  ++state.answer_version;
  state.worth_a_look = true;
  state.wake.notify_all();
  return rows[0].item;
}

LabelState LabelSession::state() const {
  const State& state = *state_;
  const std::lock_guard lock(state.mutex);
  LabelState result;
  result.session = state.journal.session();
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
  return agreement_of(shared);
}

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

}  // namespace goldpan
