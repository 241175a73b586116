// The effective configuration as YAML that can be read again, without its secrets.
//
// Model:  a secret that came from a file is shown as that file; one that is built in, and so known
//         to everyone, as it is; any other as kSecretMask.
// Thread: compatible.
#pragma once

#include <string>

#include "config/load_options.h"

namespace harrier::config {

std::string effective_yaml(const Loaded& loaded);

}  // namespace harrier::config
