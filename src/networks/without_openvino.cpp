#include <goldpan/core/error.hpp>
#include <goldpan/networks/network.hpp>

namespace goldpan {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file) {
  throw Error(file.empty() ? "goldpan::networks" : file.string(),
              "needs OpenVINO, which this build was made without; configure with "
              "-DGOLDPAN_WITH_OPENVINO=ON (./setup.sh does)");
}

}  // namespace

struct Network::State {};

NetworksBuild networks_build() { return {}; }

NetworkInfo inspect_network(const std::filesystem::path& file) { refuse(file); }

Network::Network(const Options& options) { refuse(options.file); }
Network::~Network() = default;

const std::vector<std::vector<std::size_t>>& Network::output_shapes() const { refuse({}); }

void Network::run(const std::function<void(std::span<float>)>&,
                  const std::function<void(std::span<const std::span<const float>>)>&) const {
  refuse({});
}

}  // namespace goldpan
