// What bodies of the API look like: the schemas of the OpenAPI document.
//
// Model:  a schema is a line of fields, "name:type" with types text, integer, number, boolean,
//         object, list, texts, any; ? behind a name: it may be missing; ! behind a type: it may be
//         null. Answers may have more fields.
// Thread: immutable.
#pragma once

#include <span>

namespace harrier::management {

struct Schema {
  const char* name;
  const char* fields;
};
std::span<const Schema> schemas();

}  // namespace harrier::management
