#pragma once

#include <filesystem>

#include <goldpan/report/report.hpp>

/// Writes the report of a journal beside it, prints the gains and says what was written.
void print_report(const std::filesystem::path& journal, const goldpan::LabelPrices& prices);
