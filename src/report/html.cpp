#include "report/html.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "report/assets.hpp"
#include "report/csv.hpp"
#include "report/figure_scripts.hpp"
#include "report/reflection_phrases.hpp"
#include "report/styles.hpp"

namespace goldpan::report {
namespace {

// A colour mixed with white, so that it stands out on dark paper.
std::string lightened(const std::string& color) {
  std::string text = "#";
  for (int part = 0; part < 3; ++part) {
    const int value = std::stoi(color.substr(1 + 2 * part, 2), nullptr, 16);
    text += fmt::format("{:02x}", value + (255 - value) * 35 / 100);
  }
  return text;
}

std::string strategy_colors(const Grid& grid) {
  std::string light, dark;
  const std::vector<Style> styles = styles_of(grid.strategies());
  for (std::size_t s = 0; s < styles.size(); ++s) {
    light += fmt::format("--s{}:{};", s, styles[s].baseline ? "var(--ink)" : styles[s].color);
    dark +=
        fmt::format("--s{}:{};", s, styles[s].baseline ? "var(--ink)" : lightened(styles[s].color));
  }
  return fmt::format(
      ":root{{{0}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{1}}}}}\n", light,
      dark);
}

std::string tile(const std::string& value, const std::string& meaning) {
  return fmt::format("<li><b>{}</b><span>{}</span></li>\n", escaped(value), escaped(meaning));
}

std::string tiles(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  std::string text = "<ul class=\"tiles\">\n";
  if (std::isfinite(analysis.full_accuracy)) {
    text += tile(fixed(100 * analysis.full_accuracy, 1) + " %",
                 fmt::format("accuracy with all {} labels",
                             thousands(static_cast<double>(grid.labels(*grid.full())))));
  }
  std::size_t better = 0;
  std::size_t worse = 0;
  std::size_t tested = 0;
  const Area* best = nullptr;
  for (const Area& area : analysis.areas) {
    const Comparison& comparison = area.against_random;
    if (comparison.test.n == 0) continue;
    ++tested;
    better += comparison.verdict == "better" ? 1 : 0;
    worse += comparison.verdict == "worse" ? 1 : 0;
    if (best == nullptr || comparison.test.mean > best->against_random.test.mean) best = &area;
  }
  if (best != nullptr) {
    text += tile(
        signed_fixed(best->against_random.test.mean, 2) + " points",
        fmt::format("largest mean gain over random, area under the curve: {} ({})",
                    name_of(grid, best->against_random.strategy), best->against_random.verdict));
    text += tile(fmt::format("{} / {} / {}", better, worse, tested - better - worse),
                 "strategies better / worse / not shown against random, over all budgets");
  }
  if (analysis.check.applies()) {
    text += tile(analysis.check.passed() ? "passed" : "failed",
                 fmt::format("check at 100 %: accuracies within {} points",
                             fixed(analysis.check.spread, 2)));
  }
  text += tile(fmt::format("{}", grid.seeds().size()),
               grid.seeds().size() == 1 ? "seed: no difference can be shown" : "seeds, paired");
  return text + "</ul>\n";
}

std::string warning_box(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return "";
  std::string text =
      "<div class=\"warnings\" role=\"note\"><strong>Before you believe it</strong><ul>\n";
  for (const std::string& warning : warnings) text += "<li>" + with_code(warning) + "</li>\n";
  return text + "</ul></div>\n";
}

std::string curves_section(const Analysis& analysis) {
  std::string text =
      "<section id=\"curves-section\"><h2>Learning curves</h2>\n"
      "<p class=\"note\">Mean over seeds, shaded ±1 standard deviation. Point at a chart, or focus "
      "it and "
      "use the arrow keys, to read its values.</p>\n"
      "<div class=\"legend\" id=\"legend\" role=\"group\" aria-label=\"Strategies shown\"></div>\n"
      "<div class=\"controls\">\n<label>Measure <select id=\"metric\">"
      "<option value=\"accuracy\">accuracy</option><option value=\"balanced_accuracy\">balanced "
      "accuracy</option><option value=\"macro_f1\">macro F1</option><option value=\"nll\">negative "
      "log-likelihood</option></select></label>\n"
      "<label><input type=\"checkbox\" id=\"per-seed\"> each seed</label>\n";
  if (analysis.grid.seeds().size() > 1) {
    text += "<label><input type=\"checkbox\" id=\"bands\" checked> ±1 standard deviation</label>\n";
  }
  text +=
      "<label><input type=\"checkbox\" id=\"log\" checked> logarithmic budget</label>\n</div>\n"
      "<div class=\"pair\"><figure class=\"chart\" id=\"curves\"><figcaption "
      "id=\"curve-title\">Test "
      "set</figcaption></figure>\n";
  if (analysis.grid.random()) {
    text +=
        "<figure class=\"chart\" id=\"gains-chart\"><figcaption>Difference from random at the same "
        "seed</figcaption></figure>\n";
  }
  return text +
         "</div><noscript><p>The charts need JavaScript; all tables below do not.</p></noscript>"
         "</section>\n";
}

std::string options_of(const std::vector<std::string>& names, std::size_t chosen) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("<option value=\"{}\"{}>{}</option>", i, i == chosen ? " selected" : "",
                        escaped(names[i]));
  }
  return text;
}

