// Bindings, for the nouns that list them.
//
// Thread: confined to its handler.
#pragma once

#include <functional>

#include <nlohmann/json.hpp>

#include "management/call.h"
#include "server/inspection.h"

namespace harrier::management {

nlohmann::json json_of(const server::BindingView& binding);
http::Response list_bindings(
    const Call& call,
    const std::function<void(const server::Inspection::Take<server::BindingView>&)>& walk);

}  // namespace harrier::management
