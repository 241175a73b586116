// The reference of the API, made from its table of routes: OpenAPI, and a page for people.
//
// Role:   GET /api/openapi.json; script/http-api writes docs/openapi.json and
//         docs/reference/http-api.md.
// Thread: pure functions.
// Spec:   OpenAPI 3.0.3.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace harrier::management {

nlohmann::ordered_json openapi_document();
std::string http_api_markdown();

}  // namespace harrier::management
