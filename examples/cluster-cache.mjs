// An HTTP server of several processes (node:cluster) that keeps what it has loaded: in one SharedCache for all of them, and, to compare,
// in a cache of its own in each. Both have the same bytes in sum, and the same requests, most of them for few items (Zipf). In the midst
// one process is killed with SIGKILL, and another started: with the shared cache it finds all that is there.
//
//   node examples/cluster-cache.mjs
//
// The private caches count keys and values only. The shared one counts everything, its books among it.

import assert from "node:assert/strict";
import cluster from "node:cluster";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { Agent, createServer, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { SharedCache } from "offheap/cache";
import { loadOs } from "offheap/os";
import { closeHeap } from "offheap/process";

const [processes, clients, maxBytes] = [3, 12, 6 * 2 ** 20];
const [pages, itemsEach, items, exponent] = [1600, 10, 12_000, 0.9];
const [loadMilliseconds, answerMilliseconds] = [2, 2000];
const [valueUnits, shownUnits] = [1000, 20];

const contentOf = (id) => `item ${id}: `.padEnd(valueUnits, `${id} `);
const open = (path) => SharedCache.open(path, { maxBytes });

/** The database: it takes its time. */
async function load(id) {
  await rest(loadMilliseconds);
  return contentOf(id);
}

/** What was not used for longest goes. */
class Lru {
  #entries = new Map();
  #bytes = 0;

  get(key) {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key, value) {
    this.#remove(key);
    this.#entries.set(key, value);
    this.#bytes += key.length + value.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= maxBytes / processes) return;
      this.#remove(oldest);
    }
  }

  #remove(key) {
    const value = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#bytes -= key.length + value.length;
  }

  async getOrSet(key, make) {
    const found = this.get(key);
    if (found !== undefined) return found;
    const made = await make(key);
    this.set(key, made);
    return made;
  }
}

/** One process of the server. A page has several items: how many of them it need not load is told with it. */
function serve(path) {
  const cache = path === "" ? new Lru() : open(path);
  const server = createServer(async (request, response) => {
    const ids = request.url.slice(1).split(",");
    let loads = 0;
    const values = await Promise.all(
      ids.map((id) =>
        cache.getOrSet(id, () => {
          loads++;
          return load(id);
        }),
      ),
    );
    const shown = values.map((value) => value.slice(0, shownUnits));
    response.end(JSON.stringify({ pid: process.pid, hits: ids.length - loads, shown }));
  });
  // Connections come anew now and then, so that a process that was started later has its share of them.
  server.maxRequestsPerSocket = 10;
  server.listen(0, "127.0.0.1");
}

/** The same pages each time. */
function requestStream() {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const sums = new Float64Array(items);
  for (let i = 0; i < items; i++) sums[i] = (i === 0 ? 0 : sums[i - 1]) + (i + 1) ** -exponent;
  const draw = () => {
    const wanted = random() * sums[items - 1];
    let [low, high] = [0, items - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Array.from({ length: pages }, () => Array.from({ length: itemsEach }, draw));
}

/** One try. Rejects when the process that has the connection is killed. */
function ask(port, agent, ids) {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: `/${ids}`, agent, timeout: answerMilliseconds });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
    request.once("response", async (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", reject);
      response.once("end", () => resolve(JSON.parse(Buffer.concat(pieces))));
    });
  });
}

async function askUntil(port, agent, ids) {
  for (let tries = 1; tries <= 200; tries++) {
    const began = performance.now();
    const answer = await ask(port, agent, ids).catch(() => rest(5));
    if (answer !== undefined) return { ...answer, tries, milliseconds: performance.now() - began };
  }
  throw new Error("nobody answers");
}

/** Each client takes the next page. In the midst `restart` is called, and the load goes on; the last quarter begins behind it. */
async function drive(port, stream, restart) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers = [];
  let next = 0;
  let restarted;
  const client = async () => {
    while (next < stream.length) {
      const ids = stream[next++];
      if (next === stream.length >> 1) restarted = restart();
      if (next > 0.75 * stream.length) await restarted;
      const answer = await askUntil(port, agent, ids);
      const wanted = ids.map((id) => contentOf(id).slice(0, shownUnits));
      assert.deepEqual(answer.shown, wanted);
      answers.push(answer);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return { answers, newPid: await restarted };
}

/** Memory of processes: what several share counts once, where the system tells (PSS). */
function memoryOf(pids) {
  const kibOf = (pid) => {
    const path = `/proc/${pid}/smaps_rollup`;
    return existsSync(path) ? Number(/^Pss:\s+(\d+)/m.exec(readFileSync(path, "utf8"))[1]) : 0;
  };
  return Math.round(pids.reduce((sum, pid) => sum + kibOf(pid), 0) / 1024);
}

const shareOf = (answers) =>
  answers.reduce((sum, { hits }) => sum + hits, 0) / Math.max(1, answers.length * itemsEach);

/** All of the stream, by processes with a cache in a file, or with one in each of them. */
async function run(name, stream, path) {
  const ports = [];
  const start = async () => {
    const worker = cluster.fork({ OFFHEAP_CACHE: path });
    ports.push((await once(worker, "listening"))[0].port);
    return worker;
  };
  const workers = await Promise.all(Array.from({ length: processes }, start));
  const restart = async () => {
    workers[0].process.kill("SIGKILL");
    workers[0] = await start();
    return workers[0].process.pid;
  };
  const { answers, newPid } = await drive(ports[0], stream, restart);
  const memory = memoryOf(workers.map((worker) => worker.process.pid));
  const ends = workers.map((worker) => once(worker, "exit"));
  for (const worker of workers) worker.process.kill("SIGKILL");
  await Promise.all(ends);
  const times = answers.filter(({ tries }) => tries === 1).map(({ milliseconds }) => milliseconds);
  const p99 = times.sort((left, right) => left - right)[Math.floor(times.length * 0.99)];
  const ofNew = answers.filter(({ pid }) => pid === newPid);
  const result = { hits: shareOf(answers), hot: shareOf(ofNew.slice(0, 30)), pages: ofNew.length };
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  console.log(
    `${name}: ${percent(result.hits)} hits, ${memory} MiB in ${processes} processes, p99 ${p99.toFixed(1)} ms; ` +
      `the new process had ${percent(result.hot)} in its first pages`,
  );
  return result;
}

async function main() {
  const path = join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `offheap-cluster-cache-${process.pid}`);
  process.once("exit", () => existsSync(path) && SharedCache.remove(path));
  const stream = requestStream();
  const own = await run("a cache in each", stream, "");
  const shared = await run("one for all", stream, path);
  // All that had it open were killed. It is there as they left it.
  const cache = open(path);
  const { size, bytes } = cache;
  assert.ok(size > 1000, `${size} entries`);
  assert.ok(bytes <= maxBytes, `${bytes} bytes`);
  for (const [id, value] of cache) assert.equal(value, contentOf(id));
  assert.deepEqual(cache.pool.check(), []);
  closeHeap(cache.pool);
  assert.ok(own.pages > 0 && shared.pages > 0, "the new processes were asked");
  assert.ok(shared.hits > own.hits + 0.05, "a shared cache hits more often");
  assert.ok(shared.hot > own.hot + 0.2, "a new process finds the shared cache hot");
  console.log(`${pages * itemsEach} items each, all of them right; ${size} entries left, 0 violations`);
  // node:cluster keeps a connection open that it gave to a killed worker, now and then.
  process.exit();
}

const { available, reason } = loadOs().processes;
if (!available) console.log(`left out: ${reason}`);
else if (cluster.isPrimary) await main();
else serve(process.env.OFFHEAP_CACHE);
