# Third-party libraries, all from Debian 12. Each gets one name harrier::third_<x>; which layer may
# link which is said in src/<layer>/CMakeLists.txt and checked by tests/lint.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tsl-robin-map REQUIRED)
find_path(HARRIER_ASIO_INCLUDE asio.hpp REQUIRED)
find_path(HARRIER_BEAST_INCLUDE boost/beast/core.hpp REQUIRED)
find_path(HARRIER_PROMETHEUS_INCLUDE prometheus/registry.h REQUIRED)
find_library(HARRIER_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
find_path(HARRIER_ISAL_INCLUDE isa-l/crc.h REQUIRED)
find_library(HARRIER_ISAL isal REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_path(HARRIER_PCRE2_INCLUDE pcre2.h REQUIRED)
find_library(HARRIER_PCRE2 pcre2-8 REQUIRED)
find_path(HARRIER_CJOSE_INCLUDE cjose/cjose.h REQUIRED)
find_library(HARRIER_CJOSE cjose REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)

function(harrier_third_party name)
  add_library(harrier_third_${name} INTERFACE)
  add_library(harrier::third_${name} ALIAS harrier_third_${name})
  target_link_libraries(harrier_third_${name} INTERFACE ${ARGN})
endfunction()

harrier_third_party(openssl OpenSSL::SSL OpenSSL::Crypto)
harrier_third_party(yaml yaml-cpp)
harrier_third_party(spdlog spdlog::spdlog_header_only)
harrier_third_party(cli CLI11::CLI11)
harrier_third_party(robin_map tsl::robin_map)
harrier_third_party(prometheus ${HARRIER_PROMETHEUS_CORE})
harrier_third_party(beast Threads::Threads)
harrier_third_party(isal ${HARRIER_ISAL})
harrier_third_party(pcre2 ${HARRIER_PCRE2})
harrier_third_party(nlohmann_json nlohmann_json::nlohmann_json)
harrier_third_party(cjose ${HARRIER_CJOSE})
harrier_third_party(curl CURL::libcurl)
harrier_third_party(zlib ZLIB::ZLIB)

# Standalone Asio with its bodies compiled once, instead of in each file that includes it.
set(asio_bodies "${PROJECT_BINARY_DIR}/third_party/asio_bodies.cc")
file(GENERATE OUTPUT "${asio_bodies}"
     CONTENT "#include <asio/impl/src.hpp>\n#include <asio/ssl/impl/src.hpp>\n")
add_library(harrier_asio_bodies STATIC EXCLUDE_FROM_ALL "${asio_bodies}")
target_compile_options(harrier_asio_bodies PRIVATE -w ${HARRIER_QUICK_BUILD})
target_compile_definitions(harrier_asio_bodies PUBLIC ASIO_STANDALONE ASIO_SEPARATE_COMPILATION
                                                      ASIO_NO_DEPRECATED
                                                      # Else Asio 1.22 decides by whether a standard
                                                      # header came first, and mixes free and delete.
                                                      ASIO_HAS_STD_ALIGNED_ALLOC=1)
target_link_libraries(harrier_asio_bodies PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
harrier_third_party(asio harrier_asio_bodies)

# The tests' own libraries. AUTO: a machine set up only to run the broker builds without tests.
set(HARRIER_BUILD_TESTS OFF)
if(NOT HARRIER_TESTS STREQUAL "OFF")
  find_package(GTest CONFIG QUIET)
  find_package(benchmark CONFIG QUIET)
  if(GTest_FOUND AND (benchmark_FOUND OR NOT HARRIER_BENCH))
    set(HARRIER_BUILD_TESTS ON)
  elseif(HARRIER_TESTS STREQUAL "AUTO")
    message(STATUS "GoogleTest or Google Benchmark not found: no tests (script/setup --test)")
  else()
    message(FATAL_ERROR "GoogleTest or Google Benchmark not found: run script/setup --test")
  endif()
endif()

# Sanitizer builds are for the tests: what none of them links, and the programs that only other
# people's clients would drive, are built when asked for by name.
set(HARRIER_ONLY_FOR_TESTS "")
if(HARRIER_SANITIZE AND HARRIER_BUILD_TESTS AND NOT HARRIER_INTEROP)
  set(HARRIER_ONLY_FOR_TESTS EXCLUDE_FROM_ALL)
endif()
