#include "core/torch_file.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "core/zip.hpp"

namespace goldpan {
namespace {

struct Value;
using ValuePtr = std::shared_ptr<Value>;

/// What a pickle's stack holds.
struct Value {
  enum class Kind { kOther, kMark, kInteger, kText, kTuple, kDictionary, kGlobal, kTensor };
  Kind kind = Kind::kOther;
  std::int64_t integer = 0;
  std::string text;             // of a text; "module name" of a global
  std::vector<ValuePtr> items;  // of a tuple or list; keys and values in turn; a tensor's arguments
};

ValuePtr make(Value::Kind kind, std::string text = {}) {
  auto value = std::make_shared<Value>();
  value->kind = kind;
  value->text = std::move(text);
  return value;
}

struct StorageType {
  std::string_view name, type;
};
constexpr std::string_view kBfloat16 = "bf2";
constexpr StorageType kStorageTypes[] = {
    {"torch FloatStorage", "f4"}, {"torch DoubleStorage", "f8"},
    {"torch HalfStorage", "f2"},  {"torch BFloat16Storage", kBfloat16},
    {"torch LongStorage", "i8"},  {"torch IntStorage", "i4"},
    {"torch ShortStorage", "i2"}, {"torch CharStorage", "i1"},
    {"torch ByteStorage", "u1"},  {"torch BoolStorage", "b1"},
};

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(where,
              what +
                  ", expected tensors alone, which are read without running the pickle. "
                  "This line cures it: python3 -c \"import numpy, torch; numpy.save('x.npy', "
                  "torch.load('x.pt')['NAME'].float().numpy())\"");
}

/// A machine for the few instructions of which pickles of tensors are made (protocol 2, and what
/// later ones add for texts). Nothing is imported and nothing is called.
class Pickle {
 public:
  Pickle(std::span<const std::byte> bytes, std::string where)
      : bytes_(bytes), where_(std::move(where)) {}

  ValuePtr run() {
    while (true) {
      const std::uint8_t code = number<std::uint8_t>();
      if (code == '.') return pop();
      step(code);
    }
  }

 private:
  using Kind = Value::Kind;

  void step(std::uint8_t code) {
    switch (code) {
      case 0x80:
        number<std::uint8_t>();
        break;  // PROTO
      case 0x95:
        number<std::uint64_t>();
        break;  // FRAME
      case '(':
        stack_.push_back(make(Kind::kMark));
        break;  // MARK
      case 'N':
        stack_.push_back(make(Kind::kOther));
        break;  // NONE
      case 0x88:
        push_integer(1);
        break;  // NEWTRUE
      case 0x89:
        push_integer(0);
        break;  // NEWFALSE
      case 'K':
        push_integer(number<std::uint8_t>());
        break;  // BININT1
      case 'M':
        push_integer(number<std::uint16_t>());
        break;  // BININT2
      case 'J':
        push_integer(number<std::int32_t>());
        break;  // BININT
      case 0x8a:
        push_long(number<std::uint8_t>());
        break;  // LONG1
      case 'G':
        number<std::uint64_t>();
        stack_.push_back(make(Kind::kOther));
        break;  // BINFLOAT
      case 0x8c:
        push_text(number<std::uint8_t>());
        break;  // SHORT_BINUNICODE
      case 'X':
        push_text(number<std::uint32_t>());
        break;  // BINUNICODE
      case 'c':
        push_global();
        break;  // GLOBAL
      case 'q':
        memo_[number<std::uint8_t>()] = top();
        break;  // BINPUT
      case 'r':
        memo_[number<std::uint32_t>()] = top();
        break;  // LONG_BINPUT
      case 0x94:
        memo_[static_cast<std::uint32_t>(memo_.size())] = top();
        break;  // MEMOIZE
      case 'h':
        stack_.push_back(recall(number<std::uint8_t>()));
        break;  // BINGET
      case 'j':
        stack_.push_back(recall(number<std::uint32_t>()));
        break;  // LONG_BINGET
      case ')':
      case ']':
        stack_.push_back(make(Kind::kTuple));
        break;  // EMPTY_TUPLE, EMPTY_LIST
      case '}':
        stack_.push_back(make(Kind::kDictionary));
        break;  // EMPTY_DICT
      case 0x85:
        push_tuple(1);
        break;
      case 0x86:
        push_tuple(2);
        break;
      case 0x87:
        push_tuple(3);
        break;
      case 't':
        push_tuple(above_mark());
        break;  // TUPLE
      case 'a':
        append(1);
        break;  // APPEND
      case 'e':
        append(above_mark());
        break;  // APPENDS
      case 's':
        append(2);
        break;  // SETITEM
      case 'u':
        append(above_mark());
        break;  // SETITEMS
      case 'Q':
        break;  // BINPERSID: the tuple that names a storage stands for it
      case 'R':
        reduce();
        break;
      case 'b':
        pop();
        break;  // BUILD: attributes of an OrderedDict say nothing of its tensors
      default:
        refuse(where_, fmt::format("has the pickle instruction 0x{:02x}", code));
    }
  }

