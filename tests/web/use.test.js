// How the page behaves in use: keyboard, colours, refresh, narrow windows, below a path, policies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_browser, Visit } from "./browser.js";
import { start_proxy } from "./proxy.js";
import { start_server } from "./server.js";

let server, browser;

before(async () => {
  server = await start_server();
  browser = await start_browser();
  await server.api("PUT", "queues/%2F/web-use-a", { durable: true });
  await server.api("PUT", "queues/%2F/web-use-b", { durable: true });
});

after(async () => {
  await browser?.close();
  for (const name of ["web-use-a", "web-use-b"]) await server?.api("DELETE", `queues/%2F/${name}`, undefined, [404]);
  await server?.stop();
});

const focused = (visit) => visit.page.evaluate(() => document.activeElement.textContent ||
  document.activeElement.getAttribute("aria-label"));

async function in_page(options, hash = "#/queues") {
  const visit = await Visit.open(browser, server.url, options);
  await visit.log_in();
  await visit.go(hash);
  return visit;
}

test("keyboard: from login to a deleted queue without a pointer", async () => {
  await server.api("PUT", "queues/%2F/web-use-gone", { durable: true });
  const visit = await Visit.open(browser, server.url);
  const { keyboard } = visit.page;
  await keyboard.type("guest");
  await keyboard.press("Tab");
  await keyboard.type("guest");
  await keyboard.press("Enter");
  await visit.page.waitForSelector(".shell");
  await visit.go("#/queues");
  await keyboard.press("/");
  await keyboard.type("web-use-gone");
  await visit.page.waitForFunction(() => document.querySelectorAll("td.name").length === 1);
  for (let i = 0; i < 30 && await focused(visit) !== "web-use-gone"; ++i) await keyboard.press("Tab");
  assert.equal(await focused(visit), "web-use-gone");
  await keyboard.press("Enter");
  await visit.page.waitForFunction(() => location.hash === "#/queues/%2F/web-use-gone");
  await visit.shown();
  for (let i = 0; i < 30 && await focused(visit) !== "Delete"; ++i) await keyboard.press("Tab");
  await keyboard.press("Enter");
  await visit.page.waitForSelector("dialog[open]");
  await keyboard.type("web-use-gone");
  visit.expected.push([404, "api/queues"]);
  await keyboard.press("Enter");
  await visit.page.waitForFunction(() => location.hash === "#/queues");
  await visit.close();
});

test("keyboard: skipping the links, sorting, a visible focus that lives through a refresh", async () => {
  const visit = await in_page();
  const { keyboard } = visit.page;
  await visit.page.reload();
  await visit.page.waitForSelector(".shell");
  await visit.shown();
  await keyboard.press("Tab");
  assert.equal(await focused(visit), "Skip to the page");
  await keyboard.press("Enter");
  assert.equal(await visit.page.evaluate(() => document.activeElement.id), "page");
  for (let i = 0; i < 20 && await focused(visit) !== "Name"; ++i) await keyboard.press("Tab");
  assert.equal(await visit.page.getAttribute("th:has-text('Name')", "aria-sort"), "ascending");
  const outline = await visit.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");
  await keyboard.press("Enter");
  assert.equal(await visit.page.getAttribute("th:has-text('Name')", "aria-sort"), "descending");
  assert.equal(await focused(visit), "Name");
  for (let i = 0; i < 30 && await focused(visit) !== "web-use-a"; ++i) await keyboard.press("Tab");
  await Promise.all([visit.page.waitForResponse(/api\/queues/), keyboard.press("r")]);
  await visit.page.waitForResponse(/api\/overview/);
  assert.equal(await focused(visit), "web-use-a");
  await visit.close();
});

test("colours follow the system, or the choice, which is remembered", async () => {
  const visit = await in_page({ colorScheme: "light" });
  const { page } = visit;
  const ground = async (theme) => {
    await page.waitForSelector(`html[data-theme=${theme}]`);
    return page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  };
  const choice = page.locator(".bar label", { hasText: "Colours" }).locator("select");
  const light = await ground("light");
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground("dark");
  assert.notEqual(light, dark);
  await choice.selectOption("light");
  assert.equal(await ground("light"), light);
  await page.reload();
  assert.equal(await ground("light"), light);
  await choice.selectOption("system");
  assert.equal(await ground("dark"), dark);
  await visit.close();
});

test("refresh: none while the tab is hidden or when it is off, at once when it is seen again", async () => {
  const visit = await in_page();
  await visit.page.clock.install();
  await visit.page.keyboard.press("r");
  await visit.page.waitForResponse(/api\/queues/);
  await visit.shown();
  const show = (hidden) => visit.page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const asked = () => visit.requests.filter((url) => url.includes("api/queues")).length;

  await Promise.all([visit.page.waitForResponse(/api\/queues/), visit.page.clock.runFor(5_100)]);
  await show(true);
  let before = asked();
  await visit.page.clock.runFor(60_000);
  assert.equal(asked(), before);
  await Promise.all([visit.page.waitForResponse(/api\/queues/), show(false)]);
  await visit.page.locator(".bar label", { hasText: "Refresh" }).locator("select").selectOption("0");
  before = asked();
  await visit.page.clock.runFor(300_000);
  assert.equal(asked(), before);
  await visit.close();
});

