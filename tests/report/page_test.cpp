#include "report/page.hpp"

#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <goldpan/core/files.hpp>
#include <goldpan/core/web_text.hpp>

#include "report/sample_records.hpp"
#include "temporary_folder.hpp"

namespace goldpan::report {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Page {
  std::string html;
  Json data;  // as a browser reads it
  std::vector<std::string> warnings;

  std::vector<std::string> sections() const {
    return data.at("sections").get<std::vector<std::string>>();
  }
};

Page page_of(const Records& records, const ReportOptions& options = ReportOptions()) {
  Page page;
  const Analysis analysis(records);
  page.html = report_page(analysis, options, reflect(analysis, options.prices), page.warnings);
  const std::string start = "id=\"data\">";
  const std::size_t begin = page.html.find(start) + start.size();
  page.data = Json::parse(page.html.substr(begin, page.html.find("</script>", begin) - begin));
  return page;
}

std::vector<PickRecord> sample_picks(const Records& records) {
  std::vector<PickRecord> picks;
  for (const std::string& strategy : records.strategies) {
    for (std::size_t round = 0; round < 3; ++round) {
      for (std::size_t rank = 0; rank < 20; ++rank) {
        PickRecord pick;
        pick.strategy = strategy;
        pick.seed = 1;
        pick.round = round;
        pick.rank = rank;
        pick.id = strategy.substr(0, 4) + std::to_string(100 * round + rank);
        if (round == 0) pick.id = "start" + std::to_string(rank);
        pick.label = static_cast<std::int32_t>(rank % 10);
        pick.reason = round == 0 ? Reason::kColdStart
                      : rank < 2 ? Reason::kReserve
                                 : Reason::kStrategy;
        picks.push_back(pick);
      }
    }
  }
  return picks;
}

TEST(ScriptSafe, LetsNoMarkupThroughAndKeepsTexts) {
  const Json data = {{"</script><b>", "a<b>&\"\\"}};
  const std::string text = script_safe(data);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_TRUE(Json::parse(text) == data);
}

TEST(Page, HoldsEverySectionAndNothingFromOutside) {
  const Page page = page_of(sample_records());
  for (const char* id : {"curves-section", "gains", "labels", "reflection", "wins", "classes",
                         "calibration", "batches", "timings", "settings"}) {
    EXPECT_THAT(page.html, HasSubstr(std::string("<section id=\"") + id + "\""));
    EXPECT_THAT(page.sections(), Contains(id));
  }
  EXPECT_THAT(page.sections(), Not(Contains("picks")));
  EXPECT_THAT(page.html, Not(HasSubstr("{{"))) << "a part of the template is not filled in";
  EXPECT_THAT(page.html, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page.html, Not(HasSubstr("@import")));
  EXPECT_THAT(page.html, Not(HasSubstr("<link")));
  EXPECT_THAT(page.html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page.html, HasSubstr("@media print"));
  EXPECT_THAT(page.warnings, IsEmpty());
}

TEST(Page, CannotBeBrokenByNames) {
  Records records = sample_records();
  records.class_names[0] = "</script><script>alert(1)</script>";
  records.class_names[1] = "\xFF\xFE";
  records.settings.emplace_back("data.note", "<b>bold</b>");
  const Page page = page_of(records);
  EXPECT_THAT(page.html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page.html, Not(HasSubstr("<b>bold</b>")));
  EXPECT_EQ(page.data["classes"][0].get<std::string>(), records.class_names[0]);
  // Texts must stay texts in the browser too.
  for (const char* const danger :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"}) {
    EXPECT_THAT(page.html, Not(HasSubstr(danger)));
  }
}

TEST(Page, ShowsPicksOnceForStrategiesThatShareThem) {
  const Records records = sample_records();
  const std::vector<PickRecord> picks = sample_picks(records);
  ReportOptions options;
  options.picks = picks;
  std::size_t calls = 0;
  options.thumbnail = [&](const PickRecord& pick) {
    ++calls;
    EXPECT_NE(pick.reason, Reason::kReserve);
    return pick.id == "badg105" ? std::string() : "\xFF\xD8" + pick.id;
  };
  const Page page = page_of(records, options);
  EXPECT_THAT(page.html, HasSubstr("data:image/jpeg;base64," + base64("\xFF\xD8"
                                                                      "badg102")));
  EXPECT_THAT(page.html, Not(HasSubstr(base64("\xFF\xD8"
                                              "badg100"))))
      << "the reserve";
  EXPECT_THAT(
      page.html,
      HasSubstr("random, margin, BALD, k-center, BADGE, hybrid, entropy and least confidence"))
      << "one strip for the first batch that all share";
  EXPECT_EQ(calls, 14U + 2 * 8 * 14U) << "once an item";
  EXPECT_THAT(page.warnings, IsEmpty());
}

TEST(Page, SurvivesThumbnailsThatFail) {
  const Records records = sample_records();
  const std::vector<PickRecord> picks = sample_picks(records);
  ReportOptions options;
  options.picks = picks;
  options.thumbnail = [](const PickRecord&) -> std::string { throw std::runtime_error("gone"); };
  const Page broken = page_of(records, options);
  EXPECT_THAT(broken.warnings, testing::ElementsAre(HasSubstr("after item 'start0': gone")));
  options.thumbnail = [](const PickRecord&) { return std::string("GIF89a"); };
  EXPECT_THAT(page_of(records, options).warnings, Contains(HasSubstr("neither JPEG nor PNG")));
}

TEST(Page, CopesWithEmptyAndPartialRecords) {
  EXPECT_THAT(page_of(Records{}).sections(), testing::ElementsAre("empty"));
  Records partial = sample_records(1);
  partial.rounds.resize(3);
  partial.class_names.clear();
  for (RoundRecord& round : partial.rounds) {
    round.metrics.erase("labels");
    round.metrics.erase("recall");
    round.reliability_before.clear();
    round.reliability_after.clear();
    round.metrics.set("drift", std::nan(""));
  }
  const std::vector<std::string> sections = page_of(partial).sections();
  EXPECT_THAT(sections, Contains("curves-section"));
  for (const char* const id : {"calibration", "classes", "gains", "empty"}) {
    EXPECT_THAT(sections, Not(Contains(id)));
  }
}

// What the browser makes of a page and a script at its end.
std::string probed(const std::string& html, const std::string& probe) {
  const TemporaryFolder folder;
  std::string instrumented = html;
  instrumented.replace(
      instrumented.rfind("</body>"), 7,
      "<script>\nconst report = [];\n"
      "const check = (name, truth) => { if (!truth) report.push(name); };\n" +
          probe +
          "\ncheck('nothing fetched', "
          "performance.getEntriesByType('resource').every((e) => e.name.startsWith('data:')));\n"
          "check('no error', !window.failures);\n"
          "document.body.dataset.probe = report.length ? `failed: "
          "${report.join('; ')} ${window.failures || ''}` : 'all "
          "passed';\n</script></body>");
  instrumented.insert(instrumented.find("<style>"),
                      "<script>onerror = (m) => { window.failures = (window.failures || '') + m; "
                      "};</script>");
  write_file(folder / "page.html", instrumented);
  const std::string command =
      "timeout 200 chromium --headless --no-sandbox --disable-gpu --user-data-dir='" +
      (folder / "profile").string() + "' --dump-dom 'file://" + (folder / "page.html").string() +
      "' > '" + (folder / "dom.html").string() + "' 2>/dev/null";
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 124) return "too slow";
  if (status != 0) return "chromium does not start";
  const std::string dom = read_text(folder / "dom.html");
  const std::size_t verdict = dom.find("data-probe=\"");
  if (verdict == std::string::npos) return "the page's script did not run to its end";
  return dom.substr(verdict, 300);
}

