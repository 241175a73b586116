// The frame that stays while pages come and go: the rail, the bar, the notices.
import { h, replace, svg } from "./dom.js";
import { page_hash } from "./names.js";
import { RAIL } from "./pages.js";
import { INTERVALS } from "./refresher.js";
import { choices } from "./settings.js";
import { clock_time, short_number } from "./format.js";

const THEMES = [["system", "System"], ["light", "Light"], ["dark", "Dark"]];

// A harrier over a field, in three strokes of the wing.
export function mark() {
  return svg("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 7, fill: "#0d5c63" }),
    svg("path", { fill: "#fff", d: "M5 19c5-8 11-11 22-11-3 2-5 4-6 6 2-.4 3-.4 5 0-4 1-6 3-8 5 " +
      "1 0 2 .2 3 .8-4 .2-6 1.7-8.5 4.2C11.5 20.5 9 19 5 19z" }));
}

export function theme_choice() {
  const field = h("select", { value: choices.get("theme") ?? "system",
    onchange: () => {
      choices.set("theme", field.value);
      document.dispatchEvent(new Event("theme-chosen"));
    } }, THEMES.map(([value, label]) => h("option", { value }, label)));
  return field;
}

export class Shell {
  constructor(app) {
    this.app = app;
    this.links = [];
    this.counts = new Map();
    this.node = h("footer", {});
    this.where = h("div", { class: "where" });
    this.freshness = h("span", { class: "freshness", role: "status" });
    this.page = h("main", { class: "page", id: "page", tabindex: "-1" });
    this.vhost = this.#vhost_choice();
    this.element = h("div", {},
      h("a", { class: "skip", href: "#page", onclick: (event) => {
        event.preventDefault();
        this.page.focus();
      } }, "Skip to the page"),
      h("div", { class: "shell" }, this.#rail(), h("div", { class: "main" }, this.#bar(), this.page)));
  }

  #rail() {
    const groups = RAIL.map(([heading, entries]) => {
      const seen = entries.filter(([, , tag]) => this.app.session.may(tag));
      if (seen.length === 0) return null;
      return [heading ? h("h2", {}, heading) : null,
        h("ul", {}, seen.map(([label, segments, , total]) => {
          const count = h("span", { class: "count" });
          if (total) this.counts.set(total, count);
          const link = h("a", { href: page_hash(...segments) }, h("span", {}, label), count);
          this.links.push([segments, link]);
          return h("li", {}, link);
        }))];
    });
    return h("div", { class: "rail" },
      h("a", { class: "brand", href: "#/" }, mark(), h("span", {}, "HarrierMQ")),
      h("nav", { "aria-label": "Pages" }, groups), this.node);
  }

  #bar() {
    const { app } = this;
    const refresh = h("select", { value: String(app.refresher.seconds), onchange: () =>
      app.refresher.choose(Number(refresh.value)) },
    INTERVALS.map(([seconds, label]) => h("option", { value: String(seconds) }, label)));
    return h("div", { class: "bar" }, this.where,
      h("label", {}, "Virtual host", this.vhost),
      h("label", {}, "Refresh", refresh), this.freshness,
      h("label", {}, "Colours", theme_choice()),
      h("span", { class: "who", title: `Tags: ${app.session.tags.join(", ") || "none"}` },
        app.session.name),
      h("button", { type: "button", class: "quiet", onclick: () => app.log_out() }, "Log out"));
  }

  #vhost_choice() {
    const field = h("select", { id: "vhost-choice", onchange: () => this.app.choose_vhost(field.value) });
    return field;
  }

  show_vhosts(names, chosen) {
    if (this.known_vhosts === names.join("\0")) return;
    this.known_vhosts = names.join("\0");
    replace(this.vhost, h("option", { value: "" }, "All"),
      names.map((name) => h("option", { value: name }, name)));
    this.vhost.value = names.includes(chosen) ? chosen : "";
  }

  show_overview({ object_totals, product_version, rabbitmq_version, cluster_name, node }) {
    for (const [total, count] of this.counts) {
      count.textContent = short_number(object_totals?.[total]);
    }
    this.where.textContent = cluster_name ?? "";
    replace(this.node, h("div", {}, node ?? ""), h("div", {}, product_version ?? rabbitmq_version ?? ""));
  }

  show_place(segments, title) {
    for (const [own, link] of this.links) {
      const here = own.length === 0 ? segments.length === 0 : own[0] === segments[0] ||
        (own[0] === "policies" && segments[0] === "operator_policies");
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${title} – HarrierMQ`;
  }

  show_outcome(failure) {
    this.freshness.className = failure ? "freshness stale" : "freshness";
    this.freshness.textContent = failure ? "Not up to date" : clock_time(Date.now());
    this.freshness.title = failure ? failure.message : "When this page was last brought up to date";
  }
}
