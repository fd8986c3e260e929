#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/distributed/rounds.hpp>

#include "distributed/steps.hpp"
#include "strategies/check.hpp"
#include "strategies/silence.hpp"

namespace goldpan {
namespace distributed {
namespace {

constexpr OptionInfo kDedupOptions[] = {
    {.name = "cosine",
     .standard = "0.95",
     .help = "rows as similar as this are one",
     .most = 1,
     .above_least = true},
    {.name = "handful",
     .type = OptionType::kCount,
     .standard = "16384",
     .help = "kept rows that are on their way from one shard to the others at once",
     .least = 1}};
constexpr StrategyInfo kDedup = {.name = "dedup",
                                 .summary = "rows of which none is another's twin",
                                 .paper = "",
                                 .needs = {.embeddings = true},
                                 .options = kDedupOptions,
                                 .select = nullptr};

constexpr auto kRounds = std::to_array<Rounds>({
    {"random", random_shard, random_merger},
    {"k_center", k_center_shard, k_center_merger},
    {"badge", badge_shard, badge_merger},
    {"hybrid", hybrid_shard, hybrid_merger},
    {"entropy", scores_shard, scores_merger},
    {"margin", scores_shard, smallest_scores_merger},
    {"least_confidence", scores_shard, scores_merger},
    {"bald", scores_shard, scores_merger},
    {"max_herding", herding_shard, herding_merger},
    {"uherding", herding_shard, herding_merger},
    {"dedup", dedup_shard, dedup_merger, &kDedup},
});

const Rounds& find_rounds(std::string_view strategy) {
  std::string known;
  for (const Rounds& rounds : kRounds) {
    if (rounds.strategy == strategy) return rounds;
    if (rounds.task != nullptr) continue;
    known += (known.empty() ? "" : ", ") + std::string(rounds.strategy);
  }
  find_strategy(strategy);
  throw Error("strategy", fmt::format("'{}' needs the whole pool in one place, expected one of: {}",
                                      strategy, known));
}

StrategyOptions resolve(const StrategyInfo& info, const StrategyOptions& options) {
  StrategyOptions resolved = options;
  resolved.values = options.values.resolve(info.options, info.name);
  return resolved;
}

/// How a checkpoint begins. Another protocol is another number.
constexpr std::string_view kTitle = "goldpan rounds 2";

/// The first byte of a request.
enum class Ask : std::uint8_t { kCensus, kSteps };

/// How wide a shard's inputs are; all must agree.
struct Widths {
  std::uint64_t embeddings, embeddings_half, features, probabilities, passes, classes;
  bool operator==(const Widths&) const = default;
};

Widths widths_of(const ShardView& shard) {
  const StrategyNeeds& needs = shard.info.needs;
  const Pool& pool = shard.pool;
  Widths widths = {};
  if (needs.embeddings) {
    widths.embeddings = pool.embeddings.cols();
    widths.embeddings_half = pool.embeddings.is_half() ? 1 : 0;
  }
  if (needs.features) widths.features = pool.head_features().cols();
  if (needs.probabilities) widths.probabilities = pool.probabilities.cols();
  if (needs.passes && pool.passes != nullptr) {
    widths.passes = pool.passes->passes();
    widths.classes = pool.passes->classes();
  }
  return widths;
}

std::string describe(const Widths& widths) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(widths.embeddings, widths.embeddings_half != 0 ? "columns of float16 embeddings"
                                                     : "columns of float32 embeddings");
  add(widths.features, "features");
  add(widths.probabilities, "classes");
  add(widths.passes, "passes");
  add(widths.classes, "classes of passes");
  return text.empty() ? "nothing" : text;
}

}  // namespace

std::size_t MergeView::shard_of(std::size_t row) const {
  const auto after = std::ranges::upper_bound(shards, row, {}, &Census::first_row);
  return static_cast<std::size_t>(after - shards.begin()) - 1;
}

}  // namespace distributed

using distributed::Ask;
using distributed::Census;
using distributed::kTitle;
using distributed::Reader;
using distributed::Writer;

bool has_rounds(std::string_view strategy) {
  return std::ranges::any_of(distributed::kRounds, [&](const distributed::Rounds& rounds) {
    return rounds.task == nullptr && rounds.strategy == strategy;
  });
}