std::vector<std::string> strategy_names(const Grid& grid) {
  std::vector<std::string> names;
  for (const Style& style : styles_of(grid.strategies())) names.push_back(style.label);
  return names;
}

std::string classes_section(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  const Records& records = grid.records();
  if (records.class_names.empty()) return "";
  std::string text = fmt::format(
      "<section id=\"classes\"><h2>Labels per class</h2>\n<p>Labels bought so far, mean over "
      "seeds; × is the "
      "class's share of them over its share of the pool. A class that starves stands out in "
      "orange.</p>\n<div class=\"controls\"><label>Strategy <select "
      "id=\"class-strategy\">{}</select></label></div>\n<div class=\"scroll\"><table><thead><tr>"
      "<th scope=\"col\">class</th>",
      options_of(strategy_names(grid),
                 grid.random() == 0U && grid.strategies().size() > 1 ? 1 : 0));
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    text += fmt::format("<th scope=\"col\">{}</th>", percent(grid.budgets()[budget]));
  }
  return text +
         "<th scope=\"col\">pool</th></tr></thead><tbody id=\"class-table\"></tbody></table></div>"
         "</section>\n";
}

std::string calibration_section(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  if (!has_reliability(grid)) return "";
  std::vector<std::string> budgets;
  for (const double budget : grid.budgets()) budgets.push_back(percent(budget));
  return fmt::format(
      "<section id=\"calibration\"><h2>Calibration</h2>\n<p>Left: the share predicted right among "
      "predictions of like confidence, in 15 bins of equal mass, all seeds together; on the "
      "diagonal "
      "confidence can be believed. Right: the expected calibration error.</p>\n"
      "<div class=\"controls\"><label>Strategy <select "
      "id=\"reliability-strategy\">{}</select></label>"
      "<label>Budget <select id=\"reliability-budget\">{}</select></label>"
      "<label>Error <select id=\"ece-stage\"><option value=\"ece_before\">before temperature "
      "scaling</option><option value=\"ece_after\">after it</option><option "
      "value=\"temperature\">temperature</option></select></label></div>\n"
      "<div class=\"pair\"><figure class=\"chart\" "
      "id=\"reliability\"><figcaption>Reliability</figcaption>"
      "</figure><figure class=\"chart\" id=\"chart-ece\"><figcaption>Over the "
      "budget</figcaption></figure>"
      "</div></section>\n",
      options_of(strategy_names(grid), 0), options_of(budgets, 0));
}

