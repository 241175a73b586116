// Debian's Chromium, and a page in it that notices what must not happen: errors on the console,
// requests to other origins, breaches of the content security policy.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

// Long: it is only waited out where something is wrong, and the machine may be crowded.
const WAIT_MS = 60_000;

export function start_browser() {
  return chromium.launch({ executablePath: process.env.HARRIER_WEB_BROWSER ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export class Visit {
  static async open(browser, url, options = {}) {
    const visit = new Visit();
    visit.url = url;
    visit.problems = [];
    // What the page may be refused in this test: [status or the browser's words, part of the address].
    visit.expected = [];
    visit.requests = [];
    visit.context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
    visit.page = await visit.context.newPage();
    visit.page.setDefaultTimeout(WAIT_MS);
    visit.#listen();
    await visit.page.goto(url);
    return visit;
  }

  #listen() {
    const { page } = this;
    page.on("pageerror", (error) => this.problems.push(`page: ${error.stack}`));
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      const text = `${message.text()} ${message.location().url}`;
      const known = this.expected.some(([what, part]) => text.includes(part) &&
        text.includes(typeof what === "number" ? `status of ${what}` : what));
      if (!known) this.problems.push(`console: ${text}`);
    });
    page.on("request", (request) => {
      this.requests.push(request.url());
      if (!request.url().startsWith(this.url) && !request.url().startsWith("blob:")) {
        this.problems.push(`another origin or path: ${request.url()}`);
      }
    });
    page.on("dialog", (dialog) => {
      this.problems.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  async log_in(name = "guest", password = "guest") {
    await this.page.fill("#login-name", name);
    await this.page.fill("#login-password", password);
    await this.page.click("button[type=submit]");
    await this.page.waitForSelector(".shell");
    await this.shown();
    return this;
  }

  // The page at `hash`, once it has been brought up to date for the first time.
  async go(hash) {
    await this.page.evaluate((to) => { location.hash = to; }, hash);
    await this.shown();
  }

  // The browser tells of a new address in a task of its own: two turns later the page has begun.
  async shown() {
    await this.page.evaluate(() => new Promise((done) => setTimeout(() => setTimeout(done))));
    await this.page.waitForSelector("main[aria-busy=false]");
  }

  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  // Fills the form in the fold of this title; values: {name of the field: value}.
  async fill_form(title, values, submit = true) {
    const fold = this.page.locator("details.panel", { has: this.page.locator("summary", { hasText: title }) });
    if (await fold.getAttribute("open") === null) await fold.locator("summary").click();
    for (const [name, value] of Object.entries(values)) {
      const field = fold.locator(`[name="${name}"]`);
      if (await field.evaluate((element) => element.tagName) === "SELECT") await field.selectOption(value);
      else await field.fill(value);
    }
    if (submit) await fold.locator("button[type=submit]").first().click();
    return fold;
  }

  // Presses a button of the page's head and types the name that it asks for.
  async confirm_by_typing(button, name) {
    await this.page.locator(".page-head button", { hasText: button }).click();
    await this.page.fill("#confirm-name", name);
    await this.page.locator("dialog button[type=submit]").click();
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.problems, []);
  }
}
