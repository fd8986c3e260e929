#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include <goldpan/core/files.hpp>

// A network small enough to be worked out by hand, written as OpenVINO's own format.

namespace goldpan {

/// A 1 x 1 convolution from 3 channels to 2 (output "map"), and its mean over all places (output
/// "features", unless it is left out).
struct TinyNetwork {
  std::string shape = "1,3,?,?";  ///< of its input "images"; ?: any
  bool features = true;
  std::array<float, 6> weights = {1, 0, 0, 0.5f, -2, 0.25f};  ///< by output, then input

  /// Writes NAME and its .bin beside it.
  void write(const std::filesystem::path& xml) const {
    std::string bin(6 * sizeof(float) + 2 * sizeof(std::int64_t), '\0');
    std::memcpy(bin.data(), weights.data(), 24);
    const std::array<std::int64_t, 2> axes = {2, 3};
    std::memcpy(bin.data() + 24, axes.data(), 16);
    write_file(std::filesystem::path(xml).replace_extension(".bin"), bin);
    write_file(xml, text());
  }

 private:
  static std::string port(int id, const std::string& shape, const std::string& type,
                          const std::string& names = {}) {
    std::string dims;
    for (std::size_t at = 0; at <= shape.size();) {
      std::size_t end = std::min(shape.find(',', at), shape.size());
      const std::string size = shape.substr(at, end - at);
      dims += "<dim>" + (size == "?" ? "-1" : size) + "</dim>";
      at = end + 1;
    }
    return "<port id=\"" + std::to_string(id) + "\" precision=\"" + type + "\"" +
           (names.empty() ? "" : " names=\"" + names + "\"") + ">" + dims + "</port>";
  }

  std::string text() const {
    const std::string places = shape.substr(shape.find(',', shape.find(',') + 1) + 1);
    const std::string batch = shape.substr(0, shape.find(','));
    const std::string map = batch + ",2," + places, row = batch + ",2";
    std::string xml = R"(<?xml version="1.0"?><net name="tiny" version="11"><layers>)";
    xml += R"(<layer id="0" name="images" type="Parameter" version="opset1"><data shape=")" +
           shape + R"(" element_type="f32"/><output>)" + port(0, shape, "FP32", "images") +
           "</output></layer>";
    xml += R"(<layer id="1" name="w" type="Const" version="opset1"><data element_type="f32" )"
           R"(shape="2, 3, 1, 1" offset="0" size="24"/><output>)" +
           port(0, "2,3,1,1", "FP32") + "</output></layer>";
    xml += R"(<layer id="2" name="conv" type="Convolution" version="opset1"><data strides="1, 1" )"
           R"(dilations="1, 1" pads_begin="0, 0" pads_end="0, 0" auto_pad="explicit"/><input>)" +
           port(0, shape, "FP32") + port(1, "2,3,1,1", "FP32") + "</input><output>" +
           port(2, map, "FP32", "map") + "</output></layer>";
    xml += R"(<layer id="6" name="r1" type="Result" version="opset1"><input>)" +
           port(0, map, "FP32") + "</input></layer>";
    std::string edges = R"(<edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>)"
                        R"(<edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>)"
                        R"(<edge from-layer="2" from-port="2" to-layer="6" to-port="0"/>)";
    if (features) {
      xml += R"(<layer id="3" name="axes" type="Const" version="opset1"><data element_type="i64" )"
             R"(shape="2" offset="24" size="16"/><output>)" +
             port(0, "2", "I64") + "</output></layer>";
      xml += R"(<layer id="4" name="mean" type="ReduceMean" version="opset1"><data )"
             R"(keep_dims="false"/><input>)" +
             port(0, map, "FP32") + port(1, "2", "I64") + "</input><output>" +
             port(2, row, "FP32", "features") + "</output></layer>";
      xml += R"(<layer id="5" name="r0" type="Result" version="opset1"><input>)" +
             port(0, row, "FP32") + "</input></layer>";
      edges += R"(<edge from-layer="2" from-port="2" to-layer="4" to-port="0"/>)"
               R"(<edge from-layer="3" from-port="0" to-layer="4" to-port="1"/>)"
               R"(<edge from-layer="4" from-port="2" to-layer="5" to-port="0"/>)";
    }
    return xml + "</layers><edges>" + edges + "</edges></net>";
  }
};

}  // namespace goldpan
