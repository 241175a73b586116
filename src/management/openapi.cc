#include "management/openapi.h"

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "harrier/version.h"
#include "management/route.h"
#include "management/schemas.h"

namespace harrier::management {
namespace {

using json = nlohmann::ordered_json;

json type_of(std::string_view word) {
  json type = json::object();
  if (word.ends_with('!')) {
    word.remove_suffix(1);
    if (word != "any") type["nullable"] = true;
  }
  if (word == "text") type["type"] = "string";
  if (word == "integer" || word == "number" || word == "boolean" || word == "object")
    type["type"] = std::string(word);
  if (word == "list") type = {{"type", "array"}, {"items", json::object()}};
  if (word == "texts") type = {{"type", "array"}, {"items", {{"type", "string"}}}};
  return type;
}

json schema_of(const Schema& schema) {
  json properties = json::object();
  json required = json::array();
  std::string_view rest(schema.fields);
  while (!rest.empty()) {
    std::string_view field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    const std::size_t colon = field.find(':');
    std::string_view name = field.substr(0, colon);
    if (name.ends_with('?')) {
      name.remove_suffix(1);
    } else {
      required.push_back(std::string(name));
    }
    properties[std::string(name)] = type_of(field.substr(colon + 1));
  }
  json object = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) object["required"] = std::move(required);
  return object;
}

json reference_to(std::string_view name) {
  const bool list = name.ends_with("[]");
  if (list) name.remove_suffix(2);
  json schema = json::object();
  if (name == "Text") {
    schema["type"] = "string";
  } else if (name != "Any") {
    schema["$ref"] = "#/components/schemas/" + std::string(name);
  }
  return list ? json{{"type", "array"}, {"items", std::move(schema)}} : schema;
}

// What a list may be asked with.
bool takes_list_query(std::string_view gives) { return gives.ends_with("[]"); }

json parameters_of(const Route& route) {
  json parameters = json::array();
  std::string_view rest(route.path);
  for (std::size_t at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    const std::size_t end = rest.find('}', at);
    parameters.push_back({{"name", std::string(rest.substr(at + 1, end - at - 1))},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}}}});
    rest.remove_prefix(end + 1);
  }
  if (!takes_list_query(route.gives) || std::string_view(route.method) != "GET") return parameters;
  for (const char* name :
       {"columns", "sort", "sort_reverse", "page", "page_size", "name", "use_regex"})
    parameters.push_back({{"$ref", std::string("#/components/parameters/") + name}});
  return parameters;
}

std::string_view content_type_of(std::string_view gives) {
  if (gives == "Yaml") return "application/yaml";
  if (gives == "EventStream") return "text/event-stream";
  return "application/json";
}

json responses_of(const Route& route) {
  const std::string_view method(route.method);
  const std::string_view gives(route.gives);
  json responses = json::object();
  if (!gives.empty()) {
    const bool plain = gives == "Yaml" || gives == "EventStream";
    json schema = plain ? json{{"type", "string"}} : reference_to(gives);
    responses["200"] = {
        {"description", "Done."},
        {"content", {{std::string(content_type_of(gives)), {{"schema", std::move(schema)}}}}}};
    if (gives == "Health") responses["503"] = responses["200"];
  } else {
    if (method == "PUT" || method == "POST") responses["201"] = {{"description", "Made."}};
    responses["204"] = {{"description", "Done."}};
  }
  const json error = {{"$ref", "#/components/responses/Error"}};
  if (*route.takes != 0 || method == "PUT" || method == "POST") responses["400"] = error;
  if (route.need != Need::kNothing) responses["401"] = error;
  if (std::string_view(route.path).find('{') != std::string_view::npos) responses["404"] = error;
  if (!responses.contains("503")) responses["503"] = error;
  return responses;
}

// "queues" of "/api/queues/{vhost}".
std::string group_of(const Route& route) {
  std::string_view rest = std::string_view(route.path).substr(5);
  return std::string(rest.substr(0, rest.find('/')));
}

