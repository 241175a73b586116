// What can be done to a whole queue: pause, purge, delete, move its messages, redrive dead letters.
import { confirm_by_typing } from "./dialog.js";
import { h, replace } from "./dom.js";
import { check, form, integer, text } from "./form.js";
import { number } from "./format.js";
import { api_path } from "./names.js";
import { button } from "./parts.js";

const moved_words = (count) => `${number(count)} ${count === 1 ? "message" : "messages"}`;

// What a redrive says of messages that it left where they are.
const STAYED = [["source_gone", "came from a queue that is gone"], ["no_history", "never died anywhere"],
  ["refused", "would not be taken by their queue"]];

// Why it ended before all was done.
const ENDS = { target_full: "The target is full.", gone: "A queue was deleted meanwhile.",
  held_messages_max: "As many are on their way as may be.", given_up: "It took too long.",
  not_durable: "A durable message does not go to a queue that is not." };
const end_words = ({ end }) => (end && end !== "done" ? ` ${ENDS[end] ?? end}` : "");

// The buttons in the page's head; show(queue) makes pause and resume change places.
export class QueueButtons {
  constructor(app, vhost, name) {
    const path = `queues/${api_path(vhost, name)}`;
    this.pause = button("Pause", () => app.act(() => app.api.put(`${path}/pause`), "Paused: nothing is delivered."));
    this.resume = button("Resume", () => app.act(() => app.api.put(`${path}/resume`), "Resumed."));
    this.resume.hidden = true;
    const purge = button("Purge", async () => {
      const sure = await confirm_by_typing({ title: "Purge this queue?", name, verb: "Purge",
        text: "All ready messages are thrown away. Unacked ones stay." });
      if (sure) await app.act(() => app.api.delete(`${path}/contents`), "Purged.");
    }, "danger");
    const remove = button("Delete", async () => {
      const sure = await confirm_by_typing({ title: "Delete this queue?", name, verb: "Delete",
        text: "The queue, its messages and its bindings go. Consumers are cancelled." });
      if (sure) await app.act(() => app.api.delete(path), `Queue “${name}” is deleted.`, "#/queues");
    }, "danger");
    this.buttons = [this.pause, this.resume, purge, remove];
  }

  show(paused) {
    this.pause.hidden = paused;
    this.resume.hidden = !paused;
  }
}

export function move_form(app, vhost, name) {
  return form({
    fields: [text("destination", "Into the queue", { required: true }),
      integer("count", "Messages at most", { min: 1, placeholder: "all" })],
    submit: "Move messages",
    async action({ destination, count }) {
      const answer = await app.api.post(`queues/${api_path(vhost, name)}/move`, { destination, count });
      app.refresh();
      return `${moved_words(answer.moved)} moved.${end_words(answer)}`;
    },
  });
}

// Dead letters back to the queues that they came from.
export function redrive_form(app, vhost, name) {
  const targets = h("div", {});
  const element = form({
    fields: [integer("limit", "Messages at most", { min: 1, placeholder: "all" }),
      integer("rate", "Messages per second", { min: 1, placeholder: "no limit" }),
      check("dry_run", "Only tell what would be done", { value: true })],
    submit: "Redrive", keep: true,
    async action(values) {
      const answer = await app.api.post(`queues/${api_path(vhost, name)}/redrive`, values);
      replace(targets, target_table(answer.by_queue ?? {}));
      app.refresh();
      const stayed = STAYED.filter(([key]) => answer[key] > 0)
        .map(([key, words]) => ` ${moved_words(answer[key])} ${words}.`);
      return `${moved_words(answer.moved ?? 0)} ${values.dry_run ? "would go" : "went"} back.${stayed.join("")}${end_words(answer)}`;
    },
  });
  return h("div", { class: "stack" }, element, targets);
}

// by_queue: {name: messages}.
function target_table(by_queue) {
  const rows = Object.entries(by_queue);
  if (rows.length === 0) return [];
  return h("table", { "aria-label": "Where messages go" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Queue"), h("th", { scope: "col", class: "number" }, "Messages"))),
    h("tbody", {}, rows.map(([name, messages]) =>
      h("tr", {}, h("td", { class: "name" }, name), h("td", { class: "number" }, number(messages))))));
}
