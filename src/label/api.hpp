#pragma once

#include <string>
#include <string_view>

#include <goldpan/label/label_session.hpp>

// The protocol's messages (docs/label.md) as JSON texts.
namespace goldpan::label {

/// The protocol's version: raised when a field changes its meaning, not when one is added.
inline constexpr int kProtocol = 1;

std::string state_json(const LabelSession& session);
std::string items_json(const LabelSession& session, const std::vector<ShownItem>& items);
std::string suspicions_json(const LabelSession& session, std::size_t count);
std::string agreement_json(const LabelSession& session);

/// The item that an id of the protocol (a decimal number) means. Throws Error.
std::size_t parse_item(const LabelSession& session, std::string_view id);
/// The body of POST /api/answers. Throws Error naming the entry.
std::vector<NewAnswer> parse_answers(const LabelSession& session, std::string_view body);
/// {"who": ...} of POST /api/undo.
std::string parse_who(std::string_view body);

}  // namespace goldpan::label