json operation_of(const Route& route) {
  json operation = {{"tags", {group_of(route)}},
                    {"summary", route.summary},
                    {"description", "Needs the tag " + std::string(name_of(route.need)) + "."}};
  if (route.need == Need::kNothing) {
    operation["description"] = "Needs no login.";
    operation["security"] = json::array();
  }
  if (json parameters = parameters_of(route); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (*route.takes != 0)
    operation["requestBody"] = {
        {"content", {{"application/json", {{"schema", reference_to(route.takes)}}}}}};
  operation["responses"] = responses_of(route);
  return operation;
}

json list_parameter(const char* name, const char* type, const char* description) {
  return {
      {"name", name}, {"in", "query"}, {"description", description}, {"schema", {{"type", type}}}};
}

json components() {
  json all = json::object();
  for (const Schema& schema : schemas())
    all[schema.name] = schema_of(schema);
  all["Error"] = schema_of({"Error", "error:text reason:any"});
  json parameters = json::object();
  parameters["columns"] = list_parameter("columns", "string", "Fields to give, as a,b.c.");
  parameters["sort"] = list_parameter("sort", "string", "The field, as a.b, to sort by.");
  parameters["sort_reverse"] = list_parameter("sort_reverse", "boolean", "Largest first.");
  parameters["page"] = list_parameter(
      "page", "integer", "From 1; the answer is an object with items instead of a list.");
  parameters["page_size"] = list_parameter("page_size", "integer", "1 to 500; 100.");
  parameters["name"] = list_parameter("name", "string", "With page: part of the name.");
  parameters["use_regex"] =
      list_parameter("use_regex", "boolean", "name is a regular expression of PCRE2.");
  return {{"schemas", std::move(all)},
          {"parameters", std::move(parameters)},
          {"responses",
           {{"Error",
             {{"description", "Not done."},
              {"content", {{"application/json", {{"schema", reference_to("Error")}}}}}}}}},
          {"securitySchemes",
           {{"basic", {{"type", "http"}, {"scheme", "basic"}}},
            {"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}};
}

std::string lower_case(std::string_view method) {
  std::string lower(method);
  for (char& c : lower)
    c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace

json openapi_document() {
  json paths = json::object();
  for (const Route& route : all_routes())
    paths[route.path][lower_case(route.method)] = operation_of(route);
  return {{"openapi", "3.0.3"},
          {"info",
           {{"title", "HarrierMQ management API"},
            {"description", "RabbitMQ's management API, and what HarrierMQ adds."},
            {"version", std::string(kVersion)},
            {"license", {{"name", "Apache-2.0"}}}}},
          {"servers", {{{"url", "http://localhost:15672"}}}},
          {"security", {{{"basic", json::array()}}, {{"bearer", json::array()}}}},
          {"paths", std::move(paths)},
          {"components", components()}};
}

std::string http_api_markdown() {
  std::string text =
      "# The management API: reference\n\n"
      "Made by `script/http-api` from the table of routes; the same as OpenAPI is in "
      "[openapi.json](../openapi.json) and at\n`GET /api/openapi.json`. "
      "[management.md](../operations/management.md) says who may ask, and how.\n\n"
      "Names in a path are percent-encoded, `/` as `%2F`. Lists take `columns`, `sort`, "
      "`sort_reverse`, and with `page`:\n`page_size`, `name`, `use_regex`. Errors are "
      "`{\"error\": …, \"reason\": …}`.\n";
  std::map<std::string, std::vector<const Route*>> groups;
  for (const Route& route : all_routes())
    groups[group_of(route)].push_back(&route);
  for (const auto& [group, routes] : groups) {
    text.append("\n## ").append(group).append("\n\n| | path | tag | what |\n|---|---|---|---|\n");
    for (const Route* route : routes)
      text.append("| ")
          .append(route->method)
          .append(" | `")
          .append(route->path)
          .append("` | ")
          .append(name_of(route->need))
          .append(" | ")
          .append(route->summary)
          .append(" |\n");
  }
  return text;
}

}  // namespace harrier::management
