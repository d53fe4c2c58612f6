# One library, one test program and any number of fuzz targets per folder of src/.
# sluice_library(NAME SOURCES … DEPENDS …): a folder may include only what it lists in DEPENDS,
# which is how the compiler enforces the direction of the includes.

find_package(Threads REQUIRED)
include(GoogleTest)
if(SLUICE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
endif()

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(sluice_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: inserting a literal into a std::string warns of an overlap that cannot be.
  target_compile_options(sluice_flags INTERFACE -Wno-restrict)
endif()
if(SLUICE_WERROR)
  target_compile_options(sluice_flags INTERFACE -Werror)
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_FUZZ)
  target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # libstdc++ 12's own std::stable_sort calls what it has deprecated, and clang says so of every use.
  target_compile_options(sluice_flags INTERFACE -Wno-deprecated-declarations)
endif()
target_link_libraries(sluice_flags INTERFACE Threads::Threads)

function(sluice_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(sluice_${name} STATIC ${arg_SOURCES})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${arg_DEPENDS})
endfunction()

function(sluice_test name)
  if(NOT SLUICE_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "LOCK" "SOURCES;DEPENDS" ${ARGN})
  add_executable(sluice_${name}_test ${arg_SOURCES})
  target_link_libraries(sluice_${name}_test PRIVATE ${arg_DEPENDS} GTest::gtest_main)
  gtest_discover_tests(sluice_${name}_test TEST_PREFIX ${name}. WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DISCOVERY_TIMEOUT 60
    PROPERTIES RESOURCE_LOCK "${arg_LOCK}")
endfunction()

function(sluice_fuzz name)
  if(NOT SLUICE_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${arg_DEPENDS} -fsanitize=fuzzer)
endfunction()

# sluice_embed(LIBRARY FILE NAME): FILE as the text `sluice::NAME` (std::string_view), declared by whoever uses it.
function(sluice_embed library file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${file} embedded)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"#include <string_view>
namespace sluice {
extern const std::string_view @name@;
const std::string_view @name@ = R\"sluice(@embedded@)sluice\";
}
")
  target_sources(sluice_${library} PRIVATE ${generated})
endfunction()