struct Proposer::State {
  distributed::ShardView shard;
  std::unique_ptr<distributed::ShardSteps> steps;
};

Proposer::Proposer(std::string_view strategy, const Pool& pool, std::size_t first_row,
                   Workers& workers, const StrategyOptions& options)
    : state_(std::make_unique<State>(
          State{{distributed::find_rounds(strategy).info(), pool, first_row,
                 distributed::resolve(distributed::find_rounds(strategy).info(), options), workers},
                nullptr})) {
  const distributed::Rounds& rounds = distributed::find_rounds(strategy);
  if (rounds.task == nullptr && (!pool.labeled.empty() || !pool.unlabeled.empty())) {
    // A batch of one: what is looked at only when something is to be picked is looked at here.
    check_pool(state_->shard.info, pool, pool.unlabeled.empty() ? 0 : 1, workers);
  }
  state_->steps = rounds.shard(state_->shard);
}

Proposer::~Proposer() = default;
Proposer::Proposer(Proposer&&) noexcept = default;
Proposer& Proposer::operator=(Proposer&&) noexcept = default;

std::string Proposer::propose(std::string_view request) {
  Reader reader(request);
  Writer answer;
  if (reader.get<Ask>() == Ask::kCensus) {
    const Pool& pool = state_->shard.pool;
    const std::size_t rows = pool.labeled.size() + pool.unlabeled.size();
    answer.put(Census{state_->shard.first_row, rows, pool.labeled.size(), pool.unlabeled.size()});
    answer.put(distributed::widths_of(state_->shard));
  } else {
    state_->steps->propose(reader, answer);
  }
  if (!reader.finished()) throw Error("message", "goes on after its end");
  return answer.take();
}

struct Merger::State {
  State(const distributed::Rounds& of, std::size_t shards, distributed::MergeView view)
      : rounds(of), shard_count(shards), merge(std::move(view)) {}

  const distributed::Rounds& rounds;
  std::size_t shard_count;
  distributed::MergeView merge;
  std::unique_ptr<distributed::MergerSteps> steps;  // once the census is in
  RoundsCost cost;

  void take_census(std::vector<Reader>& answers);
};

void Merger::State::take_census(std::vector<Reader>& answers) {
  std::optional<distributed::Widths> first;
  std::size_t first_shard = 0, rows = 0;
  for (std::size_t s = 0; s < shard_count; ++s) {
    const auto census = answers[s].get<Census>();
    const auto widths = answers[s].get<distributed::Widths>();
    const std::string where = fmt::format("shard {}", s);
    if (census.first_row != rows) {
      throw Error(where, fmt::format("begins at row {}, expected {}, the end of the shard before",
                                     census.first_row, rows));
    }
    rows += census.rows;
    merge.labeled += census.labeled;
    merge.unlabeled += census.unlabeled;
    merge.shards.push_back(census);
    if (census.rows == 0) continue;  // an empty shard may not know how wide it would be
    if (!first) {
      first = widths;
      first_shard = s;
      merge.has_probabilities = widths.probabilities > 0;
    } else if (widths != *first) {
      throw Error(where, fmt::format("has {}, expected {} as shard {}", describe(widths),
                                     describe(*first), first_shard));
    }
  }
  if (merge.batch > merge.unlabeled) {
    throw Error("batch", fmt::format("got {}, expected at most the {} unlabelled rows", merge.batch,
                                     merge.unlabeled));
  }
}

Merger::Merger(std::string_view strategy, std::size_t shards, std::size_t batch,
               const Generator& generator, Workers& workers, const StrategyOptions& options)
    : state_(std::make_unique<State>(
          distributed::find_rounds(strategy), shards,
          distributed::MergeView{
              distributed::find_rounds(strategy).info(),
              batch,
              generator,
              distributed::resolve(distributed::find_rounds(strategy).info(), options),
              workers,
              {},
              0,
              0})) {
  if (shards == 0) throw Error("shards", "got none, expected at least one");
}

Merger::~Merger() = default;
Merger::Merger(Merger&&) noexcept = default;
Merger& Merger::operator=(Merger&&) noexcept = default;

bool Merger::done() const {
  return state_->steps != nullptr &&
         ((state_->merge.batch == 0 && state_->rounds.task == nullptr) || state_->steps->done());
}

