// Times goldpan::propose as the Python module calls it: views of arrays that are there, workers
// and index lists made for the call. Prints the least and the median time in
// microseconds.
//
//     select_call STRATEGY EMBEDDINGS.npy PROBS.npy BATCH REPEATS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/npy.hpp>

int main(int, char** arguments) {
  const goldpan::NpyFile embeddings(arguments[2]), probabilities(arguments[3]);
  const std::size_t batch = std::stoul(arguments[4]), repeats = std::stoul(arguments[5]);
  std::vector<double> microseconds;
  for (std::size_t i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    goldpan::Pool pool;
    pool.embeddings = embeddings.embeddings();
    pool.probabilities = probabilities.matrix();
    std::vector<goldpan::Index> unlabeled(pool.embeddings.rows());
    std::iota(unlabeled.begin(), unlabeled.end(), goldpan::Index{0});
    pool.unlabeled = unlabeled;
    goldpan::Workers workers(1);
    goldpan::Round round;
    round.strategy = arguments[1];
    round.batch = batch;
    round.stream = [](const char* purpose) { return goldpan::Generator(0).stream(purpose); };
    goldpan::propose(round, pool, workers);
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - begin;
    microseconds.push_back(taken.count());
  }
  std::ranges::sort(microseconds);
  std::printf("%.1f %.1f\n", microseconds.front(), microseconds[microseconds.size() / 2]);
}
