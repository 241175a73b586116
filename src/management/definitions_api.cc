// Definitions: out of the node and into it.
#include <algorithm>

#include "auth/digest.h"
#include "base/hex.h"
#include "management/body_fields.h"
#include "management/multipart.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "server/definitions_document.h"
#include "server/definitions_transfer.h"
#include "server/definitions_writer.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::DefinitionsDocument;
using server::DefinitionsForm;

DefinitionsForm form_of(const Call& call) {
  const std::string_view form = call.query("form");
  if (form.empty() || form == "rabbitmq") return DefinitionsForm::kRabbitMq;
  if (form == "harriermq") return DefinitionsForm::kOwn;
  throw bad_request("'form' is rabbitmq or harriermq");
}

// So that scripts fetch only what has changed.
http::Response file_answer(const Call& call, std::string text) {
  std::string etag = "\"";
  for (const char octet : auth::digest(auth::DigestKind::kSha256, text).substr(0, 16))
    base::append_hex(etag, octet);
  etag.push_back('"');
  http::Response response;
  response.set("etag", etag);
  if (const std::string_view name = call.query("download"); !name.empty()) {
    std::string safe(name.substr(0, 100));
    std::replace_if(
        safe.begin(), safe.end(),
        [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; }, '_');
    response.set("content-disposition", "attachment; filename=\"" + safe + "\"");
  }
  const std::string* const known = call.request().find("if-none-match");
  if (known != nullptr && known->find(etag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  response.set("content-type", "application/json");
  response.body = std::move(text);
  return response;
}

http::Response get_definitions(const Call& call) {
  const auto written =
      server::write_definitions(call.node().definitions().export_all(), form_of(call));
  return file_answer(call, written.json);
}

template <class Items, class HostOf>
void keep_host(Items& items, const std::string& host, HostOf&& host_of) {
  std::erase_if(items, [&](const auto& item) { return host_of(item) != host; });
}

DefinitionsDocument of_host(DefinitionsDocument document, const std::string& host) {
  const auto own = [](const auto& item) -> const std::string& { return item.virtual_host; };
  document.users.clear();
  document.user_limits.clear();
  document.permissions.clear();
  document.topic_permissions.clear();
  document.global_parameters.clear();
  keep_host(document.virtual_hosts, host,
            [](const auto& item) -> const std::string& { return item.name; });
  keep_host(document.policies, host, own);
  keep_host(document.limits, host, own);
  keep_host(document.parameters, host, own);
  keep_host(document.exchanges, host, own);
  keep_host(document.queues, host, own);
  keep_host(document.bindings, host, own);
  return document;
}

// RabbitMQ's form of one virtual host: the items do not say where they belong.
http::Response get_definitions_of_host(const Call& call) {
  const std::string& host = call.parameter(0);
  const auto written = server::write_definitions(
      of_host(call.node().definitions().export_all(), host), form_of(call));
  json file = json::parse(written.json, nullptr, /*allow_exceptions=*/false);
  file["rabbitmq_definition_format"] = "single_virtual_host";
  file["original_vhost_name"] = host;
  file["original_cluster_name"] = cluster_name(call);
  json metadata = json::object();
  if (!file["vhosts"].empty()) metadata = file["vhosts"].front()["metadata"];
  file["description"] = metadata.value("description", "");
  file["metadata"] = std::move(metadata);
  file["limits"] = json::object();
  for (const char* section :
       {"users", "vhosts", "permissions", "topic_permissions", "global_parameters"})
    file.erase(section);
  for (const char* section : {"policies", "parameters", "exchanges", "queues", "bindings"})
    for (json& item : file[section])
      item.erase("vhost");
  return file_answer(call, file.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

// ---- into the node

std::string file_of(const http::Request& request) {
  const std::string* const type = request.find("content-type");
  if (type == nullptr || !type->starts_with("multipart/")) return request.body;
  auto file = multipart_field(*type, request.body, "file");
  if (!file) throw bad_request("the form has no field 'file'");
  return *std::move(file);
}

http::Response import(const Call& call, const std::string& host) {
  const auto document = server::parse_definitions(
      file_of(call.request()),
      {.size_max = call.ports().options.definitions.file_size_max, .virtual_host = host});
  if (!document.ok()) throw bad_request(document.error().message);
  const auto done = call.node().definitions().import(*document, call.actor());
  if (done.failure) throw error_of(*done.failure);
  if (done.refused.empty()) return done_answer();
  constexpr std::size_t kToldMax = 20;
  std::string reason;
  for (std::size_t index = 0; index != std::min(done.refused.size(), kToldMax); ++index)
    reason.append(reason.empty() ? "" : "\n").append(done.refused[index]);
  if (done.refused.size() > kToldMax)
    reason.append("\n").append(std::to_string(done.refused.size() - kToldMax)).append(" more");
  throw bad_request(std::move(reason));
}

http::Response post_definitions(const Call& call) { return import(call, {}); }
http::Response post_definitions_of_host(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  return import(call, call.parameter(0));
}

}  // namespace

void add_definitions_routes(Routes& routes) {
  constexpr Need kAdmin = Need::kAdministrator;
  for (const char* path : {"/api/definitions", "/api/all-configuration"}) {
    routes.push_back({"GET", path, kAdmin, get_definitions,
                      "All definitions as a file; form=harriermq loses nothing, download=name "
                      "names it.",
                      "", "Definitions"});
    routes.push_back({"POST", path, kAdmin, post_definitions,
                      "Imports a file, as the body or as a form's field file. Nothing is deleted.",
                      "Definitions", ""});
  }
  routes.push_back({"GET", "/api/definitions/{vhost}", Need::kPolicies, get_definitions_of_host,
                    "Those of a virtual host.", "", "HostDefinitions"});
  routes.push_back({"POST", "/api/definitions/{vhost}", kAdmin, post_definitions_of_host,
                    "Imports a file into a virtual host.", "HostDefinitions", ""});
}

}  // namespace harrier::management
