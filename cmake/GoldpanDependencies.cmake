# Every dependency is an installed package; nothing is downloaded. The installed package configuration
# includes this file too, so that consumers of the static library find the same set.
# Configurations come before CMake's own find modules: OpenBLAS and Highway ship only the former.
find_package(Threads REQUIRED)
find_package(OpenBLAS CONFIG REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(GoldpanWebP REQUIRED IMPORTED_TARGET libwebp)  # Debian ships no CMake configuration
find_package(SQLite3 REQUIRED)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Boost REQUIRED)  # Boost.Math: headers alone
find_package(tomlplusplus REQUIRED)
find_package(pugixml REQUIRED)
find_package(PkgConfig REQUIRED)
# Its classes' layout depends on the flags that Debian built it with; its .pc file names them.
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)

# OpenBLAS' own configuration names files, not a target.
if(NOT TARGET OpenBLAS::OpenBLAS)
  add_library(OpenBLAS::OpenBLAS INTERFACE IMPORTED)
  set_target_properties(OpenBLAS::OpenBLAS PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${OpenBLAS_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES "${OpenBLAS_LIBRARIES}")
endif()

# Debian's RE2 comes without a CMake package.
find_package(re2 CONFIG QUIET)
if(NOT TARGET re2::re2)
  find_path(RE2_INCLUDE_DIR re2/re2.h REQUIRED)
  find_library(RE2_LIBRARY re2 REQUIRED)
  add_library(re2::re2 UNKNOWN IMPORTED)
  set_target_properties(re2::re2 PROPERTIES
    IMPORTED_LOCATION "${RE2_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${RE2_INCLUDE_DIR}")
endif()
