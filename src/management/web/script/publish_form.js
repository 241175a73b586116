// Publishing a message from the page: to an exchange, or through the default one into a queue.
import { area, args, form, select, text } from "./form.js";
import { api_path, exchange_segment } from "./names.js";

const PROPERTIES = { content_type: "string", content_encoding: "string", correlation_id: "string",
  reply_to: "string", expiration: "string", message_id: "string", type: "string", app_id: "string",
  user_id: "string", priority: "number", timestamp: "number" };

// routing_key: given where the page is a queue's, asked for where it is an exchange's.
export function publish_form(app, { vhost, exchange, routing_key }) {
  const fields = routing_key === undefined ? [text("routing_key", "Routing key")] : [];
  fields.push(
    select("delivery_mode", "Delivery mode", [["2", "2 – persistent"], ["1", "1 – not persistent"]]),
    select("payload_encoding", "Payload is", [["string", "text"], ["base64", "base64"]]),
    args("headers", "Headers"), args("properties", "Properties", PROPERTIES), area("payload", "Payload"));
  return form({ fields, submit: "Publish", keep: true, async action(values) {
    const { routed } = await app.api.post(`exchanges/${api_path(vhost, exchange_segment(exchange))}/publish`, {
      routing_key: routing_key ?? values.routing_key, payload: values.payload,
      payload_encoding: values.payload_encoding,
      properties: { ...values.properties, delivery_mode: Number(values.delivery_mode), headers: values.headers },
    });
    app.refresh();
    if (!routed) throw new Error("Published, but not routed: no queue took the message.");
    return "Published, and a queue has it.";
  } });
}
