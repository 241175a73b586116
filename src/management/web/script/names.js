// Names in URLs: of our own pages (after the #, as RabbitMQ has them) and of the API.

const is_dots = (name) => name === "." || name === "..";

// Browsers fold "." and ".." away, even when they are percent-encoded: another path would be asked.
export function api_path(...segments) {
  for (const segment of segments) {
    if (is_dots(segment)) {
      throw new Error(`A browser cannot ask for something named “${segment}”: use harrierctl.`);
    }
  }
  return segments.map((segment) => encodeURIComponent(segment)).join("/");
}

export const page_hash = (...segments) =>
  "#/" + segments.map((segment) => encodeURIComponent(segment)).join("/");

// The default exchange has no name of its own in a path.
export const exchange_segment = (name) => (name === "" ? "amq.default" : name);
export const exchange_label = (name) => (name === "" ? "(AMQP default)" : name);

// [["queues", "/", "a"], URLSearchParams] of "#/queues/%2F/a?x=y". A broken escape stays as it is.
export function parse_hash(hash) {
  const [path, query] = hash.replace(/^#?\/?/, "").split("?", 2);
  const segments = path.split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
  while (segments.length > 0 && segments.at(-1) === "") segments.pop();
  return [segments, new URLSearchParams(query ?? "")];
}
