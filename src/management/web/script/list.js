// Where the rows of a table come from: asked of the server page by page, or an array at hand. Both
// give what the API calls a page: {items, page, page_count, filtered_count, total_count}.
import { dig } from "./format.js";

// ask: {page, page_size, name, use_regex, sort, sort_reverse, columns}
export const server_list = (api, path, extra = {}) => async (ask, signal) => {
  const answer = await api.get(path(), { ...ask, ...extra }, signal);
  // A server that does not page this list answers with all of it.
  return Array.isArray(answer) ? page_of(answer, ask) : answer;
};

export const local_list = (load, name_of) => async (ask, signal) =>
  page_of(await load(signal), ask, name_of);

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === undefined || a === null) return b === undefined || b === null ? 0 : -1;
  if (b === undefined || b === null) return 1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

function matcher({ name, use_regex }) {
  if (!name) return () => true;
  if (use_regex !== "true") {
    const wanted = name.toLowerCase();
    return (text) => text.toLowerCase().includes(wanted);
  }
  const pattern = new RegExp(name, "i");
  return (text) => pattern.test(text);
}

export function page_of(rows, ask, name_of = (row) => String(row.name ?? "")) {
  const matches = matcher(ask);
  const found = rows.filter((row) => matches(name_of(row)));
  if (ask.sort) {
    found.sort((a, b) => compare(dig(a, ask.sort), dig(b, ask.sort)));
    if (ask.sort_reverse === "true") found.reverse();
  }
  const page_count = Math.max(1, Math.ceil(found.length / ask.page_size));
  const page = Math.min(ask.page, page_count);
  return {
    items: found.slice((page - 1) * ask.page_size, page * ask.page_size),
    page, page_count, filtered_count: found.length, total_count: rows.length,
  };
}
