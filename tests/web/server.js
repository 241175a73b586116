// The server that is tested: $HARRIERMQ_BINARY on free ports of the loopback address, with an empty
// data directory; or the one at HARRIER_WEB_URL, whose AMQP port is HARRIER_WEB_AMQP_PORT.
import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";

const START_MS = 1000 * Number(process.env.HARRIER_TEST_START_DEADLINE ?? 60);

function free_port() {
  return new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

const configuration = (amqp, management) => `
listeners:
  amqp: {bind: 127.0.0.1, port: ${amqp}}
management: {bind: 127.0.0.1, port: ${management}}
metrics: {enabled: false}
loops: ${process.env.HARRIER_TEST_LOOPS ?? 1}
journal: {segment_size: 4MiB, segments: 8, pending_max: 1MiB}
disk: {free_limit: 1MiB, reserve: 0}
`;

class Server {
  constructor(url, amqp_port) {
    this.url = url;
    this.amqp_port = amqp_port;
  }

  // Asks the API as guest; throws unless the status is below 400 or one of `allowed`.
  async api(method, path, body, allowed = []) {
    const answer = await fetch(`${this.url}api/${path}`, { method, headers: {
      authorization: `Basic ${btoa("guest:guest")}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok && !allowed.includes(answer.status)) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return text === "" ? null : JSON.parse(text);
  }

  async stop() {}
}

class Broker extends Server {
  async start() {
    this.folder = await mkdtemp(join(tmpdir(), "harriermq-web-"));
    await writeFile(join(this.folder, "harriermq.yaml"), configuration(this.amqp_port, new URL(this.url).port));
    this.log = await open(join(this.folder, "log"), "a");
    this.process = spawn(process.env.HARRIERMQ_BINARY, ["--config", join(this.folder, "harriermq.yaml"),
      "--data-dir", join(this.folder, "data")], { stdio: ["ignore", this.log.fd, this.log.fd] });
    this.ended = new Promise((ended) => this.process.once("exit", ended));
    const deadline = Date.now() + START_MS;
    while (!await this.api("GET", "overview").catch(() => null)) {
      if (this.process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the broker did not start:\n${await readFile(join(this.folder, "log"), "utf8")}`);
      }
      await delay(50);
    }
    return this;
  }

  async stop() {
    this.process.kill("SIGTERM");
    const status = await this.ended;
    const log = await readFile(join(this.folder, "log"), "utf8");
    await this.log.close();
    await rm(this.folder, { recursive: true });
    if (status !== 0 || /ERROR: \w+Sanitizer|runtime error:/.test(log)) {
      throw new Error(`the broker exited with ${status}:\n${log.slice(-4000)}`);
    }
  }
}

export async function start_server() {
  if (process.env.HARRIER_WEB_URL) {
    return new Server(process.env.HARRIER_WEB_URL, Number(process.env.HARRIER_WEB_AMQP_PORT));
  }
  if (!process.env.HARRIERMQ_BINARY) throw new Error("set HARRIERMQ_BINARY or HARRIER_WEB_URL");
  const [amqp, management] = [await free_port(), await free_port()];
  return new Broker(`http://127.0.0.1:${management}/`, amqp).start();
}

// A client with one connection, a channel with a consumer of `queue`, and one that confirms; stop()
// ends it. Debian's pika, which the tests need anyhow.
export async function start_client(server, queue) {
  const script = fileURLToPath(new URL("client.py", import.meta.url));
  const client = spawn("/usr/bin/python3", ["-B", script, String(server.amqp_port), queue],
    { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((done) => client.once("exit", done));
  await new Promise((ready, failed) => {
    client.stdout.once("data", ready);
    ended.then(() => failed(new Error("the AMQP client ended")));
  });
  return { stop() {
    client.stdin.end();
    return ended;
  } };
}