std::string batches_section() {
  return "<section id=\"batches\"><h2>Near twins and drift</h2>\n<p>Share of a batch with a near "
         "twin in "
         "the same batch, and among the labels bought before; and how far the labelled set lies "
         "from the "
         "unlabelled pool. The strategies shown are those chosen above.</p>\n<div class=\"pair\">"
         "<figure class=\"chart\" id=\"chart-redundancy\"><figcaption>Near twins within the "
         "batch</figcaption></figure>"
         "<figure class=\"chart\" id=\"chart-redundancy-labeled\"><figcaption>Near twins among "
         "earlier "
         "labels</figcaption></figure>"
         "<figure class=\"chart\" id=\"chart-drift\"><figcaption>Drift</figcaption></figure>"
         "</div></section>\n";
}

std::string reflection_section(const std::vector<ReflectionSection>& reflection) {
  std::string text = "<section id=\"reflection\"><h2>Reflection</h2>\n";
  for (const ReflectionSection& section : reflection) {
    text += "<h3>" + escaped(section.title) + "</h3>\n<ul>\n";
    for (const std::string& sentence : section.sentences) {
      text += "<li>" + with_code(sentence) + "</li>\n";
    }
    text += "</ul>\n";
  }
  return text + "</section>\n";
}

// Links to the sections that are there.
std::string navigation(const std::string& body) {
  constexpr std::array<std::array<const char*, 2>, 11> kLinks = {{{"curves-section", "Curves"},
                                                                  {"gains", "Gains"},
                                                                  {"labels", "Labels to match"},
                                                                  {"picks", "Picks"},
                                                                  {"reflection", "Reflection"},
                                                                  {"wins", "Who beats whom"},
                                                                  {"classes", "Classes"},
                                                                  {"calibration", "Calibration"},
                                                                  {"batches", "Near twins"},
                                                                  {"timings", "Time"},
                                                                  {"settings", "Settings"}}};
  std::string text = "<nav aria-label=\"Sections\">";
  for (const auto& [id, name] : kLinks) {
    if (body.find(fmt::format("<section id=\"{}\"", id)) == std::string::npos) continue;
    text += fmt::format("<a href=\"#{}\">{}</a>", id, name);
  }
  return text + "</nav>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += character;
    }
  }
  return result;
}

std::string with_code(std::string_view text) {
  std::string result;
  bool inside = false;
  for (const char character : escaped(text)) {
    if (character != '`') {
      result += character;
      continue;
    }
    result += inside ? "</code>" : "<code>";
    inside = !inside;
  }
  return inside ? result + "</code>" : result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t start = 0; start < bytes.size(); start += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - start);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[start + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

std::string report_page(const Analysis& analysis, const ReportOptions& options,
                        const std::vector<ReflectionSection>& reflection,
                        std::vector<std::string>& warnings) {
  const std::vector<std::string> checks = check_run(analysis);
  std::string body;
  if (analysis.grid.strategies().empty()) {
    body = "<section><p>No round is finished yet: there is nothing to show.</p></section>\n";
  } else {
    body += curves_section(analysis);
    body += gains_section(analysis);
    body += labels_section(analysis, options.prices);
    body += picks_section(analysis, options, warnings);
    body += reflection_section(reflection);
    body += wins_section(analysis);
    body += classes_section(analysis);
    body += calibration_section(analysis);
    body += batches_section();
    body += timings_section(analysis);
  }
  body += settings_section(analysis);
  const std::string script = analysis.grid.strategies().empty()
                                 ? ""
                                 : fmt::format(
                                       "<script type=\"application/json\" "
                                       "id=\"data\">{}</script>\n<script>\n{}\n{}</script>\n",
                                       page_data(analysis), kChartsScript, kPageScript);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Goldpan report</title>\n<style>\n{}{}</style></head>\n<body>\n"
      "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
      "<header><h1>Goldpan report</h1>\n<p class=\"lead\">{}</p>\n{}{}</header>\n{}"
      "<main id=\"main\">\n{}</main>\n{}</body></html>\n",
      kStyleSheet, strategy_colors(analysis.grid),
      analysis.grid.strategies().empty() ? "" : escaped(run_summary(analysis)),
      analysis.grid.strategies().empty() ? "" : tiles(analysis), warning_box(checks),
      navigation(body), body, script);
}

}  // namespace goldpan::report
