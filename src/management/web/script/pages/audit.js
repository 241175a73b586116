// The latest events of the audit log.
import { h } from "../dom.js";
import { date_time } from "../format.js";
import { badge, page_head } from "../parts.js";
import { records_of, RecordTable } from "../record_table.js";

const COUNTS = [100, 500, 1000];
// Of a record in docs/formats/audit.md; the chain of hashes is harrier-audit's business.
const KEYS = ["time", "action", "outcome", "user", "peer", "virtual_host", "vhost", "kind", "name", "source",
  "routing_key", "mechanism", "reason", "count"];

function show_value(key, value) {
  if (key === "time" && value !== undefined) return h("span", { class: "nowrap" }, date_time(value));
  if (key === "outcome" && value !== undefined) return badge(value, value === "done" ? "good" : "bad");
  return undefined;
}

export function open(app) {
  const count = h("select", { "aria-label": "How many events", onchange: () => app.refresh() },
    COUNTS.map((n) => h("option", { value: String(n) }, `${n} events`)));
  const table = new RecordTable("Audit", "No events are told.", show_value);
  return {
    title: "Audit",
    element: h("div", { class: "stack" }, page_head({ title: "Audit", actions: [count] }),
      h("section", { class: "panel", "aria-label": "Audit" }, table.element)),
    async refresh(signal) {
      try {
        const events = records_of(await app.api.get("audit", { count: count.value }, signal));
        table.show(events.map((event) => Object.fromEntries(KEYS.filter((key) => key in event)
          .map((key) => [key, event[key]]))).reverse());
      } catch (failure) {
        if (failure.status !== 404) throw failure;
        table.element.replaceChildren(h("p", { class: "empty" },
          "This server gives no audit log here: harrier-audit reads its file."));
      }
    },
  };
}
