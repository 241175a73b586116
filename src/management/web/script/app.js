// Where everything meets: login, the frame, and one page at a time.
//
// A page's module exports open(app, parameters, query), which gives {title, element, refresh(signal),
// close?()}: the element is made once, refresh() brings what moves up to date.
import { Api } from "./api.js";
import { h, replace } from "./dom.js";
import { Notices } from "./dialog.js";
import { login_page } from "./login.js";
import { page_head } from "./parts.js";
import { ROUTES } from "./pages.js";
import { Refresher } from "./refresher.js";
import { Router } from "./router.js";
import { Session } from "./session.js";
import { login_store } from "./settings.js";
import { Shell } from "./shell.js";

const VHOSTS_MS = 60_000;

class App {
  api = new Api();
  notices = new Notices();
  router = new Router(ROUTES);
  // Virtual hosts that this user sees, and the one chosen in the bar ("" is all).
  vhosts = [];
  vhost = login_store.get("vhost") ?? "";
  #page = null;
  #aborter = new AbortController();
  #visit = 0;
  #vhosts_due = 0;

  constructor() {
    this.refresher = new Refresher(() => this.#look(), (failure) => this.#told(failure));
    this.api.on_logged_out = () => this.session && this.log_out();
    this.outlet = h("div", {});
    document.body.append(this.outlet, this.notices.element);
    window.addEventListener("hashchange", () => this.session && this.#show());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  async start() {
    if (this.api.has_login) {
      try {
        this.#let_in(await this.api.get("whoami"));
        return;
      } catch (failure) {
        if (failure.status !== 401) this.notices.fail(failure);
      }
    }
    this.log_out();
  }

  may(tag) {
    return this.session.may(tag);
  }

  log_out() {
    this.#leave();
    this.refresher.stop();
    this.session = null;
    this.api.log_out();
    const page = login_page(this.api, (user) => this.#let_in(user));
    replace(this.outlet, page);
    document.title = "Log in – HarrierMQ";
    page.first.focus();
  }

  #let_in(user) {
    this.session = new Session(user);
    this.vhosts = [];
    this.#vhosts_due = 0;
    this.shell = new Shell(this);
    replace(this.outlet, this.shell.element);
    this.#show();
  }

  go(hash) {
    if (location.hash === hash) this.#show();
    else location.hash = hash;
  }

  // Does something that changes the server, says that it is done, and shows what has become of it:
  // on this page, or on `leave_for` where this one's object is gone.
  async act(deed, done, leave_for) {
    try {
      await deed();
    } catch (failure) {
      this.notices.fail(failure);
      return false;
    }
    this.notices.say(done);
    if (leave_for) {
      this.#vhosts_due = 0;
      this.go(leave_for);
    } else {
      this.refresh();
    }
    return true;
  }

  refresh() {
    return this.session ? this.refresher.now() : undefined;
  }

  // As refresh(), after something that may have made or removed a virtual host.
  refresh_vhosts() {
    this.#vhosts_due = 0;
    return this.refresh();
  }

  choose_vhost(name) {
    this.vhost = name;
    login_store.set("vhost", name);
    this.#show();
  }

  // A path for lists that can be asked of one virtual host: "queues" or "queues/%2F".
  list_path(noun) {
    return this.vhost === "" ? noun : `${noun}/${encodeURIComponent(this.vhost)}`;
  }

  // The virtual host that a form proposes.
  get first_vhost() {
    return this.vhost || (this.vhosts.includes("/") ? "/" : (this.vhosts[0] ?? "/"));
  }

  async #show() {
    const visit = ++this.#visit;
    this.#leave();
    this.shell.page.setAttribute("aria-busy", "true");
    const found = this.router.find(location.hash);
    let page;
    try {
      if (this.vhosts.length === 0) await this.#look_around();
      if (visit !== this.#visit || !this.session) return;
      const module = await (found ?? { load: () => import("./pages/missing.js") }).load();
      if (visit !== this.#visit || !this.session) return;
      page = module.open(this, found?.parameters ?? {}, found?.query);
    } catch (failure) {
      if (visit !== this.#visit || !this.session) return;
      page = { title: "Not shown", refresh: async () => {}, element: h("div", { class: "stack" },
        page_head({ title: "This page cannot be shown" }), h("p", { class: "note bad" }, failure.message)) };
    }
    this.#page = page;
    replace(this.shell.page, page.element);
    this.shell.show_place(found?.segments ?? ["?"], page.title);
    window.scrollTo(0, 0);
    if (visit > 1) this.shell.page.focus({ preventScroll: true });
    await this.refresh();
    if (visit === this.#visit && this.session) this.shell.page.setAttribute("aria-busy", "false");
  }

  #leave() {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#page?.close?.();
    this.#page = null;
  }

  // Virtual hosts may be many and seldom change: they are asked for less often than the totals.
  async #look_around() {
    const due = Date.now() >= this.#vhosts_due;
    const [overview, vhosts] = await Promise.all([
      this.api.get("overview"),
      due ? this.api.get("vhosts", { columns: "name" }) : null]);
    this.shell?.show_overview(overview);
    if (!vhosts) return;
    this.#vhosts_due = Date.now() + VHOSTS_MS;
    this.vhosts = vhosts.map((vhost) => vhost.name).sort();
    if (!this.vhosts.includes(this.vhost)) this.vhost = "";
    this.shell?.show_vhosts(this.vhosts, this.vhost);
  }

  async #look() {
    const page = this.#page;
    const { signal } = this.#aborter;
    try {
      await Promise.all([page?.refresh(signal), this.#look_around()]);
    } catch (failure) {
      if (failure.name !== "AbortError") throw failure;
    }
  }

  #told(failure) {
    if (!this.session) return;
    this.shell.show_outcome(failure);
    this.shell.page.querySelector(":scope > .page-failure")?.remove();
    if (failure) {
      this.shell.page.prepend(h("p", { class: "note bad page-failure", role: "alert" },
        failure.status === 404 ? `Not found: ${failure.message}` : failure.message));
    }
  }

  // "/" goes to the search, "r" looks again: not while something is typed.
  #key(event) {
    if (!this.session || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    } else if (event.key === "r") {
      this.refresh();
    }
  }
}

new App().start();
