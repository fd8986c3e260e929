#include "data/json_records.hpp"

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

  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool closed_ = false;
};

}  // namespace

JsonRecords::JsonRecords(const std::filesystem::path& path)
    : file_(path), buffer_(kChunk + kPadding) {
  read_on(0);
  // Some editors begin a file with a byte-order mark.
  if (end_ >= 3 && std::memcmp(buffer_.data(), "\xEF\xBB\xBF", 3) == 0) at_ = 3;
}

void JsonRecords::fail(std::size_t byte, const std::string& what) const {
  throw Error(fmt::format("{}, byte {}", file_.path().string(), byte), what);
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
  const auto cut_off = [&](const std::string& where) {
    fail(offset(), fmt::format("the file is cut off {}", where));
  };
  const auto expect = [&](bool good, const char* expected) {
    if (at_ == end_) cut_off(fmt::format("after {} complete records", records_));
    if (!good) {
      fail(offset(), fmt::format("got {}, expected {}",
                                 looks_like(std::as_bytes(std::span(
                                     buffer_.data() + at_, std::min<std::size_t>(end_ - at_, 40)))),
                                 expected));
    }
  };

  char mark = next_mark();
  if (records_ == 0) {
    expect(mark == '[', "a list '[' of frames");
    ++at_;
    mark = next_mark();
    expect(mark == '{' || mark == ']', "a frame '{' or the list's end ']'");
  } else {
    expect(mark == ',' || mark == ']', "',' or the list's end ']'");
    if (mark == ',') {
      ++at_;
      mark = next_mark();
      expect(mark == '{', "a frame '{'");
    }
  }
  if (mark == ']') {
    ++at_;
    if (next_mark() != 0 || at_ < end_) fail(offset(), "the file goes on behind its list");
    done_ = true;
    return std::nullopt;
  }

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
  return Record{text, buffer_offset_ + begin, records_++};
}

}  // namespace goldpan
