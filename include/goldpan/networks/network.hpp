#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace goldpan {

/// What goldpan::networks was built with.
struct NetworksBuild {
  /// Built with OpenVINO (GOLDPAN_WITH_OPENVINO). Without it every function below throws.
  bool available = false;
  /// OpenVINO's version, "2026.4.1"; empty without OpenVINO.
  std::string version;
};
NetworksBuild networks_build();

/// An input or an output of a network.
struct NetworkPort {
  std::string name;
  /// -1: decided when the network is used.
  std::vector<std::int64_t> shape;
  /// As OpenVINO calls it: "f32", "u8", ...
  std::string type;
};

/// What a network file says of itself.
struct NetworkInfo {
  std::vector<NetworkPort> inputs, outputs;
};

/// Opens a network file (.onnx; .xml with its .bin; .pb; .tflite) and looks at it. Throws Error
/// naming the file if it is no network that OpenVINO reads, and naming the build option in a build
/// without OpenVINO.
NetworkInfo inspect_network(const std::filesystem::path& file);

/// SHA-256 of the file and of the weights that lie beside it: FILE.bin of an .xml; FILE.data and
/// FILE_data of an ONNX file whose weights are apart. Needs no OpenVINO.
std::string network_hash(const std::filesystem::path& file);

/// "3 x 224 x ?", for messages.
std::string describe_port_shape(std::span<const std::int64_t> shape);

/// A network with one input of float32, ready to run on the CPU, one item at a time.
///
/// Every call runs on the calling thread alone, and any number of threads may call at once: an item
/// a thread makes a result independent of batches and threads, bit for bit, and keeps its
/// activations in the core's own cache (docs/decisions/0100).
class Network {
 public:
  struct Options {
    std::filesystem::path file;
    /// Shape of the input, batch dimension included, which must be 1.
    std::vector<std::size_t> input_shape;
    /// Names of the outputs wanted, in order. Empty: the only one.
    std::vector<std::string> outputs;
  };

  /// Throws Error naming the file if it cannot be opened, has several inputs, does not take such an
  /// input, has no such output, or has several and none is named.
  explicit Network(const Options& options);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Of each output wanted, batch dimension included.
  const std::vector<std::vector<std::size_t>>& output_shapes() const;

  /// Runs one item: `fill` writes the input, `read` is given the outputs in the order wanted. Both
  /// are called on the calling thread. Safe to call from several threads at once.
  void run(const std::function<void(std::span<float> input)>& fill,
           const std::function<void(std::span<const std::span<const float>> outputs)>& read) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace goldpan
