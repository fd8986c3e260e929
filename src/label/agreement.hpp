#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/label/label_session.hpp>

namespace goldpan::label {

/// Labels of one item by those who labelled it.
using Votes = std::map<std::string, std::int32_t>;

/// Cohen's kappa (1960) of two people over the items that both labelled: (observed - expected) /
/// (1 - expected) agreement, expected from each one's own class frequencies. 1 where both always
/// say one and the same class; NaN without items.
double cohen_kappa(std::span<const std::pair<std::int32_t, std::int32_t>> pairs);

/// Krippendorff's alpha (2011) for nominal labels, any number of people and missing labels: 1 -
/// observed / expected disagreement over items with two labels or more. 1 where there is but one
/// class; NaN without such items.
double krippendorff_alpha(std::span<const Votes> items);

/// Both for items that two people or more labelled, with the items that they see differently.
Agreement agreement_of(const std::vector<std::pair<std::size_t, Votes>>& shared);

}  // namespace goldpan::label
