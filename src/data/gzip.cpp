#include "data/gzip.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

struct GzipReader::Stream {
  z_stream z = {};
  std::size_t left = 0;  // packed bytes not yet handed to zlib, whose counters have 32 bits
  std::size_t unpacked = 0;
  bool ended = false;
};

GzipReader::GzipReader(std::span<const std::byte> packed, std::string where)
    : stream_(std::make_unique<Stream>()), where_(std::move(where)) {
  // zlib's interface is not const, but it only reads.
  stream_->z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream_->left = packed.size();
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_->z, kGzipOnly + MAX_WBITS) != Z_OK) {
    throw Error(where_, "zlib could not start (out of memory?)");
  }
}

GzipReader::~GzipReader() { inflateEnd(&stream_->z); }

void GzipReader::read(std::span<std::byte> out) {
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  Stream& s = *stream_;
  while (!out.empty()) {
    if (s.ended) {
      throw Error(where_, fmt::format("unpacks to {} bytes only, {} more were expected", s.unpacked,
                                      out.size()));
    }
    if (s.z.avail_in == 0) {
      s.z.avail_in = static_cast<uInt>(std::min(s.left, kMost));
      s.left -= s.z.avail_in;
    }
    const auto room = static_cast<uInt>(std::min(out.size(), kMost));
    s.z.next_out = reinterpret_cast<Bytef*>(out.data());
    s.z.avail_out = room;
    const int result = inflate(&s.z, Z_NO_FLUSH);
    const std::size_t count = room - s.z.avail_out;
    out = out.subspan(count);
    s.unpacked += count;
    s.ended = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR ||
        (result == Z_OK && count == 0 && s.z.avail_in == 0 && s.left == 0)) {
      throw Error(where_, fmt::format("is truncated: the gzip data ends after {} unpacked bytes",
                                      s.unpacked));
    }
    if (result != Z_OK && result != Z_STREAM_END) {
      throw Error(where_, fmt::format("has damaged gzip data after {} unpacked bytes: {}",
                                      s.unpacked, s.z.msg != nullptr ? s.z.msg : "unknown reason"));
    }
  }
}

void GzipReader::expect_end() {
  Stream& s = *stream_;
  std::byte more;
  // The end is announced only when zlib has read the checksum behind the last byte.
  while (!s.ended) {
    s.z.next_out = reinterpret_cast<Bytef*>(&more);
    s.z.avail_out = 1;
    if (s.z.avail_in == 0) {
      s.z.avail_in =
          static_cast<uInt>(std::min<std::size_t>(s.left, std::numeric_limits<uInt>::max()));
      s.left -= s.z.avail_in;
    }
    const int result = inflate(&s.z, Z_NO_FLUSH);
    if (s.z.avail_out == 0) {
      throw Error(where_, fmt::format("unpacks to more than the {} bytes that its header promises",
                                      s.unpacked));
    }
    s.ended = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR) throw Error(where_, "is truncated: the gzip data has no end");
    if (result != Z_OK && result != Z_STREAM_END) {
      throw Error(where_, fmt::format("has damaged gzip data: {}",
                                      s.z.msg != nullptr ? s.z.msg : "unknown reason"));
    }
  }
  if (s.z.avail_in + s.left > 0) {
    throw Error(where_, fmt::format("has {} bytes behind its gzip data", s.z.avail_in + s.left));
  }
}

std::size_t GzipReader::most_unpacked(std::size_t packed) {
  constexpr std::size_t kRatio = 1032;
  return packed > std::numeric_limits<std::size_t>::max() / kRatio
             ? std::numeric_limits<std::size_t>::max()
             : packed * kRatio;
}

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

}  // namespace goldpan
