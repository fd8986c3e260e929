#include "core/json_records.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kLargestRecord = std::size_t{64} << 20;

/// Bytes that matter outside of strings: all others are skipped by a table look-up.
constexpr std::array<bool, 256> kMarks = [] {
  std::array<bool, 256> marks = {};
  for (const char c : {'{', '}', '[', ']', '"'}) marks[static_cast<unsigned char>(c)] = true;
  return marks;
}();

/// Follows JSON's nesting through a text that arrives in pieces.
class Nesting {
 public:
  /// `depth` brackets are open already.
  explicit Nesting(std::size_t depth = 0) : depth_(depth) {}
  /// Goes on from `at` to just behind the byte that closes the outermost bracket (then closed() is
  /// true), or to `end`.
  const char* follow(const char* at, const char* end) {
    while (at != end && !closed_) at = in_string_ ? skip_string(at, end) : skip_plain(at, end);
    return at;
  }
  bool closed() const { return closed_; }

 private:
  const char* skip_string(const char* at, const char* end) {
    for (; at != end; ++at) {
      if (escaped_) {
        escaped_ = false;
      } else if (*at == '\\') {
        escaped_ = true;
      } else if (*at == '"') {
        in_string_ = false;
        return at + 1;
      }
    }
    return at;
  }
  const char* skip_plain(const char* at, const char* end) {
    while (at != end && !kMarks[static_cast<unsigned char>(*at)]) ++at;
    if (at == end) return at;
    if (*at == '"') {
      in_string_ = true;
    } else if (*at == '{' || *at == '[') {
      ++depth_;
    } else {
      closed_ = --depth_ == 0;
    }
    return at + 1;
  }

  std::size_t depth_;
  bool in_string_ = false;
  bool escaped_ = false;
  bool closed_ = false;
};

}  // namespace

JsonRecords::JsonRecords(const std::filesystem::path& path, JsonLayout layout, std::string record)
    : file_(path), layout_(layout), record_(std::move(record)), buffer_(kChunk + kPadding) {
  read_on(0);
  // Some editors begin a file with a byte-order mark.
  if (end_ >= 3 && std::memcmp(buffer_.data(), "\xEF\xBB\xBF", 3) == 0) at_ = 3;
}

void JsonRecords::fail(std::size_t byte, const std::string& what) const {
  throw Error(fmt::format("{}, byte {}", file_.path().string(), byte), what);
}

void JsonRecords::cut_off(const std::string& where) const {
  fail(offset(), fmt::format("the file is cut off {}", where));
}

void JsonRecords::expect(bool good, const std::string& expected) const {
  if (at_ == end_) cut_off(fmt::format("after {} complete records", records_));
  if (!good) {
    fail(offset(), fmt::format("got {}, expected {}",
                               looks_like(std::as_bytes(std::span(
                                   buffer_.data() + at_, std::min<std::size_t>(end_ - at_, 40)))),
                               expected));
  }
}

bool JsonRecords::read_on(std::size_t begin) {
  const std::size_t place = buffer_offset_ + end_;
  const std::size_t kept = end_ - begin;
  std::memmove(buffer_.data(), buffer_.data() + begin, kept);
  buffer_offset_ += begin;
  at_ -= begin;
  end_ = kept;
  if (buffer_.size() - kPadding - end_ < kChunk) buffer_.resize(2 * buffer_.size());
  const std::size_t count =
      std::min(buffer_.size() - kPadding - end_, file_.size() - std::min(file_.size(), place));
  file_.read(place, std::as_writable_bytes(std::span(buffer_.data() + end_, count)));
  end_ += count;
  return count > 0;
}