  template <typename T>
  T number() {
    T value;
    const auto from = take(sizeof(T));
    std::memcpy(&value, from.data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> take(std::size_t size) {
    if (bytes_.size() - at_ < size) throw Error(where_, "ends inside its pickle");
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }

  std::string line() {
    std::string text;
    for (char c = number<char>(); c != '\n'; c = number<char>()) text += c;
    return text;
  }

  ValuePtr top() {
    if (stack_.empty()) throw Error(where_, "has a damaged pickle");
    return stack_.back();
  }

  ValuePtr pop() {
    ValuePtr value = top();
    stack_.pop_back();
    return value;
  }

  ValuePtr recall(std::uint32_t place) const {
    const auto found = memo_.find(place);
    if (found == memo_.end()) throw Error(where_, "has a damaged pickle");
    return found->second;
  }

  void push_integer(std::int64_t value) {
    stack_.push_back(make(Kind::kInteger));
    stack_.back()->integer = value;
  }

  void push_long(std::size_t size) {
    const auto bytes = take(size);
    if (size > 8) refuse(where_, "has an integer of more than 64 bits");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    }
    if (size > 0 && size < 8 && (value >> (8 * size - 1) & 1) != 0) value |= ~0ULL << (8 * size);
    push_integer(static_cast<std::int64_t>(value));
  }

  void push_text(std::size_t size) {
    const auto bytes = take(size);
    stack_.push_back(
        make(Kind::kText, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  }

  void push_global() {
    const std::string module = line();
    stack_.push_back(make(Kind::kGlobal, module + " " + line()));
  }

  std::size_t above_mark() {
    for (std::size_t i = stack_.size(); i-- > 0;) {
      if (stack_[i]->kind != Kind::kMark) continue;
      const std::size_t count = stack_.size() - i - 1;
      stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(i));
      return count;
    }
    throw Error(where_, "has a damaged pickle");
  }

  std::vector<ValuePtr> pop_many(std::size_t count) {
    if (stack_.size() < count) throw Error(where_, "has a damaged pickle");
    const auto from = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<ValuePtr> values(from, stack_.end());
    stack_.erase(from, stack_.end());
    return values;
  }

  void push_tuple(std::size_t count) {
    std::vector<ValuePtr> items = pop_many(count);
    stack_.push_back(make(Kind::kTuple));
    stack_.back()->items = std::move(items);
  }

  void append(std::size_t count) {
    const std::vector<ValuePtr> items = pop_many(count);
    const ValuePtr target = top();
    if (target->kind != Kind::kTuple && target->kind != Kind::kDictionary) {
      refuse(where_, "fills something that is no list or dictionary");
    }
    target->items.insert(target->items.end(), items.begin(), items.end());
  }

  void reduce() {
    const ValuePtr arguments = pop(), callee = pop();
    const std::string& name = callee->text;
    if (callee->kind != Kind::kGlobal || arguments->kind != Kind::kTuple) {
      throw Error(where_, "has a damaged pickle");
    }
    if (name == "torch._utils _rebuild_tensor_v2" && arguments->items.size() >= 4) {
      stack_.push_back(make(Kind::kTensor));
      stack_.back()->items = arguments->items;
    } else if (name == "torch._utils _rebuild_parameter" && !arguments->items.empty()) {
      stack_.push_back(arguments->items.front());
    } else if (name == "collections OrderedDict" && arguments->items.empty()) {
      stack_.push_back(make(Kind::kDictionary));
    } else {
      refuse(where_, "holds a '" + name + "'");
    }
  }

  std::span<const std::byte> bytes_;
  std::string where_;
  std::size_t at_ = 0;
  std::vector<ValuePtr> stack_;
  std::map<std::uint32_t, ValuePtr> memo_;
};

class Tensors {
 public:
  Tensors(const ZipArchive& archive, std::string prefix, std::string where)
      : archive_(archive), prefix_(std::move(prefix)), where_(std::move(where)) {
    const ZipArchive::Member* const order = archive_.find(prefix_ + "byteorder");
    if (order == nullptr) return;
    const auto bytes = archive_.read(*order).bytes;
    big_endian_ =
        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == "big";
  }

  void collect(const Value& value, const std::string& name, std::size_t depth,
               std::vector<TorchTensor>& found) const {
    // A pickle may hold a list of itself.
    if (depth > 16) refuse(where_, "holds lists in lists without end");
    const auto below = [&](const std::string& key) {
      return name.empty() ? key : name + "." + key;
    };
    if (value.kind == Value::Kind::kTensor) {
      found.push_back(tensor(value, name));
    } else if (value.kind == Value::Kind::kTuple) {
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        collect(*value.items[i], below(std::to_string(i)), depth + 1, found);
      }
    } else if (value.kind == Value::Kind::kDictionary) {
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        const Value& key = *value.items[i];
        collect(*value.items[i + 1],
                below(key.kind == Value::Kind::kText ? key.text : std::to_string(key.integer)),
                depth + 1, found);
      }
    }
  }

