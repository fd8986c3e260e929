#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>
#include <exception>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <goldpan/core/error.hpp>
#include <goldpan/core/npy.hpp>

#include "core/torch_file.hpp"
#include "core/zip.hpp"

namespace goldpan {
namespace {

static_assert(std::endian::native == std::endian::little, "mapped .npy files are little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";

/// The text after `'key':` in the header's dictionary literal.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& where) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = std::string(1, quote) + std::string(key) + quote;
    std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    at = header.find(':', at + quoted.size());
    if (at == std::string_view::npos) break;
    at = header.find_first_not_of(" \t", at + 1);
    if (at == std::string_view::npos) break;
    return header.substr(at);
  }
  throw Error(where, "the .npy header has no '" + std::string(key) + "'");
}

/// NumPy's type string, byte order first.
std::string parse_type(std::string_view text, const std::string& where) {
  const std::size_t end = text.size() > 1 ? text.find(text[0], 1) : std::string_view::npos;
  if ((text[0] != '\'' && text[0] != '"') || end == std::string_view::npos || end < 4) {
    throw Error(where, "the .npy type is not a simple one; save a plain numeric array");
  }
  const std::string_view descr = text.substr(1, end - 1);
  const char order = descr[0];
  if (order != '<' && order != '|' && order != '=' && order != '>') {
    throw Error(where, "has an unknown type '" + std::string(descr) + "'");
  }
  return std::string(descr);
}

std::vector<std::size_t> parse_shape(std::string_view text, const std::string& where) {
  const std::size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) {
    throw Error(where, "the .npy shape is not a tuple");
  }
  std::vector<std::size_t> shape;
  const char* at = text.data() + 1;
  const char* const last = text.data() + end;
  while (true) {
    while (at < last && (*at == ' ' || *at == ',')) ++at;
    if (at == last) return shape;
    std::size_t length = 0;
    const auto [next, error] = std::from_chars(at, last, length);
    if (error != std::errc()) throw Error(where, "the .npy shape is not a tuple of sizes");
    shape.push_back(length);
    at = next;
    if (at < last && *at == 'L') ++at;  // written by Python 2
  }
}

std::size_t bytes_per_value(const std::string& type, const std::string& where) {
  const std::size_t bytes = type.size() == 2 ? static_cast<std::size_t>(type[1] - '0') : 0;
  const bool known = (type[0] == 'f' && (bytes == 2 || bytes == 4 || bytes == 8)) ||
                     ((type[0] == 'i' || type[0] == 'u') &&
                      (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8)) ||
                     type == "b1";
  if (!known) throw Error(where, "has type '" + type + "', expected floats, integers or bools");
  return bytes;
}

std::string describe(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Value `i` of an array of T in either byte order.
template <typename T>
T value_at(std::span<const std::byte> bytes, std::size_t i, bool big_endian) {
  std::array<std::byte, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes.data() + i * sizeof(T), sizeof(T));
  if (big_endian) std::ranges::reverse(raw);
  T value;
  std::memcpy(&value, raw.data(), sizeof(T));
  return value;
}

template <typename T>
std::vector<std::int64_t> widen(const NpyFile& file) {
  const std::string where = file.path().string();
  const auto bytes = file.values();
  std::vector<std::int64_t> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = value_at<T>(bytes, i, file.big_endian());
    if (!std::in_range<std::int64_t>(value)) {
      throw Error(where, "entry " + std::to_string(i) + " is " + std::to_string(value) +
                             ", which does not fit into 64 signed bits");
    }
    // int8 is a number here, no character.
    values[i] = static_cast<std::int64_t>(value);  // NOLINT(bugprone-signed-char-misuse)
  }
  return values;
}

