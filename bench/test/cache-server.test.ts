// The cache server of the examples, as npm's client of redis finds it, and beside redis-server: the same bytes are answered
// with the same bytes. Without a redis-server the second part is left out.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Random, runSeed } from "offheap-tools";
import { createClient } from "redis";

const seed = runSeed();
const here = new URL("../../examples/cache-server/", import.meta.url).href;
const { freePort } = (await import(`${here}free-port.mjs`)) as { freePort(): Promise<number> };
const { reason } = (await import(`${here}sockets.mjs`)) as { reason: string | undefined };
const program = fileURLToPath(new URL("../../examples/cache-server.mjs", import.meta.url));
const skip = reason ?? false;
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Resolves when its output has the words. */
async function started(child: ChildProcess, words: RegExp): Promise<string> {
  let output = "";
  child.stdout?.setEncoding("utf8");
  for await (const piece of child.stdout as AsyncIterable<string>) {
    output += piece;
    if (words.test(output)) return output;
  }
  throw new Error(`ended before it was ready: ${output}`);
}

/** With a Map it has one thread, as each has a Map of its own. */
async function startOurs(store: "cache" | "map" = "cache"): Promise<Started> {
  const workers = store === "cache" ? "2" : "1";
  const args = [program, "--listen", "0", "--workers", workers, "--limit", "100000", "--store", store];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = await started(child, /listen at \d+/);
  return { child, port: Number(/listen at (\d+)/.exec(output)?.[1]) };
}

async function startRedis(folder: string): Promise<Started> {
  const port = await freePort();
  const options = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "no" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  await started(child, /[Rr]eady to accept connections/);
  child.stdout?.resume();
  return { child, port };
}

async function end({ child }: Started): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** All bytes that come until the server closes the connection. */
async function answersTo(port: number, pieces: readonly Buffer[]): Promise<Buffer> {
  const socket: Socket = connect(port, "127.0.0.1").setNoDelay(true);
  const received: Buffer[] = [];
  socket.on("data", (chunk) => received.push(chunk));
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  await once(socket, "close");
  return Buffer.concat(received);
}

