// The small parts that every page is made of.
import { h, replace, svg } from "./dom.js";
import { page_hash, exchange_label, exchange_segment } from "./names.js";
import { any } from "./format.js";

export function panel(title, ...body) {
  const side = h("div", { class: "side" });
  const element = h("section", { class: "panel", "aria-label": title },
    h("header", {}, h("h2", {}, title), side), h("div", { class: "body" }, ...body));
  element.side = side;
  return element;
}

// A panel that a table fills up to its edges.
export function table_panel(title, content) {
  return h("section", { class: "panel", "aria-label": title }, h("header", {}, h("h2", {}, title)), content);
}

// A panel that is closed until asked for: forms.
export function fold(title, ...body) {
  return h("details", { class: "panel" }, h("summary", {}, title),
    h("div", { class: "body" }, ...body));
}

export const note = (text, kind = "") => h("p", { class: `note ${kind}` }, text);
export const badge = (text, kind = "", title = null) =>
  h("span", { class: `badge ${kind}`, title }, text);

export const queue_link = ({ vhost, name }) => h("a", { href: page_hash("queues", vhost, name) }, name);
export const exchange_link = (vhost, name) =>
  h("a", { href: page_hash("exchanges", vhost, exchange_segment(name)) }, exchange_label(name));
export const page_link = (text, ...segments) => h("a", { href: page_hash(...segments) }, text);

// What the words of a state mean for whoever looks: nothing, or that something is held up.
const STATES = { running: "good", idle: "", flow: "warn", blocked: "warn", blocking: "warn",
  paused: "warn", down: "bad", crashed: "bad", stopped: "bad", minority: "bad" };
export const state = (word) =>
  h("span", { class: `state ${STATES[word] ?? ""}` }, word || "–");

// A row of big numbers. figures: [{label, value(answer) → text, unit?, link?}].
export class Figures {
  constructor(figures) {
    this.figures = figures;
    this.values = figures.map(() => h("span", {}));
    this.element = h("div", { class: "figures" }, figures.map(({ label, unit, link }, i) =>
      h(link ? "a" : "div", { class: "figure", href: link }, h("span", { class: "label" }, label),
        h("span", { class: "value" }, this.values[i],
          unit ? h("span", { class: "unit" }, unit) : null))));
  }
  show(answer) {
    for (const [i, { value }] of this.figures.entries()) {
      const text = value(answer);
      if (this.values[i].textContent !== text) this.values[i].textContent = text;
    }
  }
}

// A list of names and values; `rows` are [label, text or node], and those without a value are left out.
export class Facts {
  element = h("dl", { class: "facts" });
  show(rows) {
    replace(this.element, rows
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([label, value]) => h("div", {}, h("dt", {}, label),
        h("dd", {}, value instanceof Node ? value : any(value)))));
  }
}

// How much of something limited is used. The limit may be missing, or not a number.
export class Meter {
  constructor(label) {
    this.words = h("b", {});
    this.fill = svg("rect", { class: "fill", x: 0, y: 0, width: 0, height: 6 });
    this.bar = svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img" },
      svg("rect", { class: "track", x: 0, y: 0, width: 100, height: 6 }), this.fill);
    this.label = label;
    this.element = h("div", { class: "meter" },
      h("div", { class: "words" }, h("span", {}, label), this.words), this.bar);
  }
  show(text, share, bad = false) {
    this.words.textContent = text;
    const full = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
    this.fill.setAttribute("width", full * 100);
    this.fill.setAttribute("class", bad ? "fill bad" : "fill");
    this.bar.setAttribute("aria-label", `${this.label}: ${text}`);
  }
}

// The head of a page: crumbs, title, badges, buttons.
export function page_head({ title, crumbs = [], badges = [], actions = [] }) {
  return h("header", { class: "page-head" },
    crumbs.length > 0 ? h("nav", { class: "crumbs", "aria-label": "Breadcrumbs" },
      crumbs.map(([text, ...segments]) => [page_link(text, ...segments), " › "])) : null,
    h("h1", {}, title), h("span", { class: "badges" }, badges),
    h("div", { class: "actions" }, actions));
}

export const button = (text, onclick, kind = "") => h("button", { type: "button", class: kind, onclick }, text);
