// The page's modules that only reckon: names in addresses, pages of lists, samples, events, numbers.
// They are loaded into the page itself, as Chromium sees them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start_browser, Visit } from "./browser.js";
import { start_server } from "./server.js";

let server, browser, visit;

before(async () => {
  server = await start_server();
  browser = await start_browser();
  visit = await Visit.open(browser, server.url);
});

after(async () => {
  await visit?.close();
  await browser?.close();
  await server?.stop();
});

// What `reckon(module, …rest)` gives, run in the page; as an expression, for the page forbids eval.
const with_module = (name, reckon, ...rest) => visit.page.evaluate(
  `import(new URL("script/${name}.js", document.baseURI))
    .then((module) => (${reckon})(module, ...${JSON.stringify(rest)}))`);

test("addresses: every name comes back as it was", async () => {
  const names = ["/", "a b", "%2F", "+", "#?&=", "<script>", "ü€😀", "..", "a/../b", ""];
  assert.deepEqual(await with_module("names", ({ page_hash, parse_hash }, all) =>
    all.map((name) => parse_hash(page_hash("queues", name, "x"))[0][1]), names), names);
});

test("addresses: a broken escape stays, a slash at the end does not matter, a query is apart", async () => {
  assert.deepEqual(await with_module("names", ({ parse_hash }) => [parse_hash("#/queues/%ZZ/a%"),
    parse_hash("#/queues/"), parse_hash(""), parse_hash("#/queues?x=1")].map(([segments]) => segments)),
  [["queues", "%ZZ", "a%"], ["queues"], [], ["queues"]]);
});

test("API paths: names are encoded, dots are refused", async () => {
  assert.equal(await with_module("names", ({ api_path }) => api_path("/", "a/b %+#")), "%2F/a%2Fb%20%25%2B%23");
  assert.deepEqual(await with_module("names", ({ api_path }) => [".", "..", "..."].map((name) => {
    try {
      return api_path(name);
    } catch {
      return null;
    }
  })), [null, null, "..."]);
});

const ask = (more) => ({ page: 1, page_size: 2, name: "", use_regex: "false", sort: null,
  sort_reverse: "false", ...more });
const rows = [{ name: "q10", n: 1 }, { name: "q9", n: 30 }, { name: "Q1", n: 4 }];

test("lists at hand: pages, and a page beyond the end is the last", async () => {
  const cut = (page) => with_module("list", ({ page_of }, all, asked) => {
    const found = page_of(all, asked);
    return [found.items.map((row) => row.name), found.page, found.page_count, found.filtered_count];
  }, rows, ask({ page }));
  assert.deepEqual(await cut(1), [["q10", "q9"], 1, 2, 3]);
  assert.deepEqual(await cut(2), [["Q1"], 2, 2, 3]);
  assert.deepEqual(await cut(9), [["Q1"], 2, 2, 3]);
});

test("lists at hand: names sort by their numbers, numbers by size, nothing first", async () => {
  const sorted = (sort, sort_reverse, all = rows) => with_module("list", ({ page_of }, given, asked) =>
    page_of(given, asked).items.map((row) => row.name), all, ask({ sort, sort_reverse, page_size: 10 }));
  assert.deepEqual(await sorted("name", "false"), ["Q1", "q9", "q10"]);
  assert.deepEqual(await sorted("n", "true"), ["q9", "Q1", "q10"]);
  assert.deepEqual(await sorted("n", "false", [...rows, { name: "none" }]), ["none", "q10", "Q1", "q9"]);
});

test("lists at hand: a filter is part of the name, or a pattern", async () => {
  const found = (name, use_regex) => with_module("list", ({ page_of }, all, asked) =>
    page_of(all, asked).items.map((row) => row.name), rows, ask({ name, use_regex, page_size: 10 }));
  assert.deepEqual(await found("q1", "false"), ["q10", "Q1"]);
  assert.deepEqual(await found("^q.$", "true"), ["q9", "Q1"]);
  assert.deepEqual(await found("^q.$", "false"), []);
});

test("samples of the server become points, oldest first; of counters their slope", async () => {
  const sample = (...values) => ({ rate: 7, samples: values.map((value, i) =>
    ({ sample: value, timestamp: 10_000 - i * 5_000 })) });
  const answer = { depth: 3, depth_details: sample(3, 2, 1), out: 50, out_details: sample(50, 30, 40) };
  const points = (fields, rates) => with_module("samples", ({ Samples }, given, of, options) =>
    new Samples(of, options).points(given, 60), answer, fields, { rates });
  assert.deepEqual(await points(["depth"], false), [{ time: 0, values: [1] }, { time: 5_000, values: [2] },
    { time: 10_000, values: [3] }]);
  // A counter that fell was counted anew: no negative rate.
  assert.deepEqual(await points(["out"], true), [{ time: 5_000, values: [0] }, { time: 10_000, values: [4] }]);
});

test("without samples the page's own looks are kept, as long as the chart spans", async () => {
  assert.deepEqual(await with_module("samples", ({ Samples }) => {
    const seen = new Samples(["a", "b"]);
    seen.points({ a: 1 }, 60, 1_000);
    seen.points({ a: 2, b: 5 }, 60, 50_000);
    return seen.points({ a: 3, b: 6 }, 60, 100_000);
  }), [{ time: 50_000, values: [2, 5] }, { time: 100_000, values: [3, 6] }]);
});

test("server-sent events: however they are cut", async () => {
  const stream = ": hello\ndata: one\n\ndata:two\r\ndata: lines\r\n\r\nevent: x\n\ndata: ü€\n\ndata: unfinished";
  for (const size of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(await with_module("event_stream", async ({ read_events }, text, step) => {
      const bytes = new TextEncoder().encode(text);
      const body = new ReadableStream({ start(controller) {
        for (let at = 0; at < bytes.length; at += step) controller.enqueue(bytes.slice(at, at + step));
        controller.close();
      } });
      const found = [];
      await read_events({ body }, (event) => found.push(event));
      return found;
    }, stream, size), ["one", "two\nlines", "ü€"], `cut into ${size}`);
  }
});

test("numbers, sizes and spans as text", async () => {
  assert.deepEqual(await with_module("format", ({ number, short_number, rate, bytes, percent, duration }) => [
    number(1234567), number(undefined), short_number(12_345), short_number(999), short_number(2.5e6), rate(0),
    rate(0.25), rate(1234.5), bytes(0), bytes(1536), bytes(3 * 2 ** 40), bytes(undefined), percent(0.125),
    duration(0), duration(59_999), duration(3 * 86_400_000 + 4 * 3_600_000)]),
  ["1,234,567", "–", "12.3k", "999", "2.5M", "0/s", "0.3/s", "1,235/s", "0 B", "1.5 KiB", "3 TiB", "–", "12.5 %",
    "0s", "59s", "3d 4h"]);
});