test("a server that cannot be reached is told, and shown again when it is back", async () => {
  const visit = await in_page();
  visit.expected.push(["ERR_INTERNET_DISCONNECTED", "api/"]);
  await visit.context.setOffline(true);
  await visit.page.keyboard.press("r");
  await visit.page.waitForSelector(".page-failure:text('cannot be reached')");
  assert.equal(await visit.text(".freshness"), "Not up to date");
  assert.ok(await visit.page.locator("td.name").count() >= 2);
  await visit.context.setOffline(false);
  await visit.page.keyboard.press("r");
  await visit.page.waitForSelector(".page-failure", { state: "detached" });
  await visit.close();
});

test("a narrow window scrolls tables, not the page", async () => {
  const visit = await in_page({ viewport: { width: 390, height: 800 } });
  for (const hash of ["#/", "#/queues", "#/queues/%2F/web-use-a", "#/users", "#/policies"]) {
    await visit.go(hash);
    const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${hash} is ${wide} pixels too wide`);
  }
  await visit.close();
});

test("below a path of a proxy", async () => {
  const proxy = await start_proxy({ port: 0, target: server.url, prefix: "/tools/mq/", own: false });
  const visit = await Visit.open(browser, `http://127.0.0.1:${proxy.address().port}/tools/mq/`);
  await visit.log_in();
  await visit.go("#/queues/%2F/web-use-a");
  assert.equal(await visit.text("h1"), "web-use-a");
  await visit.close();
  proxy.close();
});

test("the page's headers forbid what it does not need", async () => {
  const answer = await fetch(server.url);
  const policy = answer.headers.get("content-security-policy");
  for (const rule of ["default-src 'self'", "frame-ancestors 'none'", "base-uri '", "form-action 'self'"]) {
    assert.ok(policy.includes(rule), `${rule} in ${policy}`);
  }
  assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
});

test("an address that leads nowhere says so, and a name of dots asks for nothing else", async () => {
  const visit = await in_page({}, "#/nonsense/x");
  assert.equal(await visit.text("h1"), "No such page");
  const before = visit.requests.length;
  await visit.go("#/queues/%2F/..");
  assert.match(await visit.text(".note.bad"), /harrierctl/);
  assert.equal(visit.requests.slice(before).some((url) => /api\/(queues|bindings|%2F)/.test(url)), false);
  visit.expected.push([404, "api/queues"]);
  await visit.go("#/queues/%2F/not-there");
  await visit.page.waitForSelector(".page-failure");
  await visit.go("#/queues/%ZZ/%2F");
  await visit.close();
});

test("users, permissions, policies and limits are made, changed and taken away", async () => {
  const visit = await in_page({}, "#/users");
  const { page } = visit;
  await visit.fill_form("Add a user", { name: "web <user>", password: "secret", again: "secret" });
  await page.waitForSelector("td.name:has-text('web <user>')");
  await page.click("td.name a:text('web <user>')");
  await visit.shown();
  await visit.fill_form("Set permissions", { vhost: "/", configure: "^web" });
  await page.waitForSelector("td:has-text('^web')");
  visit.expected.push([404, "api/users"]);
  await visit.confirm_by_typing("Delete", "web <user>");
  await page.waitForFunction(() => location.hash === "#/users");

  await visit.go("#/policies");
  const fold = await visit.fill_form("Add a policy", { name: "web/policy", pattern: "^web-use-a$", "apply-to": "queues" }, false);
  await fold.locator("[aria-label='Definition: key']").first().fill("max-length");
  await fold.locator("[aria-label='Definition: value']").first().fill("7");
  await fold.locator("button[type=submit]").click();
  await page.click("td.name a:text('web/policy')");
  await visit.shown();
  assert.match(await visit.text("main"), /"max-length": 7/);
  visit.expected.push([404, "api/policies"]);
  await page.locator(".page-head button", { hasText: "Delete" }).click();
  await page.locator("dialog button[type=submit]").click();
  await page.waitForFunction(() => location.hash === "#/policies");

  visit.expected.push([404, "api/quotas"]);
  await visit.go("#/limits");
  await visit.fill_form("Set a limit of a virtual host", { owner: "/", name: "max-queues", value: "12345" });
  await page.waitForSelector("td:has-text('12345')");
  await page.locator("tr", { hasText: "12345" }).locator("button").click();
  await page.locator("dialog button[type=submit]").click();
  await page.waitForSelector("td:has-text('12345')", { state: "detached" });
  await visit.close();
});

test("definitions go out as a file and come in again", async () => {
  const visit = await in_page({}, "#/definitions");
  const { page } = visit;
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download definitions")]);
  const file = await download.path();
  assert.match(download.suggestedFilename(), /^definitions-.*\.json$/);
  await server.api("DELETE", "queues/%2F/web-use-b");
  await page.setInputFiles("input[type=file]", file);
  await page.click("text=Import definitions");
  await page.waitForSelector("dialog:has-text('queues')");
  await page.locator("dialog button[type=submit]").click();
  await page.waitForSelector(".note.good:text('Imported.')");
  await server.api("GET", "queues/%2F/web-use-b");
  await visit.close();
});
