// Every page: without queues and with ten thousand, in light and in dark; names, labels, contrast.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults_in_page } from "./accessible.js";
import { start_browser, Visit } from "./browser.js";
import { start_client, start_server } from "./server.js";

const QUEUES = Number(process.env.HARRIER_WEB_QUEUES ?? 10_000);
const VHOST = "web page";
// What another server than ours, given by HARRIER_WEB_URL, does not have.
const OURS = ["api/quotas", "api/audit", "api/livelog"];

let server, browser, node;

before(async () => {
  server = await start_server();
  browser = await start_browser();
  ({ node } = await server.api("GET", "overview"));
});

after(async () => {
  await browser?.close();
  await server?.api("DELETE", `vhosts/${encodeURIComponent(VHOST)}`, undefined, [404]);
  await server?.stop();
});

const LISTS = [["#/connections", "Connections"], ["#/channels", "Channels"],
  ["#/exchanges", "Exchanges"], ["#/queues", "Queues"]];
const pages = () => [["#/", "Overview"], [`#/nodes/${encodeURIComponent(node)}`, node], ...LISTS,
  ["#/exchanges/%2F/amq.topic", "amq.topic"], ["#/exchanges/%2F/amq.default", "(AMQP default)"],
  ["#/vhosts", "Virtual hosts"], ["#/vhosts/%2F", "/"], ["#/users", "Users"], ["#/users/guest", "guest"],
  ["#/permissions", "Permissions"], ["#/topic-permissions", "Topic permissions"], ["#/policies", "Policies"],
  ["#/limits", "Limits"], ["#/definitions", "Definitions"], ["#/log", "Log"], ["#/audit", "Audit"]];

async function visit_all(theme, more = []) {
  const visit = await Visit.open(browser, server.url, { colorScheme: theme });
  visit.expected = process.env.HARRIER_WEB_URL ? OURS.map((path) => [404, path]) : [[404, "api/livelog"]];
  await visit.log_in();
  for (const [hash, title] of [...pages(), ...more]) {
    await visit.go(hash);
    assert.equal(await visit.text("h1"), title, hash);
    assert.equal(await visit.page.locator(".page-failure").count(), 0, hash);
    for (const fold of await visit.page.locator("details.panel > summary").all()) await fold.click();
    assert.deepEqual(await visit.page.evaluate(faults_in_page), [], `${theme} ${hash}`);
  }
  await visit.close();
}

for (const theme of ["light", "dark"]) {
  test(`every page without queues, ${theme}`, () => visit_all(theme));
}

test("an empty list says so", async () => {
  await server.api("PUT", `vhosts/${encodeURIComponent(VHOST)}`, {});
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.page.selectOption("#vhost-choice", VHOST);
  await visit.go("#/queues");
  assert.equal(await visit.text(".empty"), "There are no queues yet.");
  await visit.close();
});

test("every page with ten thousand queues", async (t) => {
  const queues = Array.from({ length: QUEUES }, (_, i) => ({ name: `many-${String(i).padStart(5, "0")}`,
    vhost: VHOST, durable: false, auto_delete: false, arguments: {} }));
  await server.api("PUT", `permissions/${encodeURIComponent(VHOST)}/guest`, { configure: ".*", write: ".*", read: ".*" });
  await server.api("POST", "definitions", { queues });
  await server.api("PUT", "queues/%2F/web-page-watched", { durable: true });
  const client = await start_client(server, "web-page-watched");
  const last = `many-${String(QUEUES - 1).padStart(5, "0")}`;
  const [connection] = await connections();
  const more = [[`#/queues/${encodeURIComponent(VHOST)}/${last}`, last],
    ["#/queues/%2F/web-page-watched", "web-page-watched"],
    [`#/connections/${encodeURIComponent(connection.name)}`, connection.name],
    [`#/channels/${encodeURIComponent(`${connection.name} (1)`)}`, `${connection.name} (1)`],
    [`#/vhosts/${encodeURIComponent(VHOST)}`, VHOST]];

  await t.test("is shown", () => visit_all("light", more));
  await t.test("in dark, too", () => visit_all("dark", more));
  await t.test("lists are cut, sorted and searched by the server", search_many);
  await t.test("a connection is closed", () => close_connection(client));
  await server.api("DELETE", "queues/%2F/web-page-watched");
});

// Statistics of a connection may come some seconds after it.
async function connections() {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const found = (await server.api("GET", "connections")).filter((c) => c.vhost === "/");
    const channels = await server.api("GET", "channels");
    if (found.length > 0 && channels.length > 1) return found;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the server does not list the connection");
}

async function search_many() {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.page.selectOption("#vhost-choice", VHOST);
  const names = () => visit.page.locator("tbody td.name").allInnerTexts();
  let asked = visit.requests.length;
  await visit.go("#/queues");
  assert.equal((await names()).length, 100);
  assert.equal((await names())[0], "many-00000");
  const range = `1–100 of ${QUEUES.toLocaleString("en")}`;
  assert.equal(await visit.text(".pager [role=status]"), range);

  await visit.page.click("[aria-label='Last page']");
  await visit.page.waitForFunction((last) => [...document.querySelectorAll("td.name")].at(-1)?.innerText === last,
    `many-${String(QUEUES - 1).padStart(5, "0")}`);
  await visit.page.click("thead button:text('Name')");
  await visit.page.waitForFunction((first) => document.querySelector("td.name").innerText === first,
    `many-${String(QUEUES - 1).padStart(5, "0")}`);

  await visit.page.fill("[data-search]", "00042");
  await visit.page.waitForFunction(() => document.querySelectorAll("td.name").length === 1);
  assert.deepEqual(await names(), ["many-00042"]);
  await visit.page.fill("[data-search]", "^many-00[01]00$");
  await visit.page.waitForSelector(".empty:not([hidden])");
  await visit.page.check("text=Regular expression");
  await visit.page.waitForFunction(() => document.querySelectorAll("td.name").length === 2);
  assert.deepEqual(await names(), ["many-00100", "many-00000"]);

  // A pattern that is none is told at the table; the page stays.
  visit.expected.push([400, "api/queues"]);
  await visit.page.fill("[data-search]", "(");
  await visit.page.waitForSelector("[role=alert]:not([hidden])");
  await visit.page.fill("[data-search]", "");
  await visit.page.waitForFunction(() => document.querySelectorAll("td.name").length === 100);

  await visit.page.click("summary:text('Columns')");
  await visit.page.check("label:has-text('Memory')");
  await visit.page.waitForSelector("th:has-text('Memory')");
  const lists = visit.requests.slice(asked).filter((url) => /api\/queues/.test(url));
  assert.ok(lists.length >= 6);
  for (const url of lists) assert.match(url, /[?&]page=\d+&page_size=100&/);
  assert.match(lists.at(-1), /columns=[^&]*memory/);
  await visit.close();
}

async function close_connection(client) {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/connections");
  await visit.page.click("tbody td.name a");
  await visit.shown();
  assert.match(await visit.text("main"), /test of the web page/);
  visit.expected.push([404, "api/connections"]);
  await visit.page.click("text=Close connection");
  await visit.page.click("dialog button[type=submit]");
  await visit.page.waitForFunction(() => location.hash === "#/connections");
  await client.stop();
  await visit.close();
}
