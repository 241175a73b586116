// Users, virtual hosts, queues and so on as one file: out of the server, and into it.
import { confirm } from "../dialog.js";
import { h, replace } from "../dom.js";
import { form, select } from "../form.js";
import { note, page_head, panel, button } from "../parts.js";
import { api_path } from "../names.js";
import { RecordTable } from "../record_table.js";

const EVERYTHING = "";
const choice_of = (app) => [[EVERYTHING, "Everything"], ...app.vhosts.map((name) => [name, `Virtual host ${name}`])];
const path_of = (vhost) => (vhost === EVERYTHING ? "definitions" : `definitions/${api_path(vhost)}`);

function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: name }).click();
  // The download has its own hold on the blob by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

function export_form(app) {
  return form({
    fields: [select("vhost", "What", choice_of(app))], submit: "Download definitions", keep: true,
    async action({ vhost }) {
      const text = await app.api.text(path_of(vhost));
      const day = new Date().toISOString().slice(0, 10);
      save(text, `definitions-${location.hostname}-${day}.json`);
      return "Downloaded. The file holds password hashes: keep it safe.";
    },
  });
}

function counts(text) {
  const definitions = JSON.parse(text);
  return Object.entries(definitions).filter(([, value]) => Array.isArray(value))
    .map(([key, value]) => `${value.length} ${key.replaceAll("_", " ")}`).join(", ");
}

function import_form(app) {
  const input = h("input", { type: "file", accept: ".json,application/json", required: true });
  const file = { name: "file", read: () => input.files[0], clear: () => { input.value = ""; },
    element: h("div", { class: "field" }, h("label", {}, "File ", input)) };
  return form({
    fields: [file, select("vhost", "Into", choice_of(app))], submit: "Import definitions", keep: true,
    async action({ file: chosen, vhost }) {
      const text = (await chosen.text()).replace(/^\uFEFF/, "");
      const sure = await confirm({ title: "Import these definitions?", verb: "Import", danger: false,
        text: `${chosen.name}: ${counts(text)}. What is there already is changed to what the file says; ` +
          "nothing is deleted." });
      if (!sure) return "";
      await app.api.post(path_of(vhost), text);
      app.refresh_vhosts();
      return "Imported.";
    },
  });
}

export function open(app) {
  const outcome = h("div", { class: "stack", "aria-live": "polite" });
  const in_effect = new RecordTable("In effect", "Nothing has changed.");
  const waiting = new RecordTable("Waits for a restart", "Nothing waits.");
  const reload = button("Read the configuration again", async () => {
    try {
      const answer = await app.api.post("reload");
      in_effect.show(answer?.in_effect ?? []);
      waiting.show(answer?.waiting_for_restart ?? []);
      replace(outcome, h("h3", {}, "In effect"), in_effect.element, h("h3", {}, "Waits for a restart"),
        waiting.element);
    } catch (failure) {
      replace(outcome, note(failure.status === 404 ? "This server is not told so over HTTP." : failure.message, "bad"));
    }
  });
  return {
    title: "Definitions",
    element: h("div", { class: "stack" }, page_head({ title: "Definitions" }),
      h("div", { class: "columns" },
        panel("Export", h("p", { class: "muted" }, "Users, virtual hosts, permissions, policies, queues, exchanges " +
          "and bindings as JSON; no messages."), export_form(app)),
        panel("Import", h("p", { class: "muted" }, "A file of HarrierMQ, RabbitMQ or LavinMQ."), import_form(app))),
      panel("Configuration file", h("p", { class: "muted" }, "As SIGHUP does: what can change while the node runs " +
        "is changed, the rest waits for a restart."), h("div", {}, reload), outcome)),
    async refresh() {},
  };
}
