#pragma once

#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>

/// Empty where the number is not known.
std::string csv_number(double value);

/// picks.csv: rank,index,id,score,reason,inclusion_probability. Without ids rows are named by their
/// numbers.
std::string picks_csv(const std::vector<goldpan::Pick>& picks, const std::vector<std::string>& ids);
