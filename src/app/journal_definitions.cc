// harrier-journal definitions: what is defined in a data directory, as a file for another broker.
#include <cstdio>
#include <string>
#include <vector>

#include "app/journal_tool.h"
#include "server/definitions_writer.h"
#include "store/record_codec.h"
#include "store/survey.h"

namespace harrier::app {
namespace {

using Weight = store::Finding::Weight;

void add_contents(const store::Survey& survey, server::DefinitionsDocument& document) {
  for (const auto& shard : survey.shards) {
    if (!shard) continue;
    for (const auto& [key, payload] : shard->exchanges())
      if (auto exchange = store::decode_exchange(payload))
        document.exchanges.push_back(
            {survey.virtual_host_name(exchange->virtual_host), std::move(exchange->declaration)});
    for (const store::QueueId id : shard->queue_ids())
      if (auto queue = store::decode_queue(shard->find(id)->definition()))
        document.queues.push_back(
            {survey.virtual_host_name(store::virtual_host_of(id)), std::move(queue->declaration)});
    for (const std::string& payload : shard->bindings())
      if (const auto binding = store::decode_binding(payload)) {
        const broker::BindingRequest& of = binding->request;
        document.bindings.push_back({survey.virtual_host_name(binding->virtual_host),
                                     of.destination_kind, of.destination, of.source, of.routing_key,
                                     amqp::FieldTable(of.arguments)});
      }
  }
  server::put_in_order(document);
}

server::NodeDefinitions node_definitions(const store::Survey& survey) {
  std::vector<store::NodeDefinition> stored;
  for (const auto& shard : survey.shards) {
    if (!shard) continue;
    for (const auto& [identity, payload] : shard->node_definitions())
      if (auto definition = store::decode_node_definition(payload))
        stored.push_back(std::move(*definition));
  }
  server::NodeDefinitions definitions{server::NodeDefinitionLimits()};
  definitions.load(stored);
  for (const auto& shard : survey.shards) {
    if (!shard) continue;
    // Of a time before definitions.
    for (const auto& [number, payload] : shard->virtual_hosts())
      if (const auto host = store::decode_virtual_host(payload))
        definitions.adopt_virtual_host(host->name);
  }
  return definitions;
}

}  // namespace

int print_definitions(OfflineDirectory& directory, bool for_rabbitmq) {
  const store::Survey survey =
      store::survey_directory(directory.files(), directory.node(), /*deep=*/false);
  for (const store::Finding& finding : survey.findings)
    if (finding.weight != Weight::kOdd)
      std::fprintf(stderr, "%s: %s\n", finding.file.c_str(), finding.what.c_str());
  if (survey.has(Weight::kForeign)) return kExitConfig;
  if (survey.has(Weight::kIo)) return kExitIoFailure;
  server::DefinitionsDocument document = server::document_of(node_definitions(survey));
  add_contents(survey, document);
  const auto form =
      for_rabbitmq ? server::DefinitionsForm::kRabbitMq : server::DefinitionsForm::kOwn;
  const server::WrittenDefinitions written = server::write_definitions(document, form);
  for (const std::string& what : written.left_out)
    std::fprintf(stderr, "left out: %s\n", what.c_str());
  std::fputs(written.json.c_str(), stdout);
  // What was damaged may be missing.
  return survey.has(Weight::kDamage) ? kExitCorrupt : kExitOk;
}

}  // namespace harrier::app
