// A queue's life from the page: declare, bind, publish, get, purge, delete, under names that would
// break a page or a path that is careless with them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_browser, Visit } from "./browser.js";
import { start_server } from "./server.js";

let server, browser;

before(async () => {
  server = await start_server();
  browser = await start_browser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const HOSTILE = "a/b % + # ? & <script>alert(1)</script> \"' ü €";
const encoded = encodeURIComponent;

const figure = (visit, label) =>
  visit.page.locator(".figure", { has: visit.page.locator(".label", { hasText: label }) }).locator(".value").innerText();

// The figure says so at the next look, which pressing "r" asks for; counts may lag a few seconds.
async function wait_for_figure(visit, label, wanted) {
  for (const deadline = Date.now() + 20_000; ;) {
    await visit.page.locator("h1").click();
    await visit.page.keyboard.press("r");
    await visit.page.waitForTimeout(200);
    const seen = await figure(visit, label);
    if (seen === wanted) return;
    assert.ok(Date.now() < deadline, `${label} is ${seen}, not ${wanted}`);
  }
}

async function declare_and_bind(visit, vhost, queue, exchange, key) {
  const { page } = visit;
  await visit.go("#/exchanges");
  await visit.fill_form("Add an exchange", { vhost, name: exchange, type: "topic" });
  await page.waitForFunction((hash) => location.hash === hash, `#/exchanges/${encoded(vhost)}/${encoded(exchange)}`);
  await visit.go("#/queues");
  await visit.fill_form("Add a queue", { vhost, name: queue });
  await page.waitForFunction((hash) => location.hash === hash, `#/queues/${encoded(vhost)}/${encoded(queue)}`);
  await visit.shown();
  assert.equal(await visit.text("h1"), queue);
  await visit.fill_form("Bind to an exchange", { source: exchange, routing_key: key });
  await page.waitForSelector(".note.good:text('Bound.')");
  await page.waitForFunction(([from, by]) => [...document.querySelectorAll("[aria-label='Bindings'] tr")]
    .some((row) => row.cells[0].innerText === from && row.cells[1].innerText === by), [exchange, key]);
}

async function publish(visit, vhost, exchange, key, payload) {
  await visit.go(`#/exchanges/${encoded(vhost)}/${encoded(exchange)}`);
  await visit.fill_form("Publish a message", { routing_key: key, payload });
  await visit.page.waitForSelector(".note.good:text('a queue has it')");
}

async function get_message(visit, { ackmode, payload, key }) {
  await visit.fill_form("Get messages", { ackmode, count: "1" });
  const message = visit.page.locator("article.message");
  await message.waitFor();
  assert.equal(await message.locator("pre").last().innerText(), payload);
  const [, shown_key] = await message.locator("header .name").allInnerTexts();
  assert.equal(shown_key, key);
}

async function whole_life(vhost, queue, exchange, key, payload) {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await declare_and_bind(visit, vhost, queue, exchange, key);
  await publish(visit, vhost, exchange, key, payload);
  await publish(visit, vhost, exchange, key, payload);

  visit.expected.push([404, "api/queues"], [404, "api/exchanges"]);
  await visit.go(`#/queues/${encoded(vhost)}/${encoded(queue)}`);
  await wait_for_figure(visit, "Ready", "2");
  await get_message(visit, { ackmode: "ack_requeue_true", payload, key });
  await get_message(visit, { ackmode: "ack_requeue_false", payload, key });
  await wait_for_figure(visit, "Ready", "1");

  // The name in the list leads to the queue.
  await visit.go("#/queues");
  await visit.page.fill("[data-search]", queue);
  await visit.page.locator("td.name a", { hasText: queue }).click();
  await visit.shown();
  assert.equal(await visit.text("h1"), queue);

  await visit.confirm_by_typing("Purge", queue);
  await visit.page.waitForSelector(".notice:has-text('Purged.')");
  await wait_for_figure(visit, "Total", "0");
  await visit.page.locator("[aria-label='Bindings'] button", { hasText: "Unbind" }).click();
  await visit.page.locator("dialog button[type=submit]").click();
  await visit.page.waitForSelector(".notice:has-text('Unbound.')");

  await visit.confirm_by_typing("Delete", queue);
  await visit.page.waitForFunction(() => location.hash === "#/queues");
  await visit.go(`#/exchanges/${encoded(vhost)}/${encoded(exchange)}`);
  await visit.confirm_by_typing("Delete", exchange);
  await visit.page.waitForFunction(() => location.hash === "#/exchanges");
  await server.api("GET", `queues/${encoded(vhost)}/${encoded(queue)}`).then(
    () => assert.fail("the queue is still there"), (failure) => assert.match(failure.message, /404/));
  await visit.close();
}

test("declare, bind, publish, get, purge, delete", () =>
  whole_life("/", "web-life", "web-life-events", "order.new", "{\"id\": 1}"));

test("the same with hostile names of queue, exchange, key and payload", () =>
  whole_life("/", HOSTILE, `x ${HOSTILE}`, HOSTILE, "<img src=x onerror=alert(1)>\n\u0000\u202e"));

test("the same in a virtual host with a hostile name", async () => {
  const vhost = `v ${HOSTILE}`;
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/vhosts");
  await visit.fill_form("Add a virtual host", { name: vhost, description: "<b>bold</b>" });
  await visit.page.waitForSelector(".note.good");
  await visit.close();
  await server.api("PUT", `permissions/${encoded(vhost)}/guest`, { configure: ".*", write: ".*", read: ".*" });
  await whole_life(vhost, HOSTILE, `x ${HOSTILE}`, "key", "text");

  const again = await Visit.open(browser, server.url);
  await again.log_in();
  again.expected.push([404, "api/"]);
  await again.go(`#/vhosts/${encoded(vhost)}`);
  assert.match(await again.text("main"), /<b>bold<\/b>/);
  await again.confirm_by_typing("Delete", vhost);
  await again.page.waitForFunction(() => location.hash === "#/vhosts");
  await again.close();
});

test("delete waits for the whole name", async () => {
  await server.api("PUT", "queues/%2F/web-kept", { durable: true });
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/queues/%2F/web-kept");
  await visit.page.locator(".page-head button", { hasText: "Delete" }).click();
  const sure = visit.page.locator("dialog button[type=submit]");
  assert.equal(await sure.isDisabled(), true);
  await visit.page.fill("#confirm-name", "web-kep");
  await visit.page.keyboard.press("Enter");
  assert.equal(await sure.isDisabled(), true);
  await visit.page.keyboard.press("Escape");
  await visit.page.waitForSelector("dialog", { state: "detached" });
  await server.api("DELETE", "queues/%2F/web-kept");
  visit.expected.push([404, "api/queues"]);
  await visit.close();
});

test("the server's reason is shown where the form is", async () => {
  await server.api("PUT", "queues/%2F/web-taken", { durable: true });
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  visit.expected.push([400, "api/queues"]);
  await visit.go("#/queues");
  const fold = await visit.fill_form("Add a queue", { vhost: "/", name: "web-taken", durable: "false" });
  const reason = fold.locator("[role=alert]");
  await reason.waitFor();
  assert.match(await reason.innerText(), /inequivalent arg 'durable'/);
  await server.api("DELETE", "queues/%2F/web-taken");
  await visit.close();
});

test("an unroutable message is told", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/exchanges/%2F/amq.direct");
  const fold = await visit.fill_form("Publish a message", { routing_key: "nobody", payload: "x" });
  await fold.locator("[role=alert]:text('not routed')").waitFor();
  await visit.close();
});

test("an argument of the wrong type is refused before it is sent", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/queues");
  const fold = await visit.fill_form("Add a queue", { name: "web-args" }, false);
  await fold.locator("[aria-label='Arguments: key']").first().fill("x-max-length");
  assert.equal(await fold.locator("[aria-label='Arguments: type']").first().inputValue(), "number");
  await fold.locator("[aria-label='Arguments: value']").first().fill("many");
  await fold.locator("button[type=submit]").click();
  await fold.locator("[role=alert]:text('no number')").waitFor();
  assert.equal(visit.requests.some((url) => url.includes("web-args")), false);
  await visit.close();
});
