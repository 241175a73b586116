// One message as a card: where it came from, its properties, its payload.
import { h } from "./dom.js";
import { any, bytes, date_time, is_empty } from "./format.js";
import { exchange_label } from "./names.js";
import { badge, Facts } from "./parts.js";

const PAYLOAD_SHOWN_MAX = 50_000;

function properties_list({ headers, ...properties } = {}) {
  const facts = new Facts();
  const rows = Object.entries(properties).map(([key, value]) =>
    [key, key === "timestamp" && Number.isFinite(value) ? `${value} (${date_time(value * 1000)})` : value]);
  facts.show([...rows, ["headers", is_empty(headers) ? "" : h("pre", {}, JSON.stringify(headers, null, 1))]]);
  return facts.element;
}

// title: "#4" or where it lies in its queue; actions: buttons.
export function message_card(message, title, actions = []) {
  const { payload = "", payload_encoding, payload_bytes, properties } = message;
  const cut = payload.length > PAYLOAD_SHOWN_MAX;
  const key = message.routing_key;
  return h("article", { class: "message", "aria-label": `Message ${title}` },
    h("header", {}, h("strong", {}, title),
      h("span", {}, "from ", h("span", { class: "name" }, exchange_label(message.exchange ?? ""))),
      h("span", {}, "key ", h("span", { class: "name" }, key === "" ? "(empty)" : any(key))),
      h("span", { class: "muted" }, bytes(payload_bytes)),
      payload_encoding === "base64" ? badge("base64", "", "The payload is no text: it is shown in base64") : "",
      message.redelivered ? badge("redelivered", "warn") : "",
      h("span", { class: "side" }, actions)),
    is_empty(properties) ? null : properties_list(properties),
    h("pre", { tabindex: "0", "aria-label": "Payload" }, cut ? payload.slice(0, PAYLOAD_SHOWN_MAX) + " …" : payload));
}
