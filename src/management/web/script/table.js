// A table with search, sort, pages and a choice of columns over a list (list.js).
//
// Rows are kept by their key and cells changed only when their text changes, so that the focus, a
// selection and the scroll position live through a refresh.
import { h, replace } from "./dom.js";
import { number } from "./format.js";
import { choices } from "./settings.js";

const PAGE_SIZES = [20, 50, 100, 500];
const SEARCH_DELAY_MS = 250;

// columns: {key, title, text(row) → string, node?(row) → Node, sort?, fields?, number?, optional?,
//           name?, actions?}
// compact: without search and pages while there are few rows.
//   sort: the field to sort by; fields: what to ask of the server for it; optional: not at first.
export class Table {
  #rows = new Map();
  #serial = 0;

  constructor({ id, columns, list, row_key, empty, refresh, search = true, sort = null,
    reverse = false, always = null, label, compact = false }) {
    Object.assign(this, { id, columns, list, row_key, empty, refresh, always, label, compact });
    this.ask = { page: 1, page_size: Number(choices.get(`${id}.page_size`) ?? 100), name: "",
      use_regex: "false", sort, sort_reverse: String(reverse) };
    this.shown = this.#remembered_columns();
    this.body = h("tbody", {});
    this.head = h("tr", {});
    this.nothing = h("p", { class: "empty", hidden: true });
    this.failure = h("p", { class: "note bad", role: "alert", hidden: true });
    this.table = h("table", { "aria-label": label }, h("thead", {}, this.head), this.body);
    this.pager = h("span", { class: "pager" });
    this.element = h("div", {}, this.#toolbar(search), this.failure,
      h("div", { class: "table-wrap" }, this.table), this.nothing);
    this.#draw_head();
  }

  // The rows last shown.
  items = [];

  async load(signal) {
    const serial = ++this.#serial;
    const ask = { ...this.ask };
    if (this.always) ask.columns = this.#wanted_fields();
    if (ask.sort === null) delete ask.sort_reverse;
    let page;
    try {
      page = await this.list(ask, signal);
    } catch (failure) {
      // A page that is no longer there, or a pattern that the server refuses: said at the table.
      if (failure.name === "AbortError" || serial !== this.#serial) return;
      if (failure.status === 400 && this.ask.page > 1) {
        this.ask.page = 1;
        await this.load(signal);
        return;
      }
      if (failure.status !== 400 && !(failure instanceof SyntaxError)) throw failure;
      this.failure.textContent = failure.message;
      this.failure.hidden = false;
      return;
    }
    if (serial !== this.#serial) return;
    this.failure.hidden = true;
    this.#show(page);
  }

  #remembered_columns() {
    const chosen = choices.get(`${this.id}.columns`);
    const all = this.columns.filter((column) => column.title);
    const wanted = chosen === null ? all.filter((c) => !c.optional).map((c) => c.key) :
      chosen.split(",");
    return new Set(wanted);
  }

  #visible() {
    return this.columns.filter((column) => !column.title || column.name || this.shown.has(column.key));
  }