 private:
  std::vector<std::size_t> sizes(const Value& tuple) const {
    std::vector<std::size_t> result;
    for (const ValuePtr& item : tuple.items) {
      if (item->kind != Value::Kind::kInteger || item->integer < 0) {
        throw Error(where_, "has a damaged pickle: a size is none");
      }
      result.push_back(static_cast<std::size_t>(item->integer));
    }
    return result;
  }

  TorchTensor tensor(const Value& value, const std::string& name) const {
    const Value& storage = *value.items[0];
    if (storage.items.size() < 3) refuse(where_, "holds a tensor without a plain storage");
    const auto* const known =
        std::ranges::find(kStorageTypes, storage.items[1]->text, &StorageType::name);
    if (known == std::end(kStorageTypes)) {
      refuse(where_, fmt::format("holds a tensor of '{}'", storage.items[1]->text));
    }
    const ZipArchive::Member* const member =
        archive_.find(prefix_ + "data/" + storage.items[2]->text);
    if (member == nullptr) {
      throw Error(where_, fmt::format("lacks the values of '{}'", name));
    }
    const ZipArchive::Content content = archive_.read(*member);
    const bool bfloat16 = known->type == kBfloat16;
    const std::size_t width = static_cast<std::size_t>(known->type.back() - '0');
    TorchTensor result;
    result.name = name;
    result.type = fmt::format("{}{}", big_endian_ ? '>' : '<', known->type);
    result.shape = sizes(*value.items[2]);
    const std::vector<std::size_t> strides = sizes(*value.items[3]);
    if (value.items[1]->kind != Value::Kind::kInteger || value.items[1]->integer < 0 ||
        strides.size() != result.shape.size()) {
      throw Error(where_, fmt::format("has a damaged pickle at '{}'", name));
    }
    const auto begin = static_cast<std::size_t>(value.items[1]->integer);
    const std::size_t count = check_inside(result, strides, begin, content.bytes.size() / width);
    if (count == 0) return result;
    if (!bfloat16 && is_row_major(result.shape, strides)) {
      result.values = content.bytes.subspan(begin * width, count * width);
      result.unpacked = content.unpacked;
      return result;
    }
    const std::size_t out_width = bfloat16 ? sizeof(float) : width;
    auto copy = std::make_shared<std::vector<std::byte>>(count * out_width);
    std::vector<std::size_t> at(result.shape.size(), 0);
    std::size_t place = begin;
    for (std::size_t i = 0; i < count; ++i) {
      const std::byte* const from = content.bytes.data() + place * width;
      std::byte* const to = copy->data() + i * out_width;
      // bfloat16 is the upper half of a float32.
      if (bfloat16) {
        std::memcpy(to + (big_endian_ ? 0 : 2), from, 2);
      } else {
        std::memcpy(to, from, width);
      }
      for (std::size_t axis = at.size(); axis-- > 0;) {
        place += strides[axis];
        if (++at[axis] < result.shape[axis]) break;
        place -= strides[axis] * result.shape[axis];
        at[axis] = 0;
      }
    }
    if (bfloat16) result.type = fmt::format("{}f4", big_endian_ ? '>' : '<');
    result.values = *copy;
    result.unpacked = std::move(copy);
    return result;
  }

