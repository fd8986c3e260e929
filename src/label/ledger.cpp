#include "label/ledger.hpp"

#include <algorithm>
#include <cmath>

namespace goldpan::label {
namespace {

bool is_uniform(const Choice& choice) {
  return choice.reason == "reserve" ||
         (choice.reason == "cold_start" && !std::isnan(choice.inclusion_probability));
}

}  // namespace

void Ledger::add_batch(const BatchFacts& facts, std::span<const Choice> choices) {
  batches_.push_back(facts);
  for (const Choice& choice : choices) {
    choice_of_.emplace(choice.item, choices_.size());
    open_ += !answered_.contains(choice.item);
    choices_.push_back(choice);
  }
}

void Ledger::add(const Answer& answer) {
  if (answer.undoes > 0) {
    if (!answer.key.empty()) by_key_.emplace(answer.key, answers_.size());
    by_sequence_.emplace(answer.sequence, answers_.size());
    answers_.push_back(answer);
    const auto undone = by_sequence_.find(answer.undoes);
    if (undone == by_sequence_.end()) return;
    const Answer& old = answers_[undone->second];
    auto& stack = said_[old.item].by_person[old.who];
    present_ -= std::erase(stack, undone->second);
    if (stack.empty()) said_[old.item].by_person.erase(old.who);
    std::erase(by_person_[old.who], undone->second);
    refresh(old.item);
    return;
  }
  const std::size_t place = answers_.size();
  if (!answer.key.empty()) by_key_.emplace(answer.key, place);
  by_sequence_.emplace(answer.sequence, place);
  answers_.push_back(answer);
  said_[answer.item].by_person[answer.who].push_back(place);
  by_person_[answer.who].push_back(place);
  ++present_;
  refresh(answer.item);
}

const Answer* Ledger::find_key(const std::string& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &answers_[found->second];
}

const Answer* Ledger::word(std::size_t item, const std::string& who) const {
  const auto said = said_.find(item);
  if (said == said_.end()) return nullptr;
  const auto person = said->second.by_person.find(who);
  return person == said->second.by_person.end() || person->second.empty()
             ? nullptr
             : &answers_[person->second.back()];
}

const Answer* Ledger::latest(const std::string& who) const {
  const auto person = by_person_.find(who);
  return person == by_person_.end() || person->second.empty() ? nullptr
                                                              : &answers_[person->second.back()];
}

std::size_t Ledger::words(std::size_t item) const {
  const auto said = said_.find(item);
  return said == said_.end() ? 0 : said->second.by_person.size();
}

Votes Ledger::votes(std::size_t item) const {
  Votes votes;
  const auto said = said_.find(item);
  if (said == said_.end()) return votes;
  for (const auto& [who, stack] : said->second.by_person) {
    const Answer& answer = answers_[stack.back()];
    if (answer.kind == AnswerKind::kLabel) votes[who] = answer.label;
  }
  return votes;
}

LabelRow Ledger::row(std::size_t item) const {
  LabelRow row{item, kUnknownLabel, {}, 0, 0};
  const auto said = said_.find(item);
  if (said == said_.end()) return row;
  std::map<std::int32_t, std::pair<std::size_t, std::size_t>> count;  // label -> votes, latest
  for (const auto& [who, stack] : said->second.by_person) {
    const Answer& answer = answers_[stack.back()];
    if (answer.kind != AnswerKind::kLabel) continue;
    auto& [votes, latest] = count[answer.label];
    ++votes;
    latest = std::max(latest, stack.back() + 1);
  }
  std::pair<std::size_t, std::size_t> best{0, 0};
  for (const auto& [label, rank] : count) {
    if (rank <= best) continue;
    best = rank;
    const Answer& answer = answers_[rank.second - 1];
    row = {item, label, answer.who, answer.when_ms, rank.first};
  }
  return row;
}

std::int32_t Ledger::label(std::size_t item) const {
  const auto found = labels_.find(item);
  return found == labels_.end() ? kUnknownLabel : found->second;
}

void Ledger::refresh(std::size_t item) {
  const std::int32_t now = row(item).label;
  if (now == kUnknownLabel) {
    labels_.erase(item);
  } else {
    labels_[item] = now;
  }
  const bool answered = words(item) > 0;
  if (answered != answered_.contains(item)) {
    const bool chosen = choice_of_.contains(item);
    if (answered) {
      answered_.insert(item);
      open_ -= chosen;
    } else {
      answered_.erase(item);
      open_ += chosen;
    }
  }
  if (const auto old = unlabelled_.find(item); old != unlabelled_.end()) {
    --without_label_[static_cast<std::size_t>(old->second)];
    unlabelled_.erase(old);
  }
  if (answered && now == kUnknownLabel) {
    std::size_t latest = 0;
    for (const auto& [who, stack] : said_[item].by_person) latest = std::max(latest, stack.back());
    unlabelled_.emplace(item, answers_[latest].kind);
    ++without_label_[static_cast<std::size_t>(answers_[latest].kind)];
  }
}

std::optional<std::size_t> Ledger::choice_of(std::size_t item) const {
  const auto found = choice_of_.find(item);
  if (found == choice_of_.end()) return std::nullopt;
  return found->second;
}

std::size_t Ledger::missing(const Choice& choice) const {
  const std::size_t wanted = choice.overlap ? 2 : 1, have = words(choice.item);
  return have >= wanted ? 0 : wanted - have;
}

std::vector<SampledBatch> Ledger::sampled() const {
  std::vector<SampledBatch> result(batches_.size());
  std::vector<bool> closed(batches_.size(), true);
  for (const Choice& choice : choices_) {
    if (is_uniform(choice) && words(choice.item) == 0) closed[choice.batch] = false;
  }
  for (std::size_t b = 0; b < batches_.size(); ++b) {
    result[b].unlabeled_before = batches_[b].unlabeled_before;
  }
  for (const Choice& choice : choices_) {
    if (!labels_.contains(choice.item)) continue;
    SampledBatch& batch = result[choice.batch];
    if (!is_uniform(choice)) {
      batch.certain.push_back(static_cast<Index>(choice.item));
    } else if (closed[choice.batch]) {
      batch.uniform.push_back(static_cast<Index>(choice.item));
    }
  }
  return result;
}

std::vector<PersonCount> Ledger::people() const {
  constexpr std::size_t kWindow = 50;
  constexpr std::int64_t kPause = 60'000;
  std::vector<PersonCount> people;
  for (const auto& [who, places] : by_person_) {
    if (places.empty()) continue;
    double gaps = 0, milliseconds = 0;
    for (std::size_t i = places.size() > kWindow ? places.size() - kWindow : 1; i < places.size();
         ++i) {
      const std::int64_t gap = answers_[places[i]].when_ms - answers_[places[i - 1]].when_ms;
      if (gap < 0 || gap > kPause) continue;
      ++gaps;
      milliseconds += static_cast<double>(gap);
    }
    people.push_back({who, places.size(), milliseconds > 0 ? gaps / milliseconds * 60'000 : 0});
  }
  return people;
}

std::vector<std::pair<std::size_t, Votes>> Ledger::shared() const {
  std::vector<std::pair<std::size_t, Votes>> shared;
  for (const auto& [item, said] : said_) {
    if (said.by_person.size() < 2) continue;
    Votes given = votes(item);
    if (given.size() > 1) shared.emplace_back(item, std::move(given));
  }
  return shared;
}

}  // namespace goldpan::label
