// Questions before something is lost, and short notices afterwards.
import { h } from "./dom.js";

function ask(build) {
  return new Promise((answer) => {
    const dialog = h("dialog", { onclose: () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    } });
    const cancel = h("button", { type: "button", onclick: () => dialog.close("no") }, "Cancel");
    dialog.append(build(dialog, cancel));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// True once the user has typed `name` and pressed the button called `verb`.
export function confirm_by_typing({ title, text, name, verb }) {
  return ask((dialog, cancel) => {
    const button = h("button", { type: "submit", class: "danger", disabled: true }, verb);
    const input = h("input", {
      id: "confirm-name", autocomplete: "off", spellcheck: "false", autofocus: true,
      oninput: () => { button.disabled = input.value !== name; },
    });
    dialog.setAttribute("aria-label", title);
    return h("form", { method: "dialog", onsubmit: (event) => {
      event.preventDefault();
      if (input.value === name) dialog.close("yes");
    } },
      h("h2", {}, title),
      h("p", {}, text),
      h("label", { for: "confirm-name" }, "Type ", h("span", { class: "name" }, name), " to go on"),
      input,
      h("div", { class: "buttons" }, cancel, button));
  });
}

export function confirm({ title, text, verb, danger = true }) {
  return ask((dialog, cancel) => {
    dialog.setAttribute("aria-label", title);
    return h("form", { onsubmit: (event) => {
      event.preventDefault();
      dialog.close("yes");
    } },
      h("h2", {}, title),
      h("p", {}, text),
      h("div", { class: "buttons" }, cancel,
        h("button", { type: "submit", class: danger ? "danger" : "primary" }, verb)));
  });
}

const NOTICES_MAX = 4;
const NOTICE_MS = 6000;

// The place of notices: one for the page's whole life, so that screen readers hear what is added.
export class Notices {
  element = h("div", { class: "notices", role: "status", "aria-live": "polite" });

  say(text) {
    this.#add(text, "notice");
  }
  fail(failure) {
    this.#add(failure.message ?? String(failure), "notice bad");
  }

  #add(text, kind) {
    const notice = h("div", { class: kind }, h("span", {}, text),
      h("button", { class: "quiet", "aria-label": "Dismiss", onclick: () => notice.remove() }, "×"));
    this.element.append(notice);
    while (this.element.childElementCount > NOTICES_MAX) this.element.firstChild.remove();
    if (kind === "notice") setTimeout(() => notice.remove(), NOTICE_MS);
  }
}