const request = (...words: readonly (string | number)[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`).join("")}`;

type Words = readonly (string | number)[];

/** Commands whose answers do not hang on the time that passes; wrong ones among them. */
function someCommand(random: Random): Words {
  const key = (): string => `key:${random.below(12)}`;
  const value = (): string | number =>
    [random.below(1000), "text", "", "007", "-0", "-5", "λ\r\n"][random.below(7)];
  const [a, b, c] = [key(), key(), key()];
  const choices: readonly (() => Words)[] = [
    () => ["SET", a, value()],
    () => ["set", a, value(), ["NX", "xx", "EX", "GT", "nx"][random.below(5)]],
    () => [
      "SET",
      a,
      value(),
      "EX",
      [100, 0, -1, "x", 1.5][random.below(5)],
      ["NX", "XX", "PX"][random.below(3)],
    ],
    () => ["SET", a, value(), "PX", 100_000],
    () => ["GET", a],
    () => ["GET"],
    () => ["DEL", a, b, a],
    () => ["EXISTS", a, a, c],
    () => ["INCR", a],
    () => ["EXPIRE", a, [500, 0, -3, "no"][random.below(4)]],
    () => ["TTL", a],
    () => ["MGET", a, b, c],
    () => ["MSET", a, value(), b, value()],
    () => ["MSET", a, value(), b],
    () => ["DBSIZE"],
    () => ["PING"],
    () => ["PING", value()],
    () => ["ECHO", value()],
  ];
  return choices[random.below(choices.length)]();
}

describe("npm's client of redis, and the cache server", { skip }, () => {
  let server: Started;
  before(async () => {
    server = await startOurs();
  });
  after(() => end(server));

  it("sets, gets, counts, expires", async () => {
    const client = await createClient({
      RESP: 2,
      socket: { host: "127.0.0.1", port: server.port },
    }).connect();
    assert.equal(await client.ping(), "PONG");
    assert.equal(await client.set("a", "λ 1", { expiration: { type: "EX", value: 100 } }), "OK");
    assert.equal(await client.get("a"), "λ 1");
    assert.equal(await client.ttl("a"), 100);
    assert.equal(await client.set("a", "2", { condition: "NX" }), null);
    assert.equal(await client.incr("n"), 1);
    assert.equal(await client.incr("n"), 2);
    await assert.rejects(client.incr("a"), /ERR value is not an integer/);
    assert.equal(await client.mSet({ x: "1", y: "2" }), "OK");
    assert.deepEqual(await client.mGet(["x", "none", "y"]), ["1", null, "2"]);
    assert.equal(await client.exists(["x", "y", "none"]), 2);
    assert.equal(await client.expire("x", 0), 1);
    assert.equal(await client.del(["x", "y"]), 1);
    assert.match(await client.info(), /process_id:\d+/);
    const many = await Promise.all(Array.from({ length: 5000 }, (_, i) => client.set(`k${i}`, `${i}`)));
    assert.ok(many.every((reply) => reply === "OK"));
    const got = await Promise.all(Array.from({ length: 5000 }, (_, i) => client.get(`k${i}`)));
    assert.deepEqual(
      got,
      Array.from({ length: 5000 }, (_, i) => `${i}`),
    );
    await client.close();
  });

  it("does not read on from a client that reads no replies", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const value = "x".repeat(99_000);
    const count = 3000; // 300 MB of replies
    socket.write(request("SET", "large", value) + request("GET", "large").repeat(count));
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const client = await createClient({
      RESP: 2,
      socket: { host: "127.0.0.1", port: server.port },
    }).connect();
    const rss = Number(/used_memory_rss:(\d+)/.exec(await client.info())?.[1]);
    assert.ok(rss < 250e6, `resident: ${rss}`);
    await client.close();
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes === 5 + count * (99_000 + 10)) socket.end();
    });
    socket.resume();
    await once(socket, "close");
    assert.equal(bytes, 5 + count * (99_000 + 10));
  });
});

const noRedis = hasRedis ? false : "no redis-server on this machine";

describe(`the cache server beside redis-server, seed ${seed}`, { skip: skip || noRedis }, () => {
  const folder = mkdtempSync(join(tmpdir(), "offheap-redis-"));
  let [ours, withMaps, theirs]: Started[] = [];
  before(async () => {
    [ours, withMaps, theirs] = await Promise.all([startOurs(), startOurs("map"), startRedis(folder)]);
  });
  after(async () => {
    await Promise.all([ours, withMaps, theirs].map(end));
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers the same bytes to the same commands, in pieces of any length", async () => {
    const random = new Random(seed);
    for (let round = 0; round < 20; round++) {
      const commands = [["FLUSHALL"], ...Array.from({ length: 300 }, () => someCommand(random)), ["QUIT"]];
      const bytes = Buffer.from(commands.map((words) => request(...words)).join(""));
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = 1 + random.below(random.below(4) === 0 ? 5 : 3000);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      const [left, middle, right] = await Promise.all(
        [ours, withMaps, theirs].map(({ port }) => answersTo(port, pieces)),
      );
      assert.equal(left.toString(), right.toString(), "SharedCache");
      assert.equal(middle.toString(), right.toString(), "Map");
    }
  });

  it("is driven by redis-benchmark", {
    skip: spawnSync("redis-benchmark", ["--version"]).status !== 0,
  }, () => {
    const args = [
      "-p",
      `${ours.port}`,
      "-n",
      "2000",
      "-c",
      "20",
      "-P",
      "8",
      "-t",
      "ping,set,get,incr,mset",
      "--csv",
    ];
    const output = execFileSync("redis-benchmark", args, { encoding: "utf8" });
    assert.match(output, /"SET"/);
    assert.match(output, /"MSET \(10 keys\)"/);
  });
});