char JsonRecords::next_mark() {
  while (true) {
    for (; at_ < end_; ++at_) {
      const char c = buffer_[at_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    }
    if (!read_on(at_)) return 0;
  }
}

std::optional<JsonRecords::Record> JsonRecords::next() {
  if (done_) return std::nullopt;
  if (layout_ == JsonLayout::kList) {
    if (!begun_) {
      expect(next_mark() == '[', fmt::format("a list '[' of {}s", record_));
      ++at_;
      begun_ = in_list_ = true;
    }
    if (auto record = next_in_list()) return record;
    finish();
    return std::nullopt;
  }
  while (in_list_ || enter_list()) {
    if (auto record = next_in_list()) return record;
  }
  finish();
  return std::nullopt;
}

bool JsonRecords::has_met(std::string_view list) const {
  return std::ranges::find(met_, list) != met_.end();
}

void JsonRecords::finish() {
  if (next_mark() != 0 || at_ < end_) {
    fail(offset(), fmt::format("the file goes on behind its {}",
                               layout_ == JsonLayout::kList ? "list" : "object"));
  }
  done_ = true;
}

std::optional<JsonRecords::Record> JsonRecords::next_in_list() {
  char mark = next_mark();
  if (records_ == 0) {
    expect(mark == '{' || mark == ']', fmt::format("a {} '{{' or the list's end ']'", record_));
  } else {
    expect(mark == ',' || mark == ']', "',' or the list's end ']'");
    if (mark == ',') {
      ++at_;
      mark = next_mark();
      expect(mark == '{', fmt::format("a {} '{{'", record_));
    }
  }
  if (mark == ']') {
    ++at_;
    in_list_ = false;
    return std::nullopt;
  }
  return take_record();
}

JsonRecords::Record JsonRecords::take_record() {
  Nesting nesting;
  std::size_t begin = at_;
  while (true) {
    at_ = static_cast<std::size_t>(nesting.follow(buffer_.data() + at_, buffer_.data() + end_) -
                                   buffer_.data());
    if (nesting.closed()) break;
    if (at_ - begin > kLargestRecord) {
      fail(buffer_offset_ + begin,
           fmt::format("record {} has more than {} bytes", records_, kLargestRecord));
    }
    if (!read_on(begin)) {
      cut_off(fmt::format("inside record {}, which begins at byte {}", records_, buffer_offset_));
    }
    begin = 0;
  }
  const std::string_view text(buffer_.data() + begin, at_ - begin);
  return Record{text, buffer_offset_ + begin, records_++, list_};
}

bool JsonRecords::enter_list() {
  char mark = next_mark();
  if (!begun_) {
    expect(mark == '{', "an object '{' of lists");
    ++at_;
    mark = next_mark();
    expect(mark == '"' || mark == '}', "a member's name or the object's end '}'");
    begun_ = true;
  } else {
    expect(mark == ',' || mark == '}', "',' or the object's end '}'");
    if (mark == ',') {
      ++at_;
      mark = next_mark();
      expect(mark == '"', "a member's name");
    }
  }
  while (mark != '}') {
    const std::size_t name_offset = offset();
    std::string name = take_key();
    expect(next_mark() == ':', "':'");
    ++at_;
    mark = next_mark();
    expect(true, "a value");
    if (mark == '[') {
      // A list of anything but objects ("[1, 2]") holds no records.
      ++at_;
      const char first = next_mark();
      if (first == '{' || first == ']') {
        if (has_met(name))
          fail(name_offset, fmt::format("the list \"{}\" stands there twice", name));
        met_.push_back(name);
        list_ = std::move(name);
        records_ = 0;
        in_list_ = true;
        return true;
      }
      skip_nested(1);
    } else {
      skip_value(mark);
    }
    mark = next_mark();
    expect(mark == ',' || mark == '}', "',' or the object's end '}'");
    if (mark == ',') {
      ++at_;
      mark = next_mark();
      expect(mark == '"', "a member's name");
    }
  }
  ++at_;
  return false;
}

std::string JsonRecords::take_key() {
  constexpr std::size_t kLongestKey = 4096;
  std::string key;
  ++at_;  // the quote
  for (bool escaped = false;; ++at_) {
    if (at_ == end_ && !read_on(at_)) cut_off("inside a member's name");
    const char c = buffer_[at_];
    if (!escaped && c == '"') break;
    escaped = !escaped && c == '\\';
    key += c;
    if (key.size() > kLongestKey) fail(offset(), "a member's name has more than 4096 bytes");
  }
  ++at_;
  return key;
}

void JsonRecords::skip_value(char mark) {
  if (mark == '"') {
    for (bool escaped = false;;) {
      ++at_;
      if (at_ == end_ && !read_on(at_)) cut_off("inside a text");
      const char c = buffer_[at_];
      if (!escaped && c == '"') break;
      escaped = !escaped && c == '\\';
    }
    ++at_;
  } else if (mark == '{') {
    skip_nested(0);
  } else {  // a number, true, false, null: checked by nobody, since nobody reads it
    const std::size_t begin = offset();
    while (true) {
      if (at_ == end_ && !read_on(at_)) cut_off("inside a value");
      const char c = buffer_[at_];
      if (c == ',' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t') break;
      if (c == '"' || c == '{' || c == '[' || c == ']' || c == ':') break;
      ++at_;
    }
    if (offset() == begin) expect(false, "a value");
  }
}

void JsonRecords::skip_nested(std::size_t depth) {
  Nesting nesting(depth);
  while (true) {
    at_ = static_cast<std::size_t>(nesting.follow(buffer_.data() + at_, buffer_.data() + end_) -
                                   buffer_.data());
    if (nesting.closed()) return;
    if (!read_on(at_)) cut_off("inside a value");
  }
}

}  // namespace goldpan
