#include <set>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/session/settings.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

void set(Settings& settings, const std::string& flag, const std::string& value) {
  for (const SettingInfo& info : setting_table()) {
    if (info.flag == flag) return info.set(settings, value);
  }
  FAIL() << flag;
}

TEST(Settings, TableHasNoDoubles) {
  std::set<std::string_view> keys, flags;
  for (const SettingInfo& info : setting_table()) {
    EXPECT_TRUE(keys.insert(info.key).second) << info.key;
    EXPECT_TRUE(flags.insert(info.flag).second) << info.flag;
    EXPECT_NE(info.key.find('.'), std::string_view::npos) << info.key;
  }
}

TEST(Settings, SurviveTheRoundTripThroughToml) {
  const TemporaryFolder folder;
  Settings settings;
  set(settings, "--data", "folder:/a \"quoted\\path\"");
  set(settings, "--budgets", "0.1, 0.33,1");
  set(settings, "--seeds", "7,8");
  set(settings, "--strategies", "random,badge");
  set(settings, "--calibration", "false");
  set(settings, "--hidden", "64");
  write_file(folder / "config.toml", to_toml(settings));
  Settings read;
  apply_config(read, folder / "config.toml");
  EXPECT_EQ(flatten(read), flatten(settings));
  EXPECT_NE(flatten(read), flatten(Settings()));
}

TEST(Settings, BudgetsAreCountsAndSharesInTomlToo) {
  const TemporaryFolder folder;
  Settings settings;
  set(settings, "--budgets", "20, 50,5%,0.25,100%");
  EXPECT_EQ(settings.budgets, (std::vector<double>{20, 50, 0.05, 0.25, 1}));
  write_file(folder / "config.toml", to_toml(settings));
  Settings read;
  apply_config(read, folder / "config.toml");
  EXPECT_EQ(read.budgets, settings.budgets);
  write_file(folder / "mixed.toml", "[protocol]\nbudgets = [20, \"5%\", 0.25]\n");
  apply_config(read, folder / "mixed.toml");
  EXPECT_EQ(read.budgets, (std::vector<double>{20, 0.05, 0.25}));
  write_file(folder / "bad.toml", "[protocol]\nbudgets = [20, \"5 parts\"]\n");
  expect_error([&] { apply_config(read, folder / "bad.toml"); },
               "bad.toml:2] [--budgets] got '5 parts'");
}

TEST(Settings, BadValuesNameTheFlag) {
  Settings settings;
  expect_error([&] { set(settings, "--budgets", "0.1,x"); },
               "[--budgets] got 'x', expected a number");
  expect_error([&] { set(settings, "--seeds", "-1"); },
               "[--seeds] got '-1', expected a whole non-negative");
  expect_error([&] { set(settings, "--test", "half"); }, "expected holdout, official");
  expect_error([&] { set(settings, "--reserve", "1.5"); }, "[--reserve] got 1.5, expected 0 to 1");
  expect_error([&] { set(settings, "--reserve", "nan"); }, "[--reserve]");
  expect_error([&] { set(settings, "--calibration", "maybe"); }, "expected true or false");
}

TEST(Settings, BadConfigurationNamesTheLine) {
  const TemporaryFolder folder;
  Settings settings;
  const auto refuse = [&](const std::string& text, const std::string& message) {
    write_file(folder / "c.toml", text);
    expect_error([&] { apply_config(settings, folder / "c.toml"); }, message);
  };
  refuse("[protocol]\nbudgets = [0.1,", "c.toml:2]");
  refuse("[protocol]\n\nbudget = [0.1]\n",
         "c.toml:3] unknown setting 'protocol.budget', expected one of");
  refuse("budgets = [0.1]\n", "outside a section");
  refuse("[protocol]\nseeds = [\"a\"]\n", "[--seeds] got 'a'");
  expect_error([&] { apply_config(settings, folder / "none.toml"); }, "none.toml] cannot open");
}

TEST(Settings, ChecksWhatNoSingleSettingCan) {
  const auto refuse = [](const std::string& flag, const std::string& value,
                         const std::string& message) {
    Settings settings;
    set(settings, flag, value);
    expect_error([&] { check(settings); }, message);
  };
  EXPECT_NO_THROW(check(Settings()));
  refuse("--budgets", "0.5,1.5", "got 1.5, expected fractions");
  refuse("--budgets", "0,0.5", "got 0, expected fractions");
  refuse("--budgets", "0.5,0.2", "ascending");
  refuse("--budgets", "0.5,0.5", "ascending and each once");
  refuse("--budgets", "", "got none");
  refuse("--strategies", "random,bagde", "badge");  // the known ones are listed
  refuse("--strategies", "badge,badge", "twice");
  refuse("--seeds", "1,1", "twice");
}

}  // namespace
}  // namespace goldpan
