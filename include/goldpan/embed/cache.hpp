#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/workers.hpp>

namespace goldpan {

/// What was found in a folder of cached embeddings.
struct CacheCheck {
  std::size_t blocks = 0;           ///< of 1,024 rows, whose digests were compared
  std::vector<std::string> faults;  ///< "[file] what is wrong", by name of the file
};

/// Compares every byte of every finished cache in the folder with the digests in its record, and
/// each record with its own, changing nothing. Unfinished caches (`.partial`) are not looked at:
/// who goes on with them checks them. A folder that is not there holds nothing. Throws Cancelled.
CacheCheck check_caches(const std::filesystem::path& folder, Workers& workers);

}  // namespace goldpan
