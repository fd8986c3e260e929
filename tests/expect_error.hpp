#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

/// Expects `action` to throw goldpan::Error whose message holds `text`.
template <typename Action>
void expect_error(Action&& action, const std::string& text) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(text));
    return;
  }
  ADD_FAILURE() << "expected an Error with '" << text << "'";
}

}  // namespace goldpan
