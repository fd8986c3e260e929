#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/embed/network_encoder.hpp>

namespace goldpan {
namespace {

constexpr const char* kExample = R"(
    # How the network is fed; this is torchvision's and timm's usual evaluation.
    size = 224                      # of the input; [height, width] if not square
    resize = "shorter"              # the shorter side to shorter_side, then the middle; or "stretch"
    shorter_side = 256
    filter = "bicubic"              # or "bilinear", "lanczos"; antialiased, as PIL does
    channels = "rgb"                # or "bgr"
    range = 1                       # pixels become 0 to 1 (or 255), then (pixel - mean) / std
    mean = [0.485, 0.456, 0.406]
    std = [0.229, 0.224, 0.225]
    layout = "nchw"                 # or "nhwc", TensorFlow's
    outputs = ["features"]          # names; left out where there is only one
    pooling = "mean"                # of a map or of tokens: "mean", "max", "first" token, or "flatten"
    map = "last_map"                # optional: the output that is the last feature map
)";

/// One value of the file, where it stands and what it is for.
struct Entry {
  const toml::node& node;
  std::string where;  ///< "FILE:LINE"
  std::string key;

  [[noreturn]] void refuse(const std::string& expected) const {
    throw Error(where, fmt::format("{} is not {}", key, expected));
  }
  std::string text() const {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) refuse("a text");
    return *value;
  }
  int positive() const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 1 || *value > 16384) refuse("a whole number from 1 to 16384");
    return static_cast<int>(*value);
  }
  template <typename Value>
  Value one_of(const std::vector<std::pair<std::string_view, Value>>& choices) const {
    const std::string got = text();
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) {
      if (name == got) return value;
      names.push_back(name);
    }
    throw Error(where,
                fmt::format("got {} = \"{}\", expected {}", key, got, fmt::join(names, ", ")));
  }
  std::array<float, 3> channels() const {
    std::array<float, 3> values = {};
    const toml::array* const array = node.as_array();
    if (array == nullptr || array->size() != values.size()) refuse("a list of three numbers");
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = (*array)[i].value<double>();
      if (!value || !std::isfinite(*value)) refuse("a list of three numbers");
      values[i] = static_cast<float>(*value);
    }
    return values;
  }
};

using Preprocessing = NetworkPreprocessing;
using Setter = void (*)(Preprocessing&, const Entry&);

/// The keys of the file: the list behind reading and the messages.
const std::map<std::string, Setter>& keys() {
  static const std::map<std::string, Setter> table = {
      {"size",
       [](Preprocessing& p, const Entry& entry) {
         if (const toml::array* const sides = entry.node.as_array()) {
           if (sides->size() != 2) entry.refuse("a number or [height, width]");
           p.height = Entry{(*sides)[0], entry.where, entry.key}.positive();
           p.width = Entry{(*sides)[1], entry.where, entry.key}.positive();
         } else {
           p.height = p.width = entry.positive();
         }
       }},
      {"resize",
       [](Preprocessing& p, const Entry& entry) {
         p.resize =
             entry.one_of<Preprocessing::Resize>({{"stretch", Preprocessing::Resize::kStretch},
                                                  {"shorter", Preprocessing::Resize::kShorter}});
       }},
      {"shorter_side",
       [](Preprocessing& p, const Entry& entry) { p.shorter_side = entry.positive(); }},
      {"filter",
       [](Preprocessing& p, const Entry& entry) {
         p.filter = entry.one_of<ResizeFilter>({{"bilinear", ResizeFilter::kBilinear},
                                                {"bicubic", ResizeFilter::kBicubic},
                                                {"lanczos", ResizeFilter::kLanczos}});
       }},
      {"channels",
       [](Preprocessing& p, const Entry& entry) {
         p.bgr = entry.one_of<bool>({{"rgb", false}, {"bgr", true}});
       }},
      {"range",
       [](Preprocessing& p, const Entry& entry) {
         const auto value = entry.node.value<double>();
         if (!value || (*value != 1 && *value != 255)) entry.refuse("1 or 255");
         p.range = static_cast<float>(*value);
       }},
      {"mean", [](Preprocessing& p, const Entry& entry) { p.statistics.mean = entry.channels(); }},
      {"std",
       [](Preprocessing& p, const Entry& entry) {
         p.statistics.deviation = entry.channels();
         if (std::ranges::any_of(p.statistics.deviation, [](float std) { return !(std > 0); })) {
           entry.refuse("three numbers above 0");
         }
       }},
      {"layout",
       [](Preprocessing& p, const Entry& entry) {
         p.layout = entry.one_of<Preprocessing::Layout>(
             {{"nchw", Preprocessing::Layout::kNchw}, {"nhwc", Preprocessing::Layout::kNhwc}});
       }},
      {"outputs",
       [](Preprocessing& p, const Entry& entry) {
         if (entry.node.is_string()) {
           p.outputs = {entry.text()};
           return;
         }
         const toml::array* const names = entry.node.as_array();
         if (names == nullptr) entry.refuse("a name or a list of names");
         for (const toml::node& name : *names) {
           p.outputs.push_back(Entry{name, entry.where, entry.key}.text());
         }
       }},
      {"pooling",
       [](Preprocessing& p, const Entry& entry) {
         p.pooling =
             entry.one_of<Preprocessing::Pooling>({{"mean", Preprocessing::Pooling::kMean},
                                                   {"max", Preprocessing::Pooling::kMax},
                                                   {"first", Preprocessing::Pooling::kFirst},
                                                   {"flatten", Preprocessing::Pooling::kFlatten}});
       }},
      {"map", [](Preprocessing& p, const Entry& entry) { p.map = entry.text(); }},
      {"reduced_decoding",
       [](Preprocessing& p, const Entry& entry) {
         const auto value = entry.node.value_exact<bool>();
         if (!value) entry.refuse("true or false");
         p.reduced_decoding = *value;
       }},
  };
  return table;
}

}  // namespace

NetworkPreprocessing read_preprocessing(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    throw Error(
        path.string(),
        fmt::format("is not there; it says how the network is fed. An example:\n{}", kExample));
  }
  Preprocessing preprocessing;
  toml::table document;
  try {
    document = toml::parse(read_text(path), path.string());
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}", path.string(), error.source().begin.line),
                std::string(error.description()));
  }
  for (const auto& [key, node] : document) {
    const std::string name(key.str());
    const std::string where = fmt::format("{}:{}", path.string(), key.source().begin.line);
    const auto found = keys().find(name);
    if (found == keys().end()) {
      std::vector<std::string> known;
      for (const auto& [known_key, setter] : keys()) known.push_back(known_key);
      throw Error(where,
                  fmt::format("got the key '{}', expected {}", name, fmt::join(known, ", ")));
    }
    found->second(preprocessing, {node, where, name});
  }
  if (preprocessing.shorter_side != 0 && preprocessing.resize == Preprocessing::Resize::kStretch) {
    throw Error(path.string(), "has shorter_side, which resize = \"stretch\" does not use");
  }
  return preprocessing;
}

}  // namespace goldpan
