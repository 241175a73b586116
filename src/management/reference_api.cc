// The reference of the API, served by itself.
#include "management/openapi.h"
#include "management/route.h"

namespace harrier::management {
namespace {

http::Response openapi(const Call&) {
  static const std::string kText = openapi_document().dump(1);
  http::Response response;
  response.set("content-type", "application/json");
  response.body = kText;
  return response;
}

}  // namespace

void add_reference_routes(Routes& routes) {
  routes.push_back({"GET", "/api/openapi.json", Need::kNothing, openapi,
                    "This API as an OpenAPI document.", "", "Any"});
}

}  // namespace harrier::management
