# harrier_layer(NAME <layer> [HOT]
#               [DEPS <layer> ...]                 layers it may use, exactly as in the layer table
#               [THIRD_PARTY <x> ...]              libraries seen by its own .cc files only
#               [THIRD_PARTY_PUBLIC <x> ...]       libraries its headers include
#               [PCH <header> ...])                heavy headers most of its files include
# HOT: optimised in sanitizer builds, too, because simulation and crash points live in it.
#
# Makes the static library harrier_<layer>, alias harrier::<layer>, of every .cc in the calling
# folder, except main.cc and *_main.cc, which belong to programs. A layer without a .cc is an
# INTERFACE library, so headers alone are enough to be depended upon.
function(harrier_layer)
  cmake_parse_arguments(PARSE_ARGV 0 arg "HOT" "NAME" "DEPS;THIRD_PARTY;THIRD_PARTY_PUBLIC;PCH")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME)
    message(FATAL_ERROR "harrier_layer: a NAME is needed; not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  list(FILTER sources EXCLUDE REGEX "[/_]main\\.cc$")

  set(target harrier_${arg_NAME})
  list(TRANSFORM arg_DEPS PREPEND harrier::)
  list(TRANSFORM arg_THIRD_PARTY PREPEND harrier::third_)
  list(TRANSFORM arg_THIRD_PARTY_PUBLIC PREPEND harrier::third_)
  if(sources)
    add_library(${target} STATIC ${HARRIER_ONLY_FOR_TESTS} ${sources})
    if(NOT arg_HOT)
      target_compile_options(${target} PRIVATE ${HARRIER_QUICK_BUILD})
    endif()
    target_link_libraries(${target} PUBLIC harrier::common ${arg_DEPS} ${arg_THIRD_PARTY_PUBLIC}
                                    PRIVATE ${arg_THIRD_PARTY})
    harrier_precompile(${target} ${arg_PCH})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE harrier::common ${arg_DEPS} ${arg_THIRD_PARTY_PUBLIC})
  endif()
  add_library(harrier::${arg_NAME} ALIAS ${target})
endfunction()

# harrier_unite(<target> [<file> ...]): compiles the target's files together where HARRIER_UNITY asks
# for it, so that what all of them include is read once. Not those named: their names clash with
# others'.
function(harrier_unite target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${HARRIER_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# The standard headers nearly every file needs, and those the caller names.
function(harrier_precompile target)
  if(HARRIER_PCH)
    target_precompile_headers(
      ${target} PRIVATE <algorithm> <array> <chrono> <cstdint> <deque> <functional> <memory>
      <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> ${ARGN})
  endif()
endfunction()

# Everything that is installed: what `cmake --build --target programs` builds.
add_custom_target(programs)

# harrier_program(NAME <program> MAIN <file> DEPS <layer> ...): an executable in build/<preset>/bin.
# A main reads its command line and hands over: it is compiled quickly.
function(harrier_program)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;MAIN" "DEPS;THIRD_PARTY")
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_MAIN}")
    message(STATUS "${arg_NAME}: no ${arg_MAIN} yet")
    return()
  endif()
  list(TRANSFORM arg_DEPS PREPEND harrier::)
  list(TRANSFORM arg_THIRD_PARTY PREPEND harrier::third_)
  add_executable(${arg_NAME} ${HARRIER_ONLY_FOR_TESTS} ${arg_MAIN})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPS} ${arg_THIRD_PARTY})
  add_dependencies(programs ${arg_NAME})
  target_compile_options(${arg_NAME} PRIVATE $<$<CONFIG:Release>:-O1> ${HARRIER_QUICK_BUILD})
  if(NOT HARRIER_ONLY_FOR_TESTS)
    install(TARGETS ${arg_NAME} RUNTIME)
  endif()
endfunction()

# harrier_check_headers(<target> [ALL] DIRECTORIES <dir> ...): compiles each header by itself, so
# that none relies on what its users happen to include before it.
function(harrier_check_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ALL" "" "DIRECTORIES")
  set(sources "")
  foreach(directory IN LISTS arg_DIRECTORIES)
    set(root "${PROJECT_SOURCE_DIR}/${directory}")
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/*.h")
    foreach(header IN LISTS headers)
      set(source "${PROJECT_BINARY_DIR}/check_headers/${target}/${header}.cc")
      file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\" // IWYU pragma: keep\n")
      list(APPEND sources "${source}")
    endforeach()
  endforeach()
  if(sources)
    set(exclude EXCLUDE_FROM_ALL)
    if(arg_ALL)
      set(exclude "")
    endif()
    add_library(${target} OBJECT ${exclude} ${sources})
    target_link_libraries(${target} PRIVATE harrier::common harrier::third_asio)
  endif()
endfunction()
