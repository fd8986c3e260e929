#include "session/oracle.hpp"

#include <string>
#include <utility>

#include <goldpan/core/error.hpp>

namespace goldpan {

void Oracle::request(std::span<const Index> rows) {
  for (const Index row : rows) {
    if (is_bought_.at(row)) {
      throw Error("oracle", "row " + std::to_string(row) + " is bought already");
    }
    is_bought_[row] = true;
    ++bought_;
    if (task_.is_known(*targets_, row)) {
      answers_.push_back({row, Answer::State::kAnswered, task_.write(*targets_, row)});
    } else {
      answers_.push_back({row, Answer::State::kSkipped, {}});
    }
  }
}

std::vector<Answer> Oracle::poll() { return std::exchange(answers_, {}); }

}  // namespace goldpan