  #wanted_fields() {
    const fields = new Set(this.always);
    for (const column of this.#visible()) {
      for (const field of column.fields ?? [column.sort ?? column.key]) fields.add(field);
    }
    return [...fields].join(",");
  }

  #toolbar(search) {
    let timer = null;
    const again = () => {
      clearTimeout(timer);
      this.ask.page = 1;
      this.refresh();
    };
    const field = h("input", {
      type: "search", placeholder: "Filter by name", "aria-label": `Filter ${this.label}`,
      "data-search": true, spellcheck: "false",
      oninput: () => {
        this.ask.name = field.value;
        clearTimeout(timer);
        timer = setTimeout(again, SEARCH_DELAY_MS);
      },
      onkeydown: (event) => { if (event.key === "Enter") again(); },
    });
    const regex = h("input", { type: "checkbox", onchange: () => {
      this.ask.use_regex = String(regex.checked);
      if (field.value) again();
    } });
    const size = h("select", { "aria-label": "Rows per page", value: String(this.ask.page_size),
      onchange: () => {
        this.ask.page_size = Number(size.value);
        choices.set(`${this.id}.page_size`, size.value);
        again();
      } }, PAGE_SIZES.map((rows) => h("option", { value: String(rows) }, `${rows} rows`)));
    this.size = size;
    const filters = search ? [field, h("label", {}, regex, "Regular expression")] : [];
    this.toolbar = h("div", { class: "toolbar" }, filters,
      h("div", { class: "side" }, this.pager, size, this.#chooser()));
    return this.toolbar;
  }

  #chooser() {
    if (!this.columns.some((column) => column.optional)) return null;
    const boxes = this.columns.filter((column) => column.title && !column.name).map((column) => {
      const box = h("input", { type: "checkbox", checked: this.shown.has(column.key),
        onchange: () => {
          if (box.checked) this.shown.add(column.key);
          else this.shown.delete(column.key);
          choices.set(`${this.id}.columns`, [...this.shown].join(","));
          this.#rows.clear();
          this.#draw_head();
          this.refresh();
        } });
      return h("label", { title: column.long ?? null }, box, column.title);
    });
    const close_from_outside = (event) => {
      if (!chooser.contains(event.target)) chooser.open = false;
    };
    const chooser = h("details", { class: "chooser",
      onkeydown: (event) => { if (event.key === "Escape") chooser.open = false; },
      ontoggle: () => {
        if (chooser.open) document.addEventListener("click", close_from_outside);
        else document.removeEventListener("click", close_from_outside);
      },
    }, h("summary", {}, "Columns"), h("div", { class: "choices" }, boxes));
    return chooser;
  }

  #draw_head() {
    replace(this.head, this.#visible().map((column) => {
      const kind = column.number ? "number" : null;
      if (!column.sort) return h("th", { class: kind, scope: "col" }, column.title ??
        h("span", { class: "visually-hidden" }, "Actions"));
      const sorted = this.ask.sort === column.sort;
      return h("th", { class: kind, scope: "col", "aria-sort": !sorted ? null :
        this.ask.sort_reverse === "true" ? "descending" : "ascending" },
        h("button", { type: "button", title: column.long ?? null,
          onclick: () => this.#sort_by(column) }, column.title));
    }));
  }

  // Numbers start with the largest; a third press goes back to the server's own order.
  #sort_by(column) {
    const first = column.number ? "true" : "false";
    if (this.ask.sort !== column.sort) {
      this.ask.sort = column.sort;
      this.ask.sort_reverse = first;
    } else if (this.ask.sort_reverse === first) {
      this.ask.sort_reverse = first === "true" ? "false" : "true";
    } else {
      this.ask.sort = null;
    }
    this.ask.page = 1;
    const at = this.#visible().indexOf(column);
    this.#draw_head();
    this.head.children[at].querySelector("button").focus();
    this.refresh();
  }

  #show(page) {
    this.items = page.items;
    const kept = new Map();
    const columns = this.#visible();
    let place = this.body.firstElementChild;
    for (const row of page.items) {
      const key = this.row_key(row);
      const shown = this.#rows.get(key) ?? this.#new_row(columns);
      this.#fill_row(shown, columns, row);
      kept.set(key, shown);
      if (shown.element === place) place = place.nextElementSibling;
      else this.body.insertBefore(shown.element, place);
    }
    while (place) {
      const next = place.nextElementSibling;
      place.remove();
      place = next;
    }
    this.#rows = kept;
    this.table.hidden = page.items.length === 0;
    this.nothing.hidden = page.items.length > 0;
    this.nothing.textContent = this.ask.name ? `Nothing matches “${this.ask.name}”.` : this.empty;
    this.#draw_pager(page);
  }

  #new_row(columns) {
    const cells = columns.map((column) => h("td", { class: column.number ? "number" :
      column.name ? "name" : column.actions ? "actions" : null }));
    return { element: h("tr", {}, cells), cells, texts: [] };
  }

  #fill_row(shown, columns, row) {
    shown.row = row;
    for (const [i, column] of columns.entries()) {
      const text = column.text ? column.text(row) : "";
      if (shown.texts[i] === text) continue;
      shown.texts[i] = text;
      // Buttons act on what the row has become since they were made.
      replace(shown.cells[i], column.node ? column.node(row, () => shown.row) : text);
      if (column.number) shown.cells[i].classList.toggle("zero", /^0( B)?(\/s)?$/.test(text));
    }
  }

  #draw_pager({ page, page_count, filtered_count, total_count, items }) {
    const go = (to) => () => {
      this.ask.page = to;
      this.refresh();
    };
    const step = (sign, label, to, able) =>
      h("button", { type: "button", "aria-label": label, disabled: !able, onclick: go(to) }, sign);
    const first = (page - 1) * this.ask.page_size + 1;
    const range = items.length === 0 ? "none" : page_count === 1 ? number(filtered_count) :
      `${number(first)}–${number(first + items.length - 1)} of ${number(filtered_count)}`;
    const total = filtered_count === total_count ? "" : ` (${number(total_count)} in all)`;
    const focused = [...this.pager.children].indexOf(document.activeElement);
    replace(this.pager, h("span", { role: "status" }, range + total),
      ...(page_count > 1 ? [
        step("«", "First page", 1, page > 1), step("‹", "Previous page", page - 1, page > 1),
        h("span", {}, `${number(page)} / ${number(page_count)}`),
        step("›", "Next page", page + 1, page < page_count),
        step("»", "Last page", page_count, page < page_count)] : []));
    if (focused >= 0) this.pager.children[focused]?.focus();
    this.size.hidden = total_count <= PAGE_SIZES[0];
    this.toolbar.hidden = this.compact && total_count <= PAGE_SIZES[0];
  }
}
