#pragma once

#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>

/// What stands beneath a pick's picture: why it was picked, and its score where it has one.
std::string caption_of(const goldpan::Pick& pick);

/// picks.csv: rank,index,id,score,reason,inclusion_probability. Without ids rows are named by their
/// numbers.
std::string picks_csv(const std::vector<goldpan::Pick>& picks, const std::vector<std::string>& ids);
