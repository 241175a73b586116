# harrier_embed_web(TARGET <library> FOLDER <dir>)
#
# Makes a static library with every web file below FOLDER in it, as management/web_assets.h gives
# them out: bytes, the same under gzip, content type, entity tag. g++ 12 has no #embed, so a C++
# source is generated; the result depends on the files' bytes alone.
#
# As a script, cmake -DFOLDER=… -DOUTPUT=… -P HarrierEmbed.cmake, it generates that source.

set(embed_type_html "text/html; charset=utf-8")
set(embed_type_css "text/css; charset=utf-8")
set(embed_type_js "text/javascript; charset=utf-8")
set(embed_type_svg "image/svg+xml")

function(harrier_embed_web)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;FOLDER" "")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.cc")
  file(GLOB_RECURSE files CONFIGURE_DEPENDS
       "${arg_FOLDER}/*.html" "${arg_FOLDER}/*.css" "${arg_FOLDER}/*.js" "${arg_FOLDER}/*.svg")
  set(script "${CMAKE_CURRENT_FUNCTION_LIST_FILE}")
  add_custom_command(
    OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${arg_FOLDER}" "-DOUTPUT=${source}" -P "${script}"
    DEPENDS ${files} "${script}"
    COMMENT "Embedding the web page"
    VERBATIM)
  add_library(${arg_TARGET} STATIC "${source}")
  target_link_libraries(${arg_TARGET} PUBLIC harrier::common)
  # ISO C++ need not take literals of this length; g++ and clang do.
  target_compile_options(${arg_TARGET} PRIVATE -Wno-overlength-strings)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
  return()
endif()

# Sets `variable` to the file's bytes as a C++ string_view literal.
function(embed_literal variable path)
  file(READ "${path}" bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${bytes}")
  string(REPEAT "." 96 line)
  string(REGEX REPLACE "(${line})" "\\1\"\n    \"" escaped "${escaped}")
  file(SIZE "${path}" size)
  set(${variable} "std::string_view(\n    \"${escaped}\", ${size})" PARENT_SCOPE)
endfunction()

find_program(gzip gzip REQUIRED)
file(GLOB_RECURSE files RELATIVE "${FOLDER}"
     "${FOLDER}/*.html" "${FOLDER}/*.css" "${FOLDER}/*.js" "${FOLDER}/*.svg")
# As bytes, which is how find_asset() compares.
list(SORT files COMPARE STRING)
set(rows "")
foreach(name IN LISTS files)
  cmake_path(GET name EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  # -n leaves name and time out: the same bytes give the same file.
  execute_process(COMMAND "${gzip}" -9 -n -c "${FOLDER}/${name}" OUTPUT_FILE "${OUTPUT}.gz"
                  COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 "${FOLDER}/${name}" hash)
  string(SUBSTRING "${hash}" 0 24 hash)
  embed_literal(content "${FOLDER}/${name}")
  embed_literal(gzipped "${OUTPUT}.gz")
  string(APPEND rows "    {\"${name}\", \"${embed_type_${extension}}\", ${content}, ${gzipped},\n"
                     "     \"\\\"${hash}\\\"\", \"\\\"${hash}-gzip\\\"\"},\n")
endforeach()
list(LENGTH files count)
file(REMOVE "${OUTPUT}.gz")
file(WRITE "${OUTPUT}" "// Made by cmake/HarrierEmbed.cmake.
#include \"management/web_assets.h\"

#include <algorithm>
#include <array>

namespace harrier::management {
namespace {

constexpr std::array<WebAsset, ${count}> kAssets{{
${rows}}};

}  // namespace

std::span<const WebAsset> web_assets() { return kAssets; }

const WebAsset* find_asset(std::string_view path) {
  if (path.empty()) path = \"index.html\";
  const auto* found = std::ranges::lower_bound(kAssets, path, {}, &WebAsset::path);
  return found != kAssets.end() && found->path == path ? &*found : nullptr;
}

}  // namespace harrier::management
")