/// Copies the array into row-major order, converting each value. A Fortran array is read in the
/// order of its memory, each value written to its place.
template <typename T, typename Convert>
void convert_all(const NpyFile& file, std::span<float> out, const Convert& convert) {
  const auto bytes = file.values();
  if (!file.fortran_order()) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = convert(value_at<T>(bytes, i, file.big_endian()));
    }
    return;
  }
  const auto& shape = file.shape();
  std::vector<std::size_t> strides(shape.size(), 1), at(shape.size(), 0);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  std::size_t place = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[place] = convert(value_at<T>(bytes, i, file.big_endian()));
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      place += strides[axis];
      if (++at[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

template <typename T>
void convert_numbers(const NpyFile& file, std::span<float> out) {
  convert_all<T>(file, out, [](T value) { return static_cast<float>(value); });
}

using Converter = void (*)(const NpyFile&, std::span<float>);
constexpr std::pair<std::string_view, Converter> kConverters[] = {
    {"f4", convert_numbers<float>},
    {"f8", convert_numbers<double>},
    {"f2",
     [](const NpyFile& file, std::span<float> out) {
       convert_all<std::uint16_t>(file, out,
                                  [](std::uint16_t bits) { return to_float(Half{bits}); });
     }},
    {"i8", convert_numbers<std::int64_t>},
    {"i4", convert_numbers<std::int32_t>},
    {"i2", convert_numbers<std::int16_t>},
    {"i1", convert_numbers<std::int8_t>},
    {"u8", convert_numbers<std::uint64_t>},
    {"u4", convert_numbers<std::uint32_t>},
    {"u2", convert_numbers<std::uint16_t>},
    {"u1", convert_numbers<std::uint8_t>},
    {"b1", convert_numbers<std::uint8_t>},
};

std::size_t value_count(const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  for (const std::size_t length : shape) count *= length;
  return count;
}

/// That there are values, and rows (the second-last axis) that Index can count.
void check_counts(const NpyFile& file) {
  const auto& shape = file.shape();
  if (value_count(shape) == 0) {
    throw Error(file.path().string(), "has shape " + describe(shape) + ", which holds no values");
  }
  constexpr std::size_t kMost = std::numeric_limits<Index>::max();
  if (shape.size() >= 2 && shape[shape.size() - 2] > kMost) {
    throw Error(file.path().string(), "has " + std::to_string(shape[shape.size() - 2]) +
                                          " rows, expected at most " + std::to_string(kMost));
  }
}

bool is_torch_ending(std::string_view ending) { return ending == ".pt" || ending == ".pth"; }

/// The file and, of "file.npz:name", the name in it.
std::pair<std::filesystem::path, std::string> split(const std::filesystem::path& name) {
  const std::string text = name.string();
  std::error_code none;
  for (std::size_t at = text.find(':'); at != std::string::npos; at = text.find(':', at + 1)) {
    const std::filesystem::path file = text.substr(0, at);
    const std::string ending = file.extension().string();
    if ((ending == ".npz" || is_torch_ending(ending)) && !std::filesystem::exists(name, none)) {
      return {file, text.substr(at + 1)};
    }
  }
  return {name, ""};
}

/// Which of an archive's arrays is meant: the one of this name, or the only one.
std::size_t place_of(const std::vector<std::string>& names, std::string_view wanted,
                     const std::string& where) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  if (names.empty()) throw Error(where, "holds no arrays");
  if (wanted.empty()) {
    if (names.size() == 1) return 0;
    throw Error(where, "holds " + std::to_string(names.size()) + " arrays (" + all +
                           "), expected one to be named, as " + where + ":" + names.front());
  }
  const auto found = std::ranges::find(names, wanted);
  if (found == names.end()) {
    throw Error(where, "holds no array '" + std::string(wanted) + "', expected one of " + all);
  }
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

std::filesystem::path array_file(const std::filesystem::path& name) { return split(name).first; }

NpyFile::NpyFile(const std::filesystem::path& path) : path_(path) {
  const auto [file, member] = split(path);
  file_ = MappedFile(file);
  const std::string ending = file.extension().string();
  if (ending == ".npz") {
    open_npz(member);
  } else if (is_torch_ending(ending)) {
    open_torch(member);
  } else {
    parse(file_.bytes());
  }
}

void NpyFile::open_npz(std::string_view member) {
  const std::string where = file_.path().string();
  const ZipArchive archive(file_.bytes(), where);
  std::vector<std::string> names;
  for (const ZipArchive::Member& entry : archive.members()) {
    if (entry.name.ends_with(".npy")) names.push_back(entry.name.substr(0, entry.name.size() - 4));
  }
  const std::string name = names[place_of(names, member, where)] + ".npy";
  const ZipArchive::Content content = archive.read(*archive.find(name));
  unpacked_ = content.unpacked;
  parse(content.bytes);
  align();
}

void NpyFile::open_torch(std::string_view name) {
  const std::string where = file_.path().string();
  const std::vector<TorchTensor> tensors = read_torch_file(file_.bytes(), where);
  std::vector<std::string> names;
  for (const TorchTensor& tensor : tensors) names.push_back(tensor.name);
  const TorchTensor& tensor = tensors[place_of(names, name, where)];
  big_endian_ = tensor.type[0] == '>' && !tensor.type.ends_with('1');
  type_ = tensor.type.substr(1);
  shape_ = tensor.shape;
  values_ = tensor.values;
  unpacked_ = tensor.unpacked;
  align();
}

/// Archives put their members anywhere: what cannot be looked at in place is copied.
void NpyFile::align() {
  if (is_aligned()) return;
  auto copy = std::make_shared<const std::vector<std::byte>>(values_.begin(), values_.end());
  values_ = *copy;
  unpacked_ = std::move(copy);
}

bool NpyFile::is_aligned() const {
  return reinterpret_cast<std::uintptr_t>(values_.data()) % alignof(float) == 0;
}

void NpyFile::parse(std::span<const std::byte> bytes) {
  const std::string where = path_.string();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() < 10 || text.substr(0, kMagic.size()) != kMagic) {
    throw Error(where, "is not a .npy file (it does not begin with \\x93NUMPY)");
  }
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3) {
    throw Error(where, "is .npy version " + std::to_string(version) + ", expected 1 to 3");
  }
  // Version 1 gives the header's length in 2 bytes, later ones in 4.
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (text.size() < 8 + length_bytes) throw Error(where, "ends inside the .npy header");
  std::uint32_t header_length = 0;
  std::memcpy(&header_length, text.data() + 8, length_bytes);
  const std::size_t offset = 8 + length_bytes + header_length;
  if (offset > text.size()) throw Error(where, "ends inside the .npy header");

  const std::string_view header = text.substr(8 + length_bytes, header_length);
  const std::string type = parse_type(value_of(header, "descr", where), where);
  big_endian_ = type[0] == '>' && !type.ends_with('1');
  type_ = type.substr(1);
  shape_ = parse_shape(value_of(header, "shape", where), where);
  fortran_order_ =
      value_of(header, "fortran_order", where).starts_with("True") && shape_.size() > 1;
  std::size_t expected = bytes_per_value(type_, where);
  for (const std::size_t length : shape_) {
    if (__builtin_mul_overflow(expected, length, &expected)) {
      throw Error(where, "claims the impossible shape " + describe(shape_));
    }
  }
  const std::size_t found = text.size() - offset;
  if (found < expected) {
    throw Error(where, "is truncated: shape " + describe(shape_) + " of type " + type_ + " needs " +
                           std::to_string(expected) + " bytes of values, the file has " +
                           std::to_string(found));
  }
  values_ = bytes.subspan(offset, expected);
}

