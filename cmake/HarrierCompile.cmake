# The compiler, its warnings, the sanitizers, ccache and the linker.
# The target harrier::common carries what every one of our own targets compiles with.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${HARRIER_LTO})

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(harrier_common INTERFACE)
add_library(harrier::common ALIAS harrier_common)
target_include_directories(harrier_common INTERFACE "${PROJECT_SOURCE_DIR}/include"
                                                    "${PROJECT_SOURCE_DIR}/src")
target_compile_options(
  harrier_common
  INTERFACE -Wall -Wextra -Wpedantic -Werror
            -Wcast-qual -Wextra-semi -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
            -Wshadow -Wundef -Wunused
            # `Options{.port = 0}` with defaults for the rest is how we pass options.
            -Wno-missing-field-initializers)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(
    harrier_common
    INTERFACE -Wduplicated-cond -Wlogical-op -Wsuggest-override
              # g++ 12 sees overlaps in std::string's operator+ that are not there (GCC PR105329) ...
              -Wno-restrict
              # ... and guesses at sizes and initialisation once it has inlined: told, not fatal.
              -Wno-error=array-bounds -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow
              -Wno-error=stringop-overread -Wno-error=null-dereference
              # std::hardware_destructive_interference_size is never part of an ABI of ours.
              -Wno-interference-size)
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(harrier_common INTERFACE -Winconsistent-missing-override
                                                  -Wno-unused-command-line-argument)
endif()

# What makes a mistake in memory harder to use, for everything compiled here, in builds for users.
# Sanitizers find more, and do not go with it. tests/tls/elf_test.py reads it from the program.
if(HARRIER_HARDEN AND NOT HARRIER_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-fPIE -fstack-protector-strong -fstack-clash-protection
                      -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
endif()

# Sanitizers apply to everything compiled here, third-party headers included.
if(HARRIER_SANITIZE)
  add_compile_options(-fsanitize=${HARRIER_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HARRIER_SANITIZE})
endif()
# What these builds run is tests, and all but the hot layers compile three to five times as fast
# unoptimised. The same is checked: the sanitizers instrument what the optimiser leaves.
set(HARRIER_QUICK_BUILD "")
if(HARRIER_SANITIZE AND NOT HARRIER_FUZZ)
  set(HARRIER_QUICK_BUILD -O0)
endif()
if(HARRIER_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "HARRIER_FUZZ needs clang's libFuzzer; use the preset `fuzz`")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

include(CheckLinkerFlag)
foreach(linker IN ITEMS mold lld)
  check_linker_flag(CXX -fuse-ld=${linker} HARRIER_HAS_LD_${linker})
  if(HARRIER_HAS_LD_${linker})
    add_link_options(-fuse-ld=${linker})
    break()
  endif()
endforeach()

find_program(HARRIER_CCACHE_PROGRAM ccache)
if(HARRIER_CCACHE AND HARRIER_CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_CURRENT_LIST_DIR}/compiler_cache.sh"
                                  "${PROJECT_SOURCE_DIR}" "${HARRIER_CCACHE_PROGRAM}")
  if(HARRIER_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  elseif(HARRIER_PCH)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()
