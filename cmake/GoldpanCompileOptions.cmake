# Flags shared by the library, the program, the tests and the benchmarks; never exported to consumers.
add_library(goldpan_compile_options INTERFACE)
target_compile_options(goldpan_compile_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
  target_compile_options(goldpan_compile_options INTERFACE -Wno-restrict)
endif()
if(GOLDPAN_WARNINGS_AS_ERRORS)
  target_compile_options(goldpan_compile_options INTERFACE -Werror)
endif()
if(GOLDPAN_SANITIZE)
  add_compile_options(-fsanitize=${GOLDPAN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GOLDPAN_SANITIZE})
endif()
