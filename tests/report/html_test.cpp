#include "report/html.hpp"

#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <goldpan/core/files.hpp>

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
  std::vector<std::string> warnings;
};

Page page_of(const Records& records, const ReportOptions& options = {}) {
  Page page;
  const Analysis analysis(records);
  page.html = report_page(analysis, options, reflect(analysis, 0.05), page.warnings);
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

TEST(Base64, MatchesTheStandardsVectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE"), "//4=");
}

TEST(Escaping, LetsNoMarkupThrough) {
  EXPECT_EQ(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
  EXPECT_EQ(with_code("see `a<b.csv`, then"), "see <code>a&lt;b.csv</code>, then");
}

TEST(Page, HoldsEverySectionAndNothingFromOutside) {
  const Page page = page_of(sample_records());
  for (const char* id : {"curves-section", "gains", "labels", "reflection", "wins", "classes",
                         "calibration", "batches", "timings", "settings"}) {
    EXPECT_THAT(page.html, HasSubstr(std::string("<section id=\"") + id + "\""));
    EXPECT_THAT(page.html, HasSubstr(std::string("<a href=\"#") + id + "\""));
  }
  EXPECT_THAT(page.html, Not(HasSubstr("<section id=\"picks\"")));
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
  const std::string html = page_of(records).html;
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<b>bold</b>")));
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
  EXPECT_THAT(page_of(Records{}).html, HasSubstr("there is nothing to show"));
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
  const std::string html = page_of(partial).html;
  EXPECT_THAT(html, Not(HasSubstr("<section id=\"calibration\"")));
  EXPECT_THAT(html, Not(HasSubstr("<section id=\"classes\"")));
  EXPECT_THAT(html, Not(HasSubstr("<section id=\"gains\"")));
}

// The page in a real browser: every chart is drawn, toggles and keys work, nothing is fetched, no
// error is thrown.
TEST(Page, WorksInChromium) {
  if (std::system("command -v chromium >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "chromium is not installed";
  }
  const TemporaryFolder folder;
  const std::string html = page_of(sample_records()).html;
  const std::string probe = R"(<script>
const report = [];
const check = (name, truth) => { if (!truth) report.push(name); };
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
check("nothing fetched", performance.getEntriesByType("resource").length === 0);
check("no error", !window.failures);
document.body.dataset.probe = report.length ? `failed: ${report.join("; ")} ${window.failures || ""}` : "all passed";
</script></body>)";
  std::string instrumented = html;
  instrumented.replace(instrumented.rfind("</body>"), 7, probe);
  instrumented.insert(instrumented.find("<style>"),
                      "<script>onerror = (m) => { window.failures = (window.failures || '') + m; "
                      "};</script>");
  write_file(folder / "page.html", instrumented);
  const std::string command =
      "timeout 200 chromium --headless --no-sandbox --disable-gpu --user-data-dir='" +
      (folder / "profile").string() + "' --dump-dom 'file://" + (folder / "page.html").string() +
      "' > '" + (folder / "dom.html").string() + "' 2>/dev/null";
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 124) {
    GTEST_SKIP() << "chromium took longer than its time: the machine is busy";
  }
  ASSERT_EQ(status, 0) << "chromium does not start";
  const std::string dom = read_text(folder / "dom.html");
  const std::size_t verdict = dom.find("data-probe=\"");
  ASSERT_NE(verdict, std::string::npos) << "the page's script did not run to its end";
  EXPECT_THAT(dom.substr(verdict, 200), HasSubstr("all passed"));
}

}  // namespace
}  // namespace goldpan::report
