// The server of examples/cache-server.mjs tries itself out: commands, wrong ones, clients that leave in the midst of a request, and a
// thread that is terminated under load. At the end nothing of the connections is left, and both heaps are whole.

import { setTimeout as rest } from "node:timers/promises";
import { Client, request } from "./client.mjs";
import { startServer } from "./threads.mjs";

const checks = { good: 0, bad: 0 };
function expect(what, got, wanted) {
  const same = JSON.stringify(got) === JSON.stringify(wanted);
  checks[same ? "good" : "bad"]++;
  if (!same) console.log(`WRONG ${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}

const messageOf = (value) => (value instanceof Error ? value.message : value);

const threadOf = async (client) => Number(/thread_id:(\d+)/.exec(await client.call("INFO"))[1]);

async function tryCommands(port) {
  const client = await Client.open(port);
  const call = async (line) => messageOf(await client.call(...line.split(" ")));
  const dialogue = [
    ["ping", "PONG"],
    ["SET a 1", "OK"],
    ["GET a", "1"],
    ["SET a 2 NX", null],
    ["SET b 2 XX", null],
    ["SET a 2 XX PX 60000", "OK"],
    ["TTL a", 60],
    ["INCR a", 3],
    ["TTL a", 60],
    ["EXPIRE a 100", 1],
    ["TTL a", 100],
    ["SET a text", "OK"],
    ["TTL a", -1],
    ["INCR a", "ERR value is not an integer or out of range"],
    ["MSET x 1 y 2 z 3", "OK"],
    ["MGET x none z", ["1", null, "3"]],
    ["EXISTS x y none", 2],
    ["DEL x y none", 2],
    ["TTL none", -2],
    ["EXPIRE none 1", 0],
    ["SET a 1 EX 0", "ERR invalid expire time in 'set' command"],
    ["SET a 1 EX", "ERR syntax error"],
    ["SET a 1 NX XX", "ERR syntax error"],
    ["GET", "ERR wrong number of arguments for 'get' command"],
    ["LPUSH a 1", "ERR unknown command 'LPUSH'"],
    ["SET short 1 PX 20", "OK"],
  ];
  for (const [line, wanted] of dialogue) expect(line, await call(line), wanted);
  await rest(40);
  expect("GET short", await call("GET short"), null);
  expect("an inline command", await client.send("SET inline  yes\r\nGET inline\r\n", 2), ["OK", "yes"]);
  const many = Array.from(
    { length: 2000 },
    (_, i) => request("SET", `k${i}`, `v${i}`) + request("GET", `k${i}`),
  );
  const replies = await client.send(many.join(""), 4000);
  expect(
    "4,000 pipelined",
    replies,
    Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? "OK" : `v${i >> 1}`)),
  );
  const text = "λ".repeat(20_000);
  const bytes = Buffer.from(request("SET", "long", text) + request("GET", "long"));
  const halves = client.send("", 2);
  for (let at = 0; at < bytes.length; at += 997) {
    client.send(bytes.subarray(at, at + 997), 0);
    if (at % 7 === 0) await rest(1);
  }
  expect("in pieces", await halves, ["OK", text]);
  await client.end();
}

async function tryWrong(port, limit) {
  const wrongs = [
    ["*1\r\n+PING\r\n", "ERR Protocol error: expected '$', got '+'"],
    ["*x\r\n", "ERR Protocol error: invalid multibulk length"],
    [`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${limit + 1}\r\n`, "ERR Protocol error: invalid bulk length"],
    [`${"x".repeat(70_000)}`, "ERR Protocol error: too big inline request"],
  ];
  for (const [bytes, wanted] of wrongs) {
    const client = await Client.open(port);
    const [good, error] = await client.send(`PING\r\n${bytes}`, 2);
    expect("before the wrong one", good, "PONG");
    expect(bytes.slice(0, 30), messageOf(error), wanted);
    await client.ended();
  }
  // Who leaves in the midst of a request, by the thousand.
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => Client.open(port)));
    for (const client of clients) client.send(`PING\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${limit}\r\nhalf`, 0);
    await Promise.all(clients.slice(0, 10).map((client) => client.send("", 1)));
    for (const client of clients) client.break();
  }
}

/** One client's work, of keys that no other client has, and of one that all have. Rejects when it is cut off. */
async function useUntil(client, number, isOver) {
  let counted = 0;
  for (let i = 0; !isOver(); i++) {
    const replies = await client.send(
      request("SET", `c${number}`, i) + request("GET", `c${number}`) + request("INCR", "all"),
      3,
    );
    expect("under load", replies.slice(0, 2), ["OK", `${i}`]);
    counted++;
  }
  return counted;
}

/** Two clients of different threads see each other's changes; what both add up is the sum. */
async function tryShared(port) {
  const clients = await Promise.all(Array.from({ length: 8 }, () => Client.open(port)));
  const threads = await Promise.all(clients.map(threadOf));
  expect("threads", new Set(threads).size, 2);
  await clients[0].call("SET", "seen", "by all");
  expect(
    "what another thread was told",
    await Promise.all(clients.map((client) => client.call("GET", "seen"))),
    clients.map(() => "by all"),
  );
  await clients[0].call("DEL", "sum");
  const adds = request("INCR", "sum").repeat(1000);
  await Promise.all(clients.map((client) => client.send(adds, 1000)));
  expect("a sum of eight clients", await clients[7].call("GET", "sum"), "8000");
  const firsts = await Promise.all(clients.map((client, i) => client.call("SET", "first", i, "NX")));
  expect("one of those who set it if it is not there", firsts.filter((reply) => reply === "OK").length, 1);
  for (const client of clients) await client.end();
}

async function tryKill(server) {
  const clients = await Promise.all(Array.from({ length: 12 }, () => Client.open(server.port)));
  const threads = await Promise.all(clients.map(threadOf));
  let over = false;
  const load = Promise.allSettled(clients.map((client, number) => useUntil(client, number, () => over)));
  await rest(50);
  await server.terminate(threads[0]);
  while (server.replaced === 0 || server.running.length < 2) await rest(5);
  await rest(100);
  over = true;
  const results = await load;
  const noticed = results.filter(
    ({ status }, i) => status === "rejected" && threads[i] !== threads[0],
  ).length;
  const cut = results.filter(({ status }) => status === "rejected").length;
  expect("its own clients were cut off", cut, threads.filter((thread) => thread === threads[0]).length);
  const counted = results.reduce((sum, { value = 0 }) => sum + value, 0);
  for (const client of clients) await client.end();
  const again = await Client.open(server.port);
  expect("what others had counted is there", Number(await again.call("GET", "all")) >= counted, true);
  await again.end();
  console.log(`a worker terminated under load, and replaced; of the others' clients ${noticed} noticed`);
}

/** Live objects, but for the books of records: 8 KiB for each chunk that a record was ever in. They stay. */
export function objectsOf(heap) {
  const { liveObjects, sizeClasses } = heap.stats();
  return liveObjects - (sizeClasses.find(({ objectSize }) => objectSize === 8192)?.allocated ?? 0);
}

/** What the threads have of connections, when all clients have gone: none, as soon as their sockets are closed. */
export async function nothingLeft({ heap, records }, before) {
  for (let tries = 0; tries < 100 && (records.size > 0 || objectsOf(heap) !== before); tries++) {
    heap.cleanup();
    await rest(50);
  }
  return { connections: records.size, objects: objectsOf(heap) - before };
}

/** True when all of it was as it should be. */
export async function tryOut() {
  const limit = 100_000;
  const server = await startServer({ workers: 2, maxBytes: 2 ** 25, limits: { maxBulkBytes: limit } });
  const { heap, cache, port } = server;
  const before = objectsOf(heap);
  await tryCommands(port);
  await tryShared(port);
  await tryWrong(port, limit);
  await tryKill(server);
  const { connections, objects } = await nothingLeft(server, before);
  console.log(`${checks.good} answers were right, ${checks.bad} wrong`);
  console.log(`${connections} connections and ${objects} objects left`);
  await server.end();
  heap.cleanup();
  console.log(`${heap.check().length} violations, ${cache.pool.check().length} in the cache`);
  return checks.bad === 0;
}
