// A plain table of what the server tells, a column for each key that a record has: for answers of
// which this page knows no more than that.
import { h, replace } from "./dom.js";
import { any, number } from "./format.js";

const COLUMNS_MAX = 14;

export const records_of = (answer) => (Array.isArray(answer) ? answer :
  Object.values(answer ?? {}).find((value) => Array.isArray(value)) ?? []);

export class RecordTable {
  element = h("div", { class: "table-wrap" });

  // node(key, value) → what to show, or undefined for the value's text.
  constructor(label, empty, node = () => undefined) {
    Object.assign(this, { label, empty, node });
  }

  show(answer) {
    const records = records_of(answer);
    const text = JSON.stringify(records);
    if (text === this.shown) return;
    this.shown = text;
    if (records.length === 0) {
      replace(this.element, h("p", { class: "empty" }, this.empty));
      return;
    }
    const keys = [...new Set(records.flatMap((record) => Object.keys(record)))].slice(0, COLUMNS_MAX);
    const kind = (key) => (records.every((r) => r[key] === undefined || typeof r[key] === "number") ? "number" : null);
    const cell = (key, value) => this.node(key, value) ??
      (value === undefined ? "" : typeof value === "number" ? number(value) : any(value));
    replace(this.element, h("table", { "aria-label": this.label },
      h("thead", {}, h("tr", {}, keys.map((key) => h("th", { scope: "col", class: kind(key) },
        key.replaceAll("_", " "))))),
      h("tbody", {}, records.map((record) => h("tr", {}, keys.map((key) =>
        h("td", { class: kind(key) }, cell(key, record[key]))))))));
  }
}
