#include "vision/torch_support.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

namespace goldpan {

TorchBuild torch_build() {
  TorchBuild build;
  build.available = true;
  build.version = std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) +
                  "." + std::to_string(TORCH_VERSION_PATCH);
  build.cuda = at::globalContext().hasCUDART();
  build.gpus = static_cast<int>(torch::cuda::device_count());
  return build;
}

void check_torch_device(const std::string& device, const char* where) {
  if (device == "cpu") return;
  const bool numbered = device.starts_with("cuda:") && device.size() > 5 && device.size() < 8 &&
                        device.find_first_not_of("0123456789", 5) == std::string::npos;
  if (device != "cuda" && !numbered) {
    throw Error(where, "got device '" + device + "', expected cpu, cuda or cuda:N");
  }
  const TorchBuild build = torch_build();
  if (!build.cuda) {
    throw Error(where, "device " + device +
                           " needs a libtorch with CUDA, but this build is linked to libtorch " +
                           build.version +
                           " for CPUs; configure with -DCMAKE_PREFIX_PATH=... "
                           "pointing to a CUDA libtorch, or use device cpu");
  }
  const int number = numbered ? std::stoi(device.substr(5)) : 0;
  if (number >= build.gpus) {
    throw Error(where, "device " + device + " is not there: libtorch finds " +
                           std::to_string(build.gpus) + " CUDA devices");
  }
}

void use_one_torch_thread() {
  // Torch keeps the number for each thread; setting it is slow, asking is not.
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

}  // namespace goldpan
