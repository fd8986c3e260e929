#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

namespace goldpan {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }
  bool ok() const { return value_ >= 0; }
  bool close() {
    const int value = value_;
    value_ = -1;
    return value < 0 || ::close(value) == 0;
  }

 private:
  int value_;
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(path.string(), what + ": " + std::strerror(errno));
}

constexpr std::string_view kTemporary = ".goldpan-tmp-";

/// The process that a temporary file of ours belongs to; 0 for other files.
pid_t writer_of(std::string_view name) {
  const std::size_t at = name.rfind(kTemporary);
  if (at == std::string_view::npos) return 0;
  const std::string_view digits = name.substr(at + kTemporary.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), process);
  return error == std::errc() && end == digits.data() + digits.size() ? process : 0;
}

/// Removes what processes that were killed while they wrote have left in the folder.
void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const pid_t process = writer_of(entry.path().filename().string());
    if (process > 0 && process != ::getpid() && ::kill(process, 0) != 0 && errno == ESRCH) {
      ::unlink(entry.path().c_str());
    }
  }
}

/// Opens a new file, never one that is there: neither another writer's nor, through a link that
/// somebody has put there, a file elsewhere.
int open_temporary(const std::filesystem::path& path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  const int descriptor = ::open(path.c_str(), kFlags | O_CLOEXEC, 0644);
  if (descriptor >= 0 || errno != EEXIST) return descriptor;
  // Of a process that had our number and was killed.
  if (::unlink(path.c_str()) != 0) return -1;
  return ::open(path.c_str(), kFlags | O_CLOEXEC, 0644);
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

struct MappedFile::Mapping {
  void* address = nullptr;
  std::size_t size = 0;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address != nullptr) ::munmap(address, size);
  }
};

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.ok()) fail(path, "cannot open");
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail(path, "cannot read its size");
  if (!S_ISREG(status.st_mode)) throw Error(path.string(), "is not a regular file");
  auto mapping = std::make_shared<Mapping>();
  if (status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (address == MAP_FAILED) fail(path, "cannot map");
    mapping->address = address;
    mapping->size = size;
  }
  mapping_ = std::move(mapping);
}

std::span<const std::byte> MappedFile::bytes() const {
  if (!mapping_) return {};
  return {static_cast<const std::byte*>(mapping_->address), mapping_->size};
}

std::string read_text(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> read_text_lines(const std::filesystem::path& path) {
  std::string text = read_text(path);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

void write_file(const std::filesystem::path& path, std::string_view content, Flush flush) {
  // The process number keeps two programs from writing one temporary file.
  const std::filesystem::path temporary =
      path.string() + std::string(kTemporary) + std::to_string(::getpid());
  Descriptor file(open_temporary(temporary));
  if (!file.ok()) fail(path, "cannot write");
  const bool written = write_all(file.get(), content) &&
                       (flush == Flush::kNo || ::fsync(file.get()) == 0) && file.close();
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    errno = reason;
    fail(path, "cannot write");
  }
}

void make_writable_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(path.string(), "cannot make the folder: " + error.message());
  if (!std::filesystem::is_directory(path)) throw Error(path.string(), "is not a folder");
  if (::access(path.c_str(), W_OK | X_OK) != 0) fail(path, "cannot write into the folder");
  remove_leftovers(path);
}

}  // namespace goldpan
