#include "broker/equivalence.h"

namespace harrier::broker {
namespace {

using amqp::FieldValue;

std::string quoted(std::string_view text) {
  std::string result = "'";
  return result.append(text).append("'");
}

std::string quoted(const FieldValue& value) {
  return value.is_string() ? quoted(value.bytes) : quoted(value.display());
}

// One side of the comparison when the other side has no such argument.
std::string described(const std::optional<FieldValue>& value) {
  if (!value) return "none";
  return "the value " + quoted(*value) + " of type " + quoted(value->type_name());
}

amqp::CheckedStatus inequivalent(const Redeclared& what, std::string_view property,
                                 const std::string& received, const std::string& current) {
  std::string text = "inequivalent arg ";
  text.append(quoted(property)).append(" for ").append(what.kind).append(" ");
  text.append(quoted(what.name)).append(" in vhost ").append(quoted(what.virtual_host));
  text.append(": received ").append(received).append(" but current is ").append(current);
  return amqp::refuse(amqp::ReplyCode::kPreconditionFailed, std::move(text));
}

}  // namespace

amqp::CheckedStatus check_same(const Redeclared& what, std::string_view property,
                               std::string_view received, std::string_view current) {
  if (received == current) return base::Done{};
  return inequivalent(what, property, quoted(received), quoted(current));
}

amqp::CheckedStatus check_same(const Redeclared& what, std::string_view property, bool received,
                               bool current) {
  const auto word = [](bool value) { return std::string_view(value ? "true" : "false"); };
  return check_same(what, property, word(received), word(current));
}

amqp::CheckedStatus check_same(const Redeclared& what, std::string_view argument,
                               const std::optional<FieldValue>& received,
                               const std::optional<FieldValue>& current) {
  if (!received && !current) return base::Done{};
  if (!received || !current)
    return inequivalent(what, argument, described(received), described(current));
  if (same_value(*received, *current)) return base::Done{};
  return inequivalent(what, argument, quoted(*received), quoted(*current));
}

}  // namespace harrier::broker
