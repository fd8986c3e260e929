#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// N values of each attribute of N items, "" where an item has none.
using AttributeColumns = std::map<std::string, std::vector<std::string>>;

/// A named part of the items.
struct Slice {
  std::string name;
  std::vector<Index> items;  ///< ascending
};

/// A condition on attributes: `weather=rainy|snowy & timeofday=night`. Any of the values of each
/// attribute, all attributes; `!=` for none of the values. A comma before another condition is an
/// `&`: `weather=rainy,timeofday=night`. Blanks around names and values do not count.
class SlicePredicate {
 public:
  /// Throws Error naming the part that is no condition.
  explicit SlicePredicate(std::string_view text);

  /// The items that meet it, ascending. Throws Error listing the known ones for an attribute that
  /// there is not.
  std::vector<Index> items(const AttributeColumns& columns) const;
  /// The same among the items that have a value of every attribute it asks for: of the others it
  /// is not known.
  std::vector<Index> known(const AttributeColumns& columns) const;

 private:
  struct Term {
    std::string attribute;
    std::vector<std::string> values;
    bool excludes = false;
  };
  std::vector<Term> terms_;
};

/// A slice `name=condition`, or a condition alone, which then is the name: "wet=weather=rainy".
Slice slice_where(std::string_view text, const AttributeColumns& columns);
/// The items of which it is known whether they are in it: SlicePredicate::known.
std::vector<Index> slice_known(std::string_view text, const AttributeColumns& columns);

/// A slice for each value of an attribute, by value: "weather=rainy". Attributes joined by '+' are
/// crossed: "weather=rainy & timeofday=night". Items without a value are in none. Throws Error
/// listing the known attributes for another one.
std::vector<Slice> slices_by(std::string_view attributes, const AttributeColumns& columns);

}  // namespace goldpan
