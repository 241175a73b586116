// An address that no page has.
import { h } from "../dom.js";
import { page_head, page_link } from "../parts.js";

export function open() {
  return {
    title: "No such page",
    element: h("div", { class: "stack" }, page_head({ title: "No such page" }),
      h("p", {}, "This address leads nowhere. ", page_link("To the overview"))),
    async refresh() {},
  };
}