std::string NpyFile::description() const {
  return "shape " + describe(shape_) + " and type " + type_ + (big_endian_ ? ", big-endian" : "") +
         (fortran_order_ ? ", Fortran order" : "");
}

void NpyFile::require_in_place(const char* expected) const {
  const std::string where = path().string();
  if (!is_aligned() || big_endian_ || fortran_order_) {
    throw Error(where,
                "has " + description() + (!is_aligned() ? ", at an odd offset" : "") +
                    ", expected " + expected +
                    " as it lies in memory. This line cures it: python3 -c \"import numpy; p "
                    "= '" +
                    where + "'; numpy.save(p, numpy.ascontiguousarray(numpy.load(p), '<f4'))\"");
  }
}

Embeddings NpyFile::embeddings() const {
  constexpr const char* kExpected = "N x D of float32 or float16";
  if (shape_.size() != 2 || (type_ != "f4" && type_ != "f2")) {
    throw Error(path().string(), "has " + description() + ", expected " + kExpected);
  }
  require_in_place(kExpected);
  if (type_ == "f2") {
    return MatrixView<const Half>(reinterpret_cast<const Half*>(values().data()), shape_[0],
                                  shape_[1]);
  }
  return matrix();
}

MatrixView<const float> NpyFile::matrix() const {
  constexpr const char* kExpected = "a 2-d array of float32";
  if (shape_.size() != 2 || type_ != "f4") {
    throw Error(path().string(), "has " + description() + ", expected " + kExpected);
  }
  require_in_place(kExpected);
  return {reinterpret_cast<const float*>(values().data()), shape_[0], shape_[1]};
}

