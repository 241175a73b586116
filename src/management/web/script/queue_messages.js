// Looking at the messages of a queue: taking some out (get) or reading along without taking (browse).
import { confirm } from "./dialog.js";
import { h, replace } from "./dom.js";
import { form, integer, select } from "./form.js";
import { api_path } from "./names.js";
import { button, note } from "./parts.js";
import { message_card } from "./message_view.js";

const TRUNCATE_BYTES = 50_000;
const BROWSE_COUNT = 20;

export function get_form(app, vhost, name) {
  const found = h("div", { class: "stack", "aria-live": "polite" });
  const element = form({
    fields: [
      select("ackmode", "Then", [["ack_requeue_true", "Put them back (nack, requeue)"],
        ["ack_requeue_false", "Take them out (ack)"], ["reject_requeue_true", "Reject, put them back"],
        ["reject_requeue_false", "Reject, dead-letter or drop"]]),
      select("encoding", "Payload", [["auto", "as text if it is UTF-8"], ["base64", "as base64"]]),
      integer("count", "Messages", { value: "1", min: 1, required: true }),
    ],
    submit: "Get messages", keep: true,
    async action(values) {
      const messages = await app.api.post(`queues/${api_path(vhost, name)}/get`,
        { ...values, truncate: TRUNCATE_BYTES });
      replace(found, messages.length === 0 ? note("The queue is empty.") :
        messages.map((message, i) => message_card(message, `${i + 1} of ${messages.length}`)));
      app.refresh();
    },
  });
  return h("div", { class: "stack" }, element, found);
}

// Reads pages of messages where they lie; each can be deleted by itself.
export function browse_view(app, vhost, name) {
  const path = `queues/${api_path(vhost, name)}/messages`;
  const found = h("div", { class: "stack", "aria-live": "polite" });
  const from = h("input", { placeholder: "the head", "aria-label": "Behind position", spellcheck: "false" });
  let next = null;

  async function look(position) {
    try {
      const page = await app.api.get(path, { from: position, count: BROWSE_COUNT });
      next = page.next ?? (page.more ? page.messages.at(-1)?.position : null) ?? null;
      replace(found, page.messages.length === 0 ? note("No messages from here on.") :
        page.messages.map((message) => card(message)));
      further.disabled = next === null;
    } catch (failure) {
      replace(found, note(failure.message, "bad"));
    }
  }

  function card(message) {
    const remove = async () => {
      const sure = await confirm({ title: "Delete this message?", verb: "Delete",
        text: `Position ${message.position} of ${name}. It is gone then.` });
      if (sure && await app.act(() => app.api.delete(`${path}/${api_path(String(message.position))}`), "Message deleted.")) {
        element.remove();
      }
    };
    const element = message_card(message, `position ${message.position}`,
      app.may("management") ? [button("Delete", remove, "danger")] : []);
    return element;
  }

  const further = button("Further", () => look(next));
  further.disabled = true;
  return h("div", { class: "stack" },
    h("form", { class: "form", onsubmit: (event) => {
      event.preventDefault();
      look(from.value);
    } }, h("div", { class: "field" }, h("label", {}, "Behind position ", from)),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Browse"), further)),
    found);
}
