#include <algorithm>
#include <cmath>
#include <exception>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/web_text.hpp>

#include "report/page.hpp"
#include "report/reflection_phrases.hpp"
#include "report/styles.hpp"

namespace goldpan::report {
namespace {

constexpr std::size_t kPicksShown = 14;
constexpr std::size_t kRoundsShown = 8;

// Pictures by item, each made once: strategies pick the same items.
class Thumbnails {
 public:
  explicit Thumbnails(const ReportOptions& options) : make_(options.thumbnail) {}

  /// The picture as a data URI, or nothing.
  const std::string& of(const PickRecord& pick) {
    const auto [entry, is_new] = made_.try_emplace(pick.id);
    if (is_new && complaint_.empty()) entry->second = make(pick);
    return entry->second;
  }
  const std::string& complaint() const { return complaint_; }

 private:
  std::string make(const PickRecord& pick) {
    std::string bytes;
    try {
      bytes = make_(pick);
    } catch (const std::exception& error) {
      complaint_ = fmt::format("no more thumbnails after item '{}': {}", pick.id, error.what());
      return "";
    }
    if (bytes.empty()) return "";
    const bool png = bytes.starts_with("\x89PNG");
    if (!png && !bytes.starts_with("\xFF\xD8")) {
      complaint_ = fmt::format("the thumbnail of item '{}' is neither JPEG nor PNG", pick.id);
      return "";
    }
    return fmt::format("data:image/{};base64,{}", png ? "png" : "jpeg", base64(bytes));
  }

  const std::function<std::string(const PickRecord&)>& make_;
  std::map<std::string, std::string> made_;
  std::string complaint_;
};

bool by_the_strategy(const PickRecord& pick) {
  return pick.reason == Reason::kStrategy || pick.reason == Reason::kColdStart;
}

// The first picks of one batch that the strategy itself wanted, in its order.
std::vector<const PickRecord*> first_picks(std::span<const PickRecord> picks,
                                           const std::string& strategy, std::uint64_t seed,
                                           std::size_t round) {
  std::vector<const PickRecord*> first;
  for (const PickRecord& pick : picks) {
    if (pick.round != round || pick.seed != seed || pick.strategy != strategy) continue;
    if (by_the_strategy(pick)) first.push_back(&pick);
    if (first.size() == kPicksShown) break;
  }
  return first;
}

Json item(const PickRecord& pick, const Records& records) {
  const auto label = static_cast<std::size_t>(pick.label);
  const std::string name = pick.label >= 0 && label < records.class_names.size()
                               ? records.class_names[label]
                               : std::to_string(pick.label);
  Json score;
  if (std::isfinite(pick.score)) score = std::stod(fmt::format("{:.4g}", pick.score));
  return {{"id", pick.id}, {"label", name}, {"rank", pick.rank + 1}, {"score", score}};
}

// Rounds to show: those before the whole pool, spread over the run if there are many.
std::vector<std::size_t> shown_budgets(const Grid& grid) {
  std::vector<std::size_t> budgets;
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    if (!grid.is_full(budget)) budgets.push_back(budget);
  }
  if (budgets.size() <= kRoundsShown) return budgets;
  std::vector<std::size_t> spread;
  for (std::size_t i = 0; i < kRoundsShown; ++i) {
    spread.push_back(budgets[i * (budgets.size() - 1) / (kRoundsShown - 1)]);
  }
  return spread;
}

}  // namespace

Json page_picks(const Analysis& analysis, const ReportOptions& options,
                std::vector<std::string>& warnings) {
  const Grid& grid = analysis.grid;
  if (!options.thumbnail || options.picks.empty() || grid.seeds().empty()) return nullptr;
  Thumbnails thumbnails(options);
  Json batches = Json::array();
  Json pictures = Json::object();
  const std::vector<std::size_t> budgets = shown_budgets(grid);
  for (const std::size_t budget : budgets) {
    // Strategies that show the same pictures share a strip, under all their names.
    std::vector<std::pair<Json, std::vector<std::string>>> strips;
    for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
      const RoundRecord* round = grid.at(strategy, budget, 0);
      if (round == nullptr) continue;
      Json strip = Json::array();
      for (const PickRecord* pick :
           first_picks(options.picks, grid.strategies()[strategy], grid.seeds()[0], round->round)) {
        const std::string& picture = thumbnails.of(*pick);
        if (picture.empty()) continue;
        strip.push_back(item(*pick, grid.records()));
        pictures[pick->id] = picture;
      }
      if (strip.empty()) continue;
      const std::string name = name_of(grid, strategy);
      const auto same =
          std::ranges::find_if(strips, [&](const auto& other) { return other.first == strip; });
      if (same == strips.end()) {
        strips.emplace_back(std::move(strip), std::vector{name});
      } else {
        same->second.push_back(name);
      }
    }
    if (strips.empty()) continue;
    Json batch = {{"title", fmt::format("The batch that reaches {} ({} labels)",
                                        percent(grid.budgets()[budget]),
                                        thousands(static_cast<double>(grid.labels(budget))))},
                  {"open", budget == budgets[std::min<std::size_t>(1, budgets.size() - 1)]},
                  {"strips", Json::array()}};
    for (auto& [strip, names] : strips) {
      batch["strips"].push_back({{"name", listed(names)}, {"items", std::move(strip)}});
    }
    batches.push_back(std::move(batch));
  }
  if (!thumbnails.complaint().empty()) warnings.push_back(thumbnails.complaint());
  if (batches.empty()) return nullptr;
  return {{"note", fmt::format("The first {} items of each batch at seed {} that the strategy "
                               "itself asked for, in its order; the random reserve and the class "
                               "floor are left out. Below each are its class, its id and the "
                               "strategy's score; press a picture to see it larger.",
                               kPicksShown, grid.seeds()[0])},
          {"batches", std::move(batches)},
          {"pictures", std::move(pictures)}};
}

}  // namespace goldpan::report