NpyFloats::NpyFloats(const std::filesystem::path& path, std::size_t dimensions,
                     const char* expected)
    : file_(path) {
  if (file_.shape().size() != dimensions) {
    throw Error(path.string(),
                "has " + file_.description() + ", expected " + std::string(expected) + " numbers");
  }
  check_counts(file_);
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(file_.values().data()) % alignof(float) == 0;
  if (file_.type() == "f4" && !file_.big_endian() && !file_.fortran_order() && aligned) return;
  const std::size_t count = value_count(file_.shape());
  try {
    copy_.resize(count);
  } catch (const std::exception&) {  // bad_alloc, length_error
    throw Error(path.string(), "has " + file_.description() + ", and converting it takes " +
                                   std::to_string(count) +
                                   " floats, more memory than there is; save it as float32");
  }
  for (const auto& [type, convert] : kConverters) {
    if (type == file_.type()) convert(file_, copy_);
  }
}

std::span<const float> NpyFloats::values() const {
  if (converted()) return copy_;
  const auto bytes = file_.values();
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

MatrixView<const float> NpyFloats::matrix() const {
  assert(shape().size() == 2);
  return {values().data(), shape()[0], shape()[1]};
}

NpyEmbeddings::NpyEmbeddings(const std::filesystem::path& path) {
  halves_.emplace(path);
  const bool in_place = halves_->type() == "f2" && !halves_->big_endian() &&
                        !halves_->fortran_order() && halves_->shape().size() == 2;
  if (in_place && reinterpret_cast<std::uintptr_t>(halves_->values().data()) % alignof(Half) == 0) {
    check_counts(*halves_);
    return;
  }
  halves_.reset();
  floats_.emplace(path, 2, "N x D");
}

Embeddings NpyEmbeddings::embeddings() const {
  return halves_ ? halves_->embeddings() : Embeddings(floats_->matrix());
}

std::vector<std::int64_t> NpyFile::integers() const {
  const std::string where = path().string();
  if (shape_.size() != 1)
    throw Error(where, "has shape " + describe(shape_) + ", expected 1-d integers");
  if (type_ == "i8") return widen<std::int64_t>(*this);
  if (type_ == "i4") return widen<std::int32_t>(*this);
  if (type_ == "i2") return widen<std::int16_t>(*this);
  if (type_ == "i1") return widen<std::int8_t>(*this);
  if (type_ == "u8") return widen<std::uint64_t>(*this);
  if (type_ == "u4") return widen<std::uint32_t>(*this);
  if (type_ == "u2") return widen<std::uint16_t>(*this);
  if (type_ == "u1" || type_ == "b1") return widen<std::uint8_t>(*this);
  throw Error(where, "has type " + type_ + ", expected integers");
}

std::string npy_header(std::string_view type, const std::vector<std::size_t>& shape) {
  std::string dictionary = "{'descr': '" + std::string(type) +
                           "', 'fortran_order': False, 'shape': " + describe(shape) + ", }";
  constexpr std::size_t kPrefix = 10;  // magic, version, header length
  const std::size_t unpadded = kPrefix + dictionary.size() + 1;
  dictionary.append((64 - unpadded % 64) % 64, ' ');
  dictionary += '\n';
  const auto length = static_cast<std::uint16_t>(dictionary.size());
  std::string header(kMagic);
  header += '\x01';
  header += '\0';
  header += static_cast<char>(length & 0xFF);
  header += static_cast<char>(length >> 8);
  return header + dictionary;
}

void write_npy(const std::filesystem::path& path, MatrixView<const float> values) {
  std::string content = npy_header("<f4", {values.rows(), values.cols()});
  content.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  write_file(path, content);
}

}  // namespace goldpan
