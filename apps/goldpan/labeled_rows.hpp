#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <goldpan/core/matrix.hpp>

/// Which rows of a pool have labels, ascending. The file is
///   - .npy: row numbers, or a mask of bools (or of zeros and ones) of as many entries as the pool;
///   - a line a row: its number (12 or 12.0) or, with `ids`, its id; or a mask as above;
///   - CSV with a header: a column `id` or `index` (as in picks.csv); where there is a column
///     `label`, rows without one are not labelled;
///   - a folder: the session of `goldpan label` in it, by `ids`.
/// Empty lines do not count. Throws Error naming file and line for anything else, a row that the
/// pool does not have, and one that stands there twice.
std::vector<goldpan::Index> read_labeled(const std::string& path, std::size_t pool,
                                         const std::vector<std::string>& ids);
