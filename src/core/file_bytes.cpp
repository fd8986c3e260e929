#include "core/file_bytes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>

namespace goldpan {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(path.string(), what + ": " + std::strerror(errno));
}

bool starts_with_any_case(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char want, char got) {
           return want == (got >= 'A' && got <= 'Z' ? got - 'A' + 'a' : got);
         });
}

struct Signature {
  std::string_view begins;
  std::size_t offset;
  const char* name;
};

constexpr Signature kSignatures[] = {
    {"\xFF\xD8\xFF", 0, "a JPEG image"},
    {"\x89PNG\r\n\x1A\n", 0, "a PNG image"},
    {"GIF8", 0, "a GIF image"},
    {"WEBP", 8, "a WebP image"},
    {"BM", 0, "a BMP image"},
    {"II*", 0, "a TIFF image"},
    {std::string_view("MM\0*", 4), 0, "a TIFF image"},
    {"ftypavif", 4, "an AVIF image"},
    {"ftyphei", 4, "a HEIC image"},
    {"ftyp", 4, "a video"},
    {std::string_view("\0\0\0\x0CjP  ", 8), 0, "a JPEG 2000 image"},
    {"\x1F\x8B", 0, "a gzip archive"},
    {"PK\x03\x04", 0, "a zip archive"},
    {"%PDF", 0, "a PDF document"},
    {"\x93NUMPY", 0, "a NumPy array"},
    {"version https://git-lfs", 0, "a Git LFS pointer (the file itself was not fetched)"},
};

}  // namespace

OpenFile::OpenFile(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(path, "cannot open");
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(path.string(), "is not a regular file");
  }
  size_ = static_cast<std::size_t>(status.st_size);
}

OpenFile::~OpenFile() { ::close(descriptor_); }

void OpenFile::read(std::size_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, "cannot read");
    if (count == 0) throw Error(path_.string(), "became shorter while it was read");
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::size_t>(count);
  }
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
  const OpenFile file(path);
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  if (file.size() > kLargest) {
    throw Error(path.string(),
                fmt::format("has {} bytes, expected {} at most", file.size(), kLargest));
  }
  std::vector<std::byte> bytes(file.size());
  file.read(0, bytes);
  return bytes;
}

std::string sampled_digest(const std::filesystem::path& path) {
  constexpr std::size_t kEnd = 4096;
  const OpenFile file(path);
  Sha256 digest;
  const std::uint64_t size = file.size();
  digest.update(std::as_bytes(std::span(&size, 1)));
  std::array<std::byte, 2 * kEnd> buffer;
  if (size <= buffer.size()) {
    const std::span<std::byte> all(buffer.data(), size);
    file.read(0, all);
    digest.update(all);
  } else {
    const std::span<std::byte> part(buffer.data(), kEnd);
    for (const std::size_t offset : {std::size_t{0}, file.size() - kEnd}) {
      file.read(offset, part);
      digest.update(part);
    }
  }
  return digest.hex();
}

std::string looks_like(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "an empty file";
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<std::size_t>(bytes.size(), 512));
  for (const Signature& signature : kSignatures) {
    if (head.size() >= signature.offset &&
        head.substr(signature.offset).starts_with(signature.begins)) {
      return signature.name;
    }
  }
  if (head.find_first_not_of('\0') == std::string_view::npos) return "a run of zero bytes";

  const std::size_t first = head.find_first_not_of(" \t\r\n");
  const std::string_view text = first == std::string_view::npos ? "" : head.substr(first);
  if (starts_with_any_case(text, "<!doctype html") || starts_with_any_case(text, "<html")) {
    return "an HTML page";
  }
  if (text.starts_with("<svg")) return "an SVG drawing";
  if (text.starts_with("<?xml")) return "an XML document";
  if (text.starts_with("{") || text.starts_with("[")) return "JSON text";
  const bool printable = std::all_of(head.begin(), head.end(), [](char c) {
    return (c >= ' ' && c != 0x7F) || c == '\n' || c == '\r' || c == '\t';
  });
  if (printable) return "plain text";
  std::string name = "data that begins with";
  for (const char c : head.substr(0, 4)) {
    name += fmt::format(" 0x{:02X}", static_cast<unsigned char>(c));
  }
  return name;
}

}  // namespace goldpan
