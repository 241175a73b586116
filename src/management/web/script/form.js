// Forms: labelled fields, an editor of arguments, one action, and the server's reason when it
// refuses.
import { h, fresh_id } from "./dom.js";

function labelled(label, input, { hint, wide } = {}) {
  input.id = fresh_id("field");
  const explanation = hint ? h("span", { class: "hint", id: `${input.id}-hint` }, hint) : null;
  if (explanation) input.setAttribute("aria-describedby", explanation.id);
  return h("div", { class: wide ? "field wide" : "field" },
    h("label", { for: input.id }, label), input, explanation);
}

// Each field: {name, element, read() → value, write?(value), clear()}.
export function text(name, label, options = {}) {
  const { value = "", required, type = "text", suggestions, placeholder, autocomplete = "off", min } = options;
  const input = h("input", { type, value, required, placeholder, autocomplete, min, name,
    spellcheck: "false" });
  const element = labelled(label, input, options);
  if (suggestions) {
    const list = h("datalist", { id: fresh_id("list") }, suggestions.map((s) => h("option", { value: s })));
    input.setAttribute("list", list.id);
    element.append(list);
  }
  return { name, element, input, read: () => input.value, write: (v) => { input.value = v; },
    clear: () => { input.value = value; } };
}

// Empty gives undefined.
export function integer(name, label, options = {}) {
  const field = text(name, label, { ...options, type: "number", value: options.value ?? "" });
  field.input.step = "1";
  return { ...field, read: () => (field.input.value === "" ? undefined : Number(field.input.value)) };
}

export function area(name, label, options = {}) {
  const { value = "", required, placeholder } = options;
  const input = h("textarea", { value, required, placeholder, name, spellcheck: "false" });
  return { name, input, element: labelled(label, input, { wide: true, ...options }),
    read: () => input.value, write: (v) => { input.value = v; }, clear: () => { input.value = value; } };
}

// of: ["a", ["b", "what b is called"], …]
export function select(name, label, of, options = {}) {
  const input = h("select", { name }, of.map((one) => {
    const [value, words] = Array.isArray(one) ? one : [one, one];
    return h("option", { value }, words);
  }));
  const first = options.value ?? input.value;
  input.value = first;
  return { name, input, element: labelled(label, input, options), read: () => input.value,
    write: (v) => { input.value = v; }, clear: () => { input.value = first; } };
}

export function check(name, label, options = {}) {
  const input = h("input", { type: "checkbox", name, id: fresh_id("field"), checked: options.value === true });
  return { name, input, read: () => input.checked, write: (v) => { input.checked = v; },
    clear: () => { input.checked = options.value === true; },
    element: h("div", { class: "field check" }, input, h("label", { for: input.id }, label)) };
}

const TYPES = ["string", "number", "boolean", "JSON"];

function pair_value(value, type, key) {
  if (type === "string") return value;
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (type === "number" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
  if (type === "JSON") {
    try {
      return JSON.parse(value);
    } catch {
      // Told below.
    }
  }
  throw new Error(`“${key}”: “${value}” is no ${type}.`);
}

// Keys with typed values, one more row than is filled in. known: {key: type}.
export function args(name, label, known = {}, initial = {}) {
  const list = h("datalist", { id: fresh_id("list") }, Object.keys(known).map((k) => h("option", { value: k })));
  const rows = h("div", { class: "pairs" });
  const grow = () => {
    const last = rows.lastElementChild;
    if (!last || last.firstElementChild.value !== "") add("", "", "string");
  };
  function add(key, value, type) {
    const types = h("select", { "aria-label": `${label}: type`, value: type }, TYPES.map((t) => h("option", { value: t }, t)));
    const field = h("input", { value: key, placeholder: "key", list: list.id, "aria-label": `${label}: key`,
      spellcheck: "false", autocomplete: "off", oninput: () => {
        if (known[field.value]) types.value = known[field.value];
        grow();
      } });
    rows.append(h("div", { class: "pair" }, field, h("input", { value, placeholder: "value",
      "aria-label": `${label}: value`, spellcheck: "false", autocomplete: "off" }), types));
  }
  function write(object) {
    rows.replaceChildren();
    for (const [key, value] of Object.entries(object)) {
      const type = typeof value === "object" ? "JSON" : typeof value;
      add(key, typeof value === "object" ? JSON.stringify(value) : String(value), type);
    }
    grow();
  }
  write(initial);
  return {
    name, write, clear: () => write(initial),
    element: h("fieldset", { class: "wide" }, h("legend", {}, label), rows, list),
    read() {
      const object = {};
      for (const row of rows.children) {
        const [key, value, type] = [...row.children].map((input) => input.value);
        if (key !== "") object[key] = pair_value(value, type, key);
      }
      return object;
    },
  };
}

// action(values) does it and may give a sentence to show; what it throws is shown at the form.
export function form({ fields, submit, action, keep = false, danger = false, extra = [] }) {
  const outcome = h("p", { class: "note wide", hidden: true });
  const say = (words, bad) => {
    outcome.hidden = !words;
    outcome.textContent = words ?? "";
    outcome.className = `note wide ${bad ? "bad" : "good"}`;
    outcome.setAttribute("role", bad ? "alert" : "status");
  };
  const send = h("button", { type: "submit", class: danger ? "danger" : "primary" }, submit);
  const element = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    say("");
    send.disabled = true;
    try {
      const values = Object.fromEntries(fields.map((field) => [field.name, field.read()]));
      const words = await action(values);
      if (!keep) for (const field of fields) field.clear();
      say(words);
    } catch (failure) {
      say(failure.message, true);
    } finally {
      send.disabled = false;
    }
  } }, fields.map((field) => field.element), outcome, h("div", { class: "buttons" }, send, extra));
  element.fill = (values) => {
    for (const field of fields) if (field.name in values) field.write(values[field.name]);
  };
  element.say = say;
  return element;
}
