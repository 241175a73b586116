// definitions: what is read from a file in RabbitMQ's form.
#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {

Table definition_file_table() {
  using O = DefinitionFileOptions;
  return table<O>({
      path(
          "load", &O::load,
          {"A file as RabbitMQ exports definitions; it is read at each start, and again at SIGHUP. "
           "What it names is made or set, nothing is deleted; empty: none.",
           "Most brokers are given their users here or in users."})
          .at_reload(),
  });
}

}  // namespace harrier::config
