#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// What came back for a row that was asked for.
struct Answer {
  enum class State : std::uint8_t { kAnswered, kSkipped };

  Index row = 0;
  State state = State::kAnswered;
  std::string target;  ///< as Task::write writes it; empty where skipped
};

/// Who labels: an oracle that knows all answers, or people. Rows are asked for once; answers come
/// when they come.
class LabelSource {
 public:
  virtual ~LabelSource() = default;
  virtual void request(std::span<const Index> rows) = 0;
  /// Answers that have come since the last call, in the order of their requests as far as they are
  /// there; rows without one are pending.
  virtual std::vector<Answer> poll() = 0;
};

}  // namespace goldpan