std::string Merger::request(std::size_t shard, bool fresh) const {
  Writer writer;
  std::string request;
  if (state_->steps == nullptr) {
    writer.put(Ask::kCensus);
    request = writer.take();
  } else {
    Writer steps;
    state_->steps->request(shard, fresh, steps);
    if (steps.empty()) return {};
    writer.put(Ask::kSteps);
    request = writer.take() + steps.take();
  }
  state_->cost.bytes_sent += request.size();
  return request;
}

void Merger::merge(std::span<const std::string> answers) {
  if (answers.size() != state_->shard_count) {
    throw Error("answers", fmt::format("got {}, expected one for each of {} shards", answers.size(),
                                       state_->shard_count));
  }
  std::vector<Reader> readers;
  for (const std::string& answer : answers) {
    readers.emplace_back(answer);
    state_->cost.bytes_received += answer.size();
  }
  ++state_->cost.rounds;
  if (state_->steps == nullptr) {
    state_->take_census(readers);
    state_->steps = state_->rounds.merger(state_->merge);
    return;
  }
  state_->steps->merge(readers);
  // What select() says of scores that are all equal; of the inputs as a whole nobody here knows.
  if (state_->rounds.task == nullptr && state_->steps->done())
    note_silence(state_->merge.info, {}, state_->steps->selection);
}

std::size_t Merger::picked() const {
  return state_->steps == nullptr ? 0 : state_->steps->progress();
}

const Selection& Merger::selection() const { return state_->steps->selection; }
Duplicates Merger::duplicates() const {
  Duplicates found;
  found.kept = state_->steps->selection.indices;
  found.kept_row_of.resize(state_->merge.labeled + state_->merge.unlabeled);
  std::iota(found.kept_row_of.begin(), found.kept_row_of.end(), Index{0});
  for (const auto& [row, kept] : state_->steps->twins) found.kept_row_of.at(row) = kept;
  return found;
}
const RoundsCost& Merger::cost() const { return state_->cost; }

std::string Merger::checkpoint() const {
  Writer writer;
  writer.put_text(kTitle);
  writer.put_text(state_->rounds.strategy);
  writer.put<std::uint64_t>(state_->merge.batch);
  // Equal generators give equal bits: a checkpoint of another seed is told by them.
  writer.put(state_->merge.generator.stream("checkpoint").bits64());
  writer.put_all(state_->merge.shards);
  writer.put(state_->cost);
  writer.put<std::uint8_t>(state_->merge.has_probabilities ? 1 : 0);
  if (state_->steps != nullptr) state_->steps->save(writer);
  return writer.take();
}

void Merger::restore(std::string_view checkpoint) {
  Reader reader(checkpoint);
  const auto expect = [](bool same, const char* what) {
    if (!same)
      throw Error("checkpoint", fmt::format("is of another {}; remove it to begin anew", what));
  };
  Writer title;
  title.put_text(kTitle);
  expect(checkpoint.starts_with(title.take()), "kind of file or version");
  reader.get_text();
  expect(reader.get_text() == state_->rounds.strategy, "strategy");
  expect(reader.get<std::uint64_t>() == state_->merge.batch, "batch");
  expect(reader.get<std::uint64_t>() == state_->merge.generator.stream("checkpoint").bits64(),
         "seed");
  std::vector<Census> shards = reader.get_all<Census>();
  const auto cost = reader.get<RoundsCost>();
  const bool has_probabilities = reader.get<std::uint8_t>() != 0;
  if (reader.finished()) return;  // before or without anything worth saving: from the beginning
  expect(shards.size() == state_->shard_count, "number of shards");
  state_->merge.shards = std::move(shards);
  state_->merge.has_probabilities = has_probabilities;
  state_->merge.labeled = state_->merge.unlabeled = 0;
  for (const Census& census : state_->merge.shards) {
    state_->merge.labeled += census.labeled;
    state_->merge.unlabeled += census.unlabeled;
  }
  state_->steps = state_->rounds.merger(state_->merge);
  state_->steps->load(reader);
  state_->cost = cost;
  if (!reader.finished()) throw Error("checkpoint", "goes on after its end");
}

std::size_t deal(std::string_view id, std::size_t shards, std::uint64_t seed) {
  return Generator(seed).stream("deal").stream(id).below(shards);
}

}  // namespace goldpan
