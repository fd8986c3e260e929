// dinov2_encode WEIGHTS SIZE THREADS REPEATS IN.npy OUT.npy
// Embeds the images of IN.npy (uint8, N x height x width x 3), writes the embeddings, and prints
// the images a second of the best of REPEATS runs and the processor seconds an image. Driven by
// dinov2.py.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/embed/dinov2.hpp>

namespace {

std::vector<goldpan::Image> read_images(const char* path) {
  const goldpan::NpyFile file(path);
  const auto& shape = file.shape();
  if (file.type() != "u1" || shape.size() != 4 || shape[3] != 3) {
    throw goldpan::Error(path, "is not N x height x width x 3 of uint8");
  }
  const std::size_t bytes = shape[1] * shape[2] * shape[3];
  const auto* values = reinterpret_cast<const std::uint8_t*>(file.values().data());
  std::vector<goldpan::Image> images;
  for (std::size_t i = 0; i < shape[0]; ++i, values += bytes) {
    images.push_back({static_cast<int>(shape[2]), static_cast<int>(shape[1]),
                      std::vector<std::uint8_t>(values, values + bytes)});
  }
  return images;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: dinov2_encode WEIGHTS SIZE THREADS REPEATS IN.npy OUT.npy\n";
    return 2;
  }
  try {
    goldpan::Dinov2Options options;
    options.weights = argv[1];
    options.size = std::stoi(argv[2]);
    goldpan::Workers workers(std::stoi(argv[3]));
    const auto encoder = goldpan::make_dinov2_encoder(options);
    const std::vector<goldpan::Image> images = read_images(argv[5]);
    goldpan::Matrix<float> embeddings(images.size(), encoder->dim());
    double best_rate = 0, best_cpu = 1e30;
    for (int repeat = std::stoi(argv[4]); repeat > 0; --repeat) {
      const auto begin = std::chrono::steady_clock::now();
      const std::clock_t cpu_begin = std::clock();
      encoder->encode(images, embeddings, workers);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      const double cpu = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
      const auto count = static_cast<double>(images.size());
      best_rate = std::max(best_rate, count / seconds.count());
      best_cpu = std::min(best_cpu, cpu / count);
    }
    goldpan::write_npy(argv[6], embeddings);
    std::cout << best_rate << ' ' << best_cpu << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
