// Picks of one strategy, options and all, for the studies in this folder:
//
//     pick_rows EMBEDDINGS.npy STRATEGY BATCH SEED [OPTION=VALUE ...]
//
// Every row is unlabelled and there is no model. Prints a row number a line, in the order picked,
// and the seconds and notes on the error output.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/strategies/strategy.hpp>

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: pick_rows EMBEDDINGS.npy STRATEGY BATCH SEED [OPTION=VALUE ...]\n";
    return 2;
  }
  try {
    const goldpan::NpyFile file(argv[1]);
    goldpan::Pool pool;
    pool.embeddings = file.embeddings();
    std::vector<goldpan::Index> rows(pool.embeddings.rows());
    std::iota(rows.begin(), rows.end(), goldpan::Index{0});
    pool.unlabeled = rows;
    goldpan::StrategyOptions options;
    for (int i = 5; i < argc; ++i) options.values.set_pair(argv[i]);
    goldpan::Generator generator(std::strtoull(argv[4], nullptr, 10));
    goldpan::Workers workers(2);
    const auto begin = std::chrono::steady_clock::now();
    const goldpan::Selection picked = goldpan::select(
        argv[2], pool, std::strtoull(argv[3], nullptr, 10), generator, workers, options);
    std::cerr << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()
              << " s\n";
    for (const std::string& note : picked.notes) std::cerr << note << '\n';
    for (const goldpan::Index row : picked.indices) std::cout << row << '\n';
  } catch (const goldpan::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
