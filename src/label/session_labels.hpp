#pragma once

#include <string>
#include <vector>

#include <goldpan/label/label_session.hpp>

namespace goldpan::label {

/// Rows as a table id,label,who,when,votes.
std::string rows_csv(const std::vector<LabelRow>& rows, const std::vector<std::string>& ids,
                     const std::vector<std::string>& classes);

}  // namespace goldpan::label
