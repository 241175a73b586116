// node proxy.js PORT TARGET [PREFIX]: the page's files from the source tree, and the API of the
// server at TARGET, as one origin. For working on the page, and for tests of a proxy with a PREFIX.
import { createServer, request } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; " +
  "form-action 'self'; object-src 'none'";
const FOLDER = fileURLToPath(new URL("../../src/management/web/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml" };

function forward(target, path, incoming, outgoing) {
  const onward = request(new URL(path, target), { method: incoming.method,
    headers: { ...incoming.headers, host: new URL(target).host } }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.writeHead(502).end());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

async function serve_file(path, outgoing) {
  const name = normalize(path === "" ? "index.html" : decodeURIComponent(path));
  const type = TYPES[extname(name)];
  if (name.startsWith("..") || !type) return outgoing.writeHead(404).end();
  try {
    const content = await readFile(join(FOLDER, name));
    outgoing.writeHead(200, { "content-type": type, "content-security-policy": POLICY,
      "cache-control": "no-cache" }).end(content);
  } catch {
    outgoing.writeHead(404).end();
  }
}

// own: serve the files from the source tree; else everything comes from the target.
export function start_proxy({ port, target, prefix = "/", own = true }) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(prefix)) return outgoing.writeHead(404).end();
    const path = incoming.url.slice(prefix.length);
    if (!own || path.startsWith("api/")) return forward(target, `/${path}`, incoming, outgoing);
    return serve_file(path.split("?")[0], outgoing);
  });
  return new Promise((ready) => server.listen(port, "127.0.0.1", () => ready(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, target, prefix] = process.argv.slice(2);
  await start_proxy({ port: Number(port), target, prefix });
}