  /// The number of values; throws unless all of them lie in the storage.
  std::size_t check_inside(const TorchTensor& tensor, const std::vector<std::size_t>& strides,
                           std::size_t begin, std::size_t stored) const {
    std::size_t count = 1, last = begin;
    bool fits = true;
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      const std::size_t length = tensor.shape[axis];
      if (length == 0) return 0;
      std::size_t span = 0;
      fits = fits && !__builtin_mul_overflow(count, length, &count) &&
             !__builtin_mul_overflow(strides[axis], length - 1, &span) &&
             !__builtin_add_overflow(last, span, &last);
    }
    // An expanded tensor (strides of 0) has more values than are stored; nothing plain needs it.
    if (!fits || last >= stored || count > stored) {
      throw Error(where_, fmt::format("claims more values for '{}' than are stored", tensor.name));
    }
    return count;
  }

  static bool is_row_major(const std::vector<std::size_t>& shape,
                           const std::vector<std::size_t>& strides) {
    std::size_t expected = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (shape[axis] != 1 && strides[axis] != expected) return false;
      expected *= shape[axis];
    }
    return true;
  }

  const ZipArchive& archive_;
  const std::string prefix_, where_;
  bool big_endian_ = false;
};

}  // namespace

std::vector<TorchTensor> read_torch_file(std::span<const std::byte> bytes,
                                         const std::string& where) {
  if (bytes.size() < 2 || bytes[0] != std::byte{'P'} || bytes[1] != std::byte{'K'}) {
    throw Error(where,
                "is no zip archive, expected what torch.save writes since PyTorch 1.6. This line "
                "cures it: python3 -c \"import torch; torch.save(torch.load('x.pt'), 'x.pt')\"");
  }
  const ZipArchive archive(bytes, where);
  constexpr std::string_view kPickle = "data.pkl";
  for (const ZipArchive::Member& member : archive.members()) {
    if (!member.name.ends_with(kPickle)) continue;
    const ZipArchive::Content pickle = archive.read(member);
    const ValuePtr root = Pickle(pickle.bytes, where).run();
    std::vector<TorchTensor> found;
    Tensors(archive, member.name.substr(0, member.name.size() - kPickle.size()), where)
        .collect(*root, "", 0, found);
    return found;
  }
  throw Error(where, "holds no data.pkl, expected what torch.save writes");
}

}  // namespace goldpan
