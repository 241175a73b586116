// What HarrierMQ's own endpoints do from the page: pause, browse, move, redrive, log, audit, reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_browser, Visit } from "./browser.js";
import { start_server } from "./server.js";

let server, browser;

before(async () => {
  server = await start_server();
  browser = await start_browser();
  await server.api("PUT", "queues/%2F/web-dead", { durable: true });
  await server.api("PUT", "queues/%2F/web-work", { durable: true, arguments: {
    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "web-dead" } });
});

after(async () => {
  await browser?.close();
  for (const name of ["web-work", "web-dead"]) await server?.api("DELETE", `queues/%2F/${name}`, undefined, [404]);
  await server?.stop();
});

const publish = (queue, payload) => server.api("POST", "exchanges/%2F/amq.default/publish",
  { routing_key: queue, payload, payload_encoding: "string", properties: {} });
const take = (queue, ackmode = "ack_requeue_false") => server.api("POST", `queues/%2F/${queue}/get`,
  { count: 100, ackmode, encoding: "auto" });
const payloads = async (queue) => (await take(queue)).map((message) => message.payload);

async function at_queue(name) {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go(`#/queues/%2F/${name}`);
  return visit;
}

test("pause holds a queue, resume lets it go", async () => {
  const visit = await at_queue("web-work");
  const button = (name) => visit.page.locator(".page-head button", { hasText: name });
  await button("Pause").click();
  await button("Resume").waitFor();
  assert.equal(await visit.text(".page-head .state"), "paused");
  await button("Resume").click();
  await button("Pause").waitFor();
  assert.notEqual(await visit.text(".page-head .state"), "paused");
  await visit.close();
});

test("browse reads along, and deletes a single message", async () => {
  for (const payload of ["one", "two <b>", "three"]) await publish("web-work", payload);
  const visit = await at_queue("web-work");
  await visit.page.click("summary:text('Browse messages')");
  await visit.page.click("button:text-is('Browse')");
  const cards = visit.page.locator("article.message");
  await cards.nth(2).waitFor();
  assert.deepEqual(await cards.locator("pre:last-child").allInnerTexts(), ["one", "two <b>", "three"]);
  await cards.nth(1).locator("button", { hasText: "Delete" }).click();
  await visit.page.locator("dialog button[type=submit]").click();
  await visit.page.waitForFunction(() => document.querySelectorAll("article.message").length === 2);
  const left = await take("web-work");
  assert.deepEqual(left.map(({ payload, redelivered }) => [payload, redelivered]), [["one", false], ["three", false]]);
  await visit.close();
});

test("messages move to another queue", async () => {
  for (const payload of ["a", "b", "c"]) await publish("web-work", payload);
  const visit = await at_queue("web-work");
  const fold = await visit.fill_form("Move messages", { destination: "web-dead", count: "2" });
  await fold.locator(".note.good:text('2 messages moved.')").waitFor();
  assert.deepEqual(await payloads("web-dead"), ["a", "b"]);
  assert.deepEqual(await payloads("web-work"), ["c"]);
  visit.expected.push([404, "/move"], [400, "/move"]);
  await visit.fill_form("Move messages", { destination: "web-nowhere" });
  await fold.locator("[role=alert]").waitFor();
  await visit.close();
});

test("dead letters go back, after a look at where they would go", async () => {
  for (const payload of ["a", "b"]) await publish("web-work", payload);
  await take("web-work", "reject_requeue_false");
  const visit = await at_queue("web-dead");
  const fold = await visit.fill_form("Redrive dead letters", {});
  await fold.locator(".note.good:text('2 messages would go back.')").waitFor();
  assert.match(await fold.locator("table").innerText(), /web-work\s+2/);
  await fold.locator("label", { hasText: "Only tell" }).click();
  await fold.locator("button[type=submit]").click();
  await fold.locator(".note.good:text('2 messages went back.')").waitFor();
  assert.deepEqual(await payloads("web-work"), ["a", "b"]);
  assert.deepEqual(await payloads("web-dead"), []);
  await visit.close();
});

test("the log is followed, the audit log shown, the configuration read again", async () => {
  const visit = await Visit.open(browser, server.url);
  await visit.log_in();
  await visit.go("#/log");
  await visit.page.waitForSelector(".badge:text('live')");
  await visit.page.waitForSelector(".log :text('Server startup complete')");
  await visit.page.fill("[data-search]", "no line has this");
  assert.equal(await visit.page.locator(".log div:visible").count(), 0);

  await server.api("PUT", "queues/%2F/web-audited", { durable: true });
  await server.api("DELETE", "queues/%2F/web-audited");
  await visit.go("#/audit");
  await visit.page.waitForSelector("tr:has-text('queue.delete'):has-text('web-audited')");

  await visit.go("#/definitions");
  await visit.page.click("text=Read the configuration again");
  await visit.page.waitForSelector("h3:text('Waits for a restart')");
  await visit.close();
});
