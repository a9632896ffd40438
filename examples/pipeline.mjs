// A pipeline of three workers: one reads a large CSV in pieces, one parses them, one adds up. The pieces pass through rings,
// parsed in place, never copied. In mid-run the worker in the middle is terminated and replaced: the sums are the same to the cent.
// The same with postMessage is timed beside it, without the kill.
//
//   node examples/pipeline.mjs [rows]

import { isMainThread, MessageChannel, parentPort, Worker, workerData } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { Ring } from "offheap/ring";

const stores = 16;
const pieceBytes = 32_768;

/** Row i: `1000012,7,1299`, a number, a store, an amount in cents. */
const storeOf = (i) => (i * 7919) % stores;
const centsOf = (i) => 100 + ((i * 48271) % 9973);
const rowOf = (i) => `${1_000_000 + i},${storeOf(i)},${centsOf(i)}\n`;

/** Calls `each` with pieces of whole rows, as UTF-8. */
function readPieces(rows, each) {
  const encoder = new TextEncoder();
  let text = "";
  for (let i = 0; i < rows; i++) {
    text += rowOf(i);
    if (text.length < pieceBytes && i < rows - 1) continue;
    each(encoder.encode(text));
    text = "";
  }
}

/** Parses rows; `each` gets the store and the cents of one. */
function parse(bytes, each) {
  for (let at = 0; at < bytes.length; ) {
    const numbers = [0, 0, 0];
    for (let field = 0; bytes[at] !== 10; at++) {
      if (bytes[at] === 44) field++;
      else numbers[field] = numbers[field] * 10 + bytes[at] - 48;
    }
    at++;
    each(numbers[1], numbers[2]);
  }
}

const roles = {
  /** Each piece is an object with space behind the text for what is parsed of it: two words a row. */
  read({ pool, out, rows }) {
    readPieces(rows, (bytes) => {
      const textBytes = Math.ceil(bytes.length / 8) * 8;
      const address = pool.allocate(textBytes + bytes.length);
      pool.u8.set(bytes, address);
      while (!out.send(address, bytes.length)) out.waitForSpace();
    });
    out.close();
  },

  /** What it holds when it is terminated comes back into the ring: it writes behind the text only, so it can be parsed again. */
  parse({ pool, source, out }) {
    for (;;) {
      const message = source.take();
      if (message === undefined) {
        if (source.isClosed && source.size === 0) break;
        source.wait();
        continue;
      }
      const { address, length } = message;
      let at = (address + Math.ceil(length / 8) * 8) / 4;
      let parsed = 0;
      parse(pool.u8.subarray(address, address + length), (store, cents) => {
        pool.u32[at++] = store;
        pool.u32[at++] = cents;
        parsed++;
      });
      while (!out.send(address, length, parsed)) out.waitForSpace();
    }
    out.close();
  },

  async add({ pool, source }) {
    const sums = new Array(stores).fill(0);
    for await (const { address, length, tag } of source) {
      let at = (address + Math.ceil(length / 8) * 8) / 4;
      for (let row = 0; row < tag; row++, at += 2) sums[pool.u32[at]] += pool.u32[at + 1];
      pool.deallocate(address);
    }
    parentPort.postMessage(sums);
  },

  readAndPost({ rows, to }) {
    readPieces(rows, (bytes) => to.postMessage(bytes));
    to.postMessage(null);
  },

  parseAndPost({ from, to }) {
    from.on("message", (bytes) => {
      const rows = [];
      if (bytes !== null) parse(bytes, (store, cents) => rows.push([store, cents]));
      to.postMessage(bytes === null ? null : rows);
      if (bytes === null) from.close();
    });
  },

  addPosted({ from }) {
    const sums = new Array(stores).fill(0);
    from.on("message", (rows) => {
      for (const [store, cents] of rows ?? []) sums[store] += cents;
      if (rows !== null) return;
      parentPort.postMessage(sums);
      from.close();
    });
  },
};

function start(role, data, transferList = []) {
  return new Worker(new URL(import.meta.url), { workerData: { role, ...data }, transferList, execArgv: [] });
}
const said = (worker) => new Promise((resolve) => worker.once("message", resolve));
const ended = (worker) => new Promise((resolve) => worker.once("exit", resolve));

async function throughRings(rows, kills) {
  const pool = new MemoryPool({ capacity: 256 * 2 ** 20 });
  const [pieces, parsed] = [new Ring(pool, { capacity: 64 }), new Ring(pool, { capacity: 64 })];
  const common = { handle: pool.handle, rows };
  const began = performance.now();
  const adder = start("add", { ...common, source: parsed.handle });
  const sums = said(adder);
  const ends = [adder, start("read", { ...common, out: pieces.handle })].map(ended);
  let killed = 0;
  for (let isLast = false; !isLast; ) {
    isLast = killed === kills;
    const parser = start("parse", { ...common, source: pieces.handle, out: parsed.handle });
    ends.push(ended(parser));
    const id = await said(parser);
    if (isLast) break;
    await new Promise((resolve) => setTimeout(resolve, 30));
    await parser.terminate();
    if (pool.reap(id).reaped) killed++;
    if (parsed.isClosed) break;
  }
  const result = await sums;
  const milliseconds = performance.now() - began;
  await Promise.all(ends);
  return { result, milliseconds, killed, violations: pool.check() };
}

async function byPostMessage(rows) {
  const [first, second] = [new MessageChannel(), new MessageChannel()];
  const began = performance.now();
  const adder = start("addPosted", { from: second.port2 }, [second.port2]);
  start("parseAndPost", { from: first.port2, to: second.port1 }, [first.port2, second.port1]);
  start("readAndPost", { rows, to: first.port1 }, [first.port1]);
  return { result: await said(adder), milliseconds: performance.now() - began };
}

if (isMainThread) {
  const rows = Number(process.argv[2] ?? 400_000);
  const expected = new Array(stores).fill(0);
  for (let i = 0; i < rows; i++) expected[storeOf(i)] += centsOf(i);
  const isRight = ({ result }) => result.every((sum, i) => sum === expected[i]);
  const rings = await throughRings(rows, 0);
  const killed = await throughRings(rows, 3);
  const posted = await byPostMessage(rows);
  for (const [name, run] of Object.entries({
    "through rings": rings,
    "with the parser killed": killed,
    "by postMessage": posted,
  }))
    console.log(
      `${name}: ${Math.round(run.milliseconds)} ms, the sums are ${isRight(run) ? "right" : "wrong"}`,
    );
  console.log(`${killed.killed} parsers were killed; violations: ${killed.violations.length}`);
  if (![rings, killed, posted].every(isRight) || killed.violations.length > 0) process.exitCode = 1;
} else {
  const { role, handle, source, out, ...rest } = workerData;
  const pool = handle && MemoryPool.attach(handle);
  if (role === "parse") parentPort.postMessage(pool.workerId);
  await roles[role]({
    pool,
    source: source && Ring.attach(pool, source),
    out: out && Ring.attach(pool, out),
    ...rest,
  });
}
