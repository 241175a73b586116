# Tests are found by where they lie; tests/CMakeLists.txt says what lies where.

# Debian's clang looks for a symbolizer only in a package that we do not ask for: name one.
find_program(HARRIER_SYMBOLIZER NAMES llvm-symbolizer-16 llvm-symbolizer addr2line)
set(symbolizer "external_symbolizer_path=${HARRIER_SYMBOLIZER}")
set(HARRIER_TEST_ENVIRONMENT
    "HARRIERMQ_BINARY=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/harriermq"
    "HARRIER_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "ASAN_OPTIONS=${symbolizer}:detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=${symbolizer}:print_stacktrace=1"
    "TSAN_OPTIONS=${symbolizer}:halt_on_error=1:second_deadlock_stack=1")

# harrier_add_test(NAME <test> LABEL <level> TIMEOUT <seconds> COMMAND <words> ...
#                  [ENVIRONMENT <A=b> ...] [DIRECTORY <where it runs>])
# A test that may take long starts early, so that ctest -j does not end with one of them alone.
function(harrier_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;LABEL;TIMEOUT;DIRECTORY" "COMMAND;ENVIRONMENT")
  if(NOT arg_DIRECTORY)
    set(arg_DIRECTORY "${PROJECT_BINARY_DIR}")
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${arg_DIRECTORY}")
  set_tests_properties(
    ${arg_NAME} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT}
                           ENVIRONMENT "${HARRIER_TEST_ENVIRONMENT};${arg_ENVIRONMENT}")
endfunction()

# harrier_test_executable(<target> [KIND <kind>] SOURCES <file> ... LAYERS <layer> ...): what every
# test program is made of; tests/CMakeLists.txt has the kinds, `plain` unless told. The support
# library comes before the layers: it uses them, they never use it.
function(harrier_test_executable target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND" "SOURCES;LAYERS")
  if(NOT arg_KIND)
    set(arg_KIND plain)
  endif()
  list(TRANSFORM arg_LAYERS PREPEND harrier::)
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE harrier_test_support ${arg_LAYERS}
                                          harrier_${arg_KIND}_test)
  harrier_reuse_test_pch(${target} ${arg_KIND})
endfunction()

# harrier_test(NAME <executable> [KIND <kind>] SOURCES <file> ... LAYERS <layer> ... LABEL <level>
#              [TIMEOUT <seconds>] [SHARDS <n>] [VARIANTS <name>:<A=b> ...])
#
# One GoogleTest executable. ctest runs it once for each variant (a name and one environment
# variable), cut into SHARDS pieces so that `ctest -j` has something to share out.
function(harrier_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;KIND;LABEL;TIMEOUT;SHARDS" "SOURCES;LAYERS;VARIANTS")
  if(NOT arg_SOURCES)
    message(STATUS "${arg_NAME}: no sources yet")
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 1)
  endif()
  if(NOT arg_VARIANTS)
    set(arg_VARIANTS "${arg_NAME}:")
  endif()
  harrier_test_executable(${arg_NAME} KIND "${arg_KIND}" SOURCES ${arg_SOURCES}
                          LAYERS ${arg_LAYERS})

  math(EXPR last "${arg_SHARDS} - 1")
  foreach(variant IN LISTS arg_VARIANTS)
    string(REGEX MATCH "^([^:]*):(.*)$" matched "${variant}")
    set(name "${CMAKE_MATCH_1}")
    set(setting "${CMAKE_MATCH_2}")
    foreach(shard RANGE ${last})
      set(test "${name}")
      if(last GREATER 0)
        set(test "${name}_${shard}")
      endif()
      harrier_add_test(
        NAME ${test} LABEL ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} COMMAND ${arg_NAME}
        ENVIRONMENT ${setting} GTEST_TOTAL_SHARDS=${arg_SHARDS} GTEST_SHARD_INDEX=${shard})
    endforeach()
  endforeach()
endfunction()

# One precompiled header for every test program of a kind.
function(harrier_reuse_test_pch target kind)
  if(HARRIER_PCH)
    target_precompile_headers(${target} REUSE_FROM harrier_${kind}_test_pch)
  endif()
endfunction()
