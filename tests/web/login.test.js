// Logging in and out, and what each tag lets a user see.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_browser, Visit } from "./browser.js";
import { start_server } from "./server.js";

const USERS = { "web-none": [], "web-management": ["management"], "web-policymaker": ["policymaker"],
  "web-monitoring": ["monitoring"] };
const PASSWORD = "pä:ss wörd €";

let server, browser;

before(async () => {
  server = await start_server();
  browser = await start_browser();
  for (const [name, tags] of Object.entries(USERS)) {
    await server.api("PUT", `users/${name}`, { password: PASSWORD, tags: tags.join(",") });
    await server.api("PUT", `permissions/%2F/${name}`, { configure: ".*", write: ".*", read: ".*" });
  }
});

after(async () => {
  await browser?.close();
  for (const name of Object.keys(USERS)) await server?.api("DELETE", `users/${name}`, undefined, [404]);
  await server?.stop();
});

const links = (visit) => visit.page.locator(".rail li a span:first-child").allInnerTexts();

async function try_login(visit, name, password) {
  visit.expected.push([401, "api/whoami"]);
  await visit.page.fill("#login-name", name);
  await visit.page.fill("#login-password", password);
  await visit.page.keyboard.press("Enter");
  return visit.text("[role=alert]:not([hidden])");
}

test("a wrong password says so, and the right one lets in afterwards", async () => {
  const visit = await Visit.open(browser, server.url);
  assert.match(await try_login(visit, "guest", "wrong"), /Wrong name or password|Login failed/);
  assert.equal(await visit.page.inputValue("#login-password"), "");
  assert.equal(await visit.page.locator(".shell").count(), 0);
  await visit.log_in();
  assert.equal(await visit.text("h1"), "Overview");
  await visit.close();
});

test("a user without a tag is not let in", async () => {
  const visit = await Visit.open(browser, server.url);
  assert.notEqual(await try_login(visit, "web-none", PASSWORD), "");
  assert.equal(await visit.page.locator(".shell").count(), 0);
  await visit.close();
});

test("a password with umlauts, a colon and spaces", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in("web-management", PASSWORD);
  assert.equal(await visit.text(".who"), "web-management");
  await visit.close();
});

test("the login lives through a reload and the tab alone knows it", async () => {
  const visit = await Visit.open(browser, `${server.url}`);
  await visit.log_in();
  await visit.go("#/exchanges");
  await visit.page.reload();
  await visit.page.waitForSelector(".shell");
  await visit.shown();
  assert.equal(await visit.text("h1"), "Exchanges");
  assert.deepEqual(await visit.context.cookies(), []);
  const other = await visit.context.newPage();
  await other.goto(server.url);
  await other.waitForSelector("#login-name");
  await visit.close();
});

test("logging out forgets the password", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.page.click("text=Log out");
  await visit.page.waitForSelector("#login-name");
  await visit.page.reload();
  await visit.page.waitForSelector("#login-name");
  const kept = await visit.page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.doesNotMatch(kept, /Basic/);
  await visit.close();
});

test("a user who is deleted meanwhile is led back to the login", async () => {
  await server.api("PUT", "users/web-passing", { password: PASSWORD, tags: "management" });
  const visit = await Visit.open(browser, server.url);
  await visit.log_in("web-passing", PASSWORD);
  visit.expected.push([401, "api/"]);
  await server.api("DELETE", "users/web-passing");
  await visit.page.locator(".rail a", { hasText: "Channels" }).click();
  await visit.page.waitForSelector("#login-name");
  await visit.close();
});

test("what a tag may not do is not shown", async () => {
  const base = ["Overview", "Connections", "Channels", "Exchanges", "Queues", "Virtual hosts"];
  const expected = {
    "web-management": base,
    "web-policymaker": [...base, "Policies"],
    "web-monitoring": [...base, "Log"],
  };
  for (const [name, labels] of Object.entries(expected)) {
    const visit = await Visit.open(browser, server.url);
    await visit.log_in(name, PASSWORD);
    assert.deepEqual(await links(visit), labels, name);
    assert.equal(await visit.page.locator("[aria-label^='Node ']").count(), name === "web-monitoring" ? 1 : 0, name);
    await visit.go("#/vhosts/%2F");
    assert.equal(await visit.page.locator(".page-head button", { hasText: "Delete" }).count(), 0, name);
    await visit.go("#/queues");
    assert.equal(await visit.page.locator(".page-failure").count(), 0, name);
    await visit.close();
  }
});

test("a page beyond one's rights shows the server's refusal and keeps the login", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in("web-management", PASSWORD);
  visit.expected.push([401, "api/users"], [401, "api/permissions"]);
  await visit.go("#/users");
  assert.notEqual(await visit.text(".page-failure"), "");
  await visit.go("#/queues");
  assert.equal(await visit.page.locator(".page-failure").count(), 0);
  await visit.close();
});