bool has_browser() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

// The page in a real browser: every chart is drawn, toggles and keys work, nothing is fetched, no
// error is thrown.
TEST(Page, WorksInChromium) {
  if (!has_browser()) GTEST_SKIP() << "chromium is not installed";
  Records records = sample_records();
  records.class_names[0] = "<img src=x onerror=\"throw 1\">";
  const std::vector<PickRecord> picks = sample_picks(records);
  ReportOptions options;
  options.picks = picks;
  options.thumbnail = [](const PickRecord&) { return std::string("\xFF\xD8"); };
  const std::string verdict = probed(page_of(records, options).html, R"(
const paths = (id) => document.querySelectorAll(`#${id} svg path`).length;
check("ready", document.documentElement.dataset.ready === "yes");
for (const id of ["curves", "gains-chart", "reliability", "chart-ece", "chart-redundancy", "chart-drift"]) {
  check(`drawn ${id}`, paths(id) > 5);
}
check("class table", document.querySelectorAll("#class-table tr").length === 10);
check("timing bars", document.querySelectorAll("#timing-bars rect").length === 3 + 3 * 8);
const buttons = document.querySelectorAll("#legend button");
check("legend", buttons.length === 8);
const before = paths("curves");
buttons[4].click();
check("toggle hides", paths("curves") < before && buttons[4].getAttribute("aria-pressed") === "false");
buttons[4].click();
check("toggle shows", paths("curves") === before);
document.getElementById("per-seed").click();
check("per-seed lines", paths("curves") === before + 3 * 6);
document.getElementById("metric").value = "macro_f1";
document.getElementById("metric").dispatchEvent(new Event("change"));
check("measure", document.getElementById("curve-title").textContent.includes("macro F1"));
const chart = document.querySelector("#gains-chart svg");
chart.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
check("keys", document.querySelector("#gains-chart .tip").textContent.includes("100 %"));
chart.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
check("escape", document.querySelector("#gains-chart .tip").hidden);
const box = chart.getBoundingClientRect();
chart.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + 60, clientY: box.top + 50 }));
check("hover", document.querySelector("#gains-chart .tip").textContent.includes("2,000 labels"));
check("conclusion", document.getElementById("conclusion").textContent === data.conclusion.text && data.conclusion.text.length > 20);
check("tables", [...document.querySelectorAll("section:not([hidden]) [data-table]")].every((t) => t.querySelectorAll("tr").length > 1));
check("links to tables", document.querySelectorAll('a[href="tables/labels_to_match.csv"]').length === 1);
check("sections", [...document.querySelectorAll("main section")].filter((s) => !s.hidden).map((s) => s.id).join() === data.sections.join());
check("navigation", document.querySelectorAll("nav a").length === data.sections.length);
check("hostile name is text", document.querySelectorAll("#class-table img").length === 0 && document.getElementById("class-table").textContent.includes("<img src=x"));
check("class accuracy", document.querySelector("#class-table td").textContent.includes("%"));
const measure = document.getElementById("class-measure");
measure.value = "labels";
measure.dispatchEvent(new Event("change"));
check("class labels", document.querySelector("#class-table td").textContent.includes("\u00d7"));
const gains = document.querySelector('[data-table="gains"] table');
const column = (k) => [...gains.tBodies[0].rows].map((row) => valueOf(row, k)).filter((v) => v !== null);
gains.tHead.rows[0].cells[7].querySelector("button").click();
check("falling", column(7).length === 7 && column(7).every((v, i, all) => i === 0 || v <= all[i - 1]));
gains.tHead.rows[0].cells[7].querySelector("button").click();
check("rising", column(7).every((v, i, all) => i === 0 || v >= all[i - 1]));
const picture = document.querySelector("#pick-batches details[open] .strip button");
check("pick has its id", picture.textContent.includes(picture.title.split(":")[0]));
picture.click();
check("zoom", document.getElementById("zoom").open && document.querySelector("#zoom p").textContent === picture.title);
)");
  if (verdict == "too slow") GTEST_SKIP() << "the machine is busy";
  EXPECT_THAT(verdict, HasSubstr("all passed"));
}

TEST(Page, WorksInChromiumWithoutRounds) {
  if (!has_browser()) GTEST_SKIP() << "chromium is not installed";
  const std::string verdict = probed(page_of(Records{}).html, R"(
check("ready", document.documentElement.dataset.ready === "yes");
check("says so", !document.getElementById("empty").hidden);
check("nothing else", document.getElementById("gains").hidden && document.getElementById("curves-section").hidden);
)");
  if (verdict == "too slow") GTEST_SKIP() << "the machine is busy";
  EXPECT_THAT(verdict, HasSubstr("all passed"));
}

}  // namespace
}  // namespace goldpan::report
