#pragma once

#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// A copy of the named rows, each divided by its length; a row of zeros stays one.
Matrix<float> unit_rows(const Embeddings& embeddings, std::span<const Index> rows,
                        Workers& workers);

}  // namespace goldpan
