// Processes with two layers of cache: the first is one SharedCache for all processes of a machine, the second a redis for all machines.
// There are two machines here, as there are two files. Under load redis is stopped, goes on, is killed, refuses, and is started again
// with nothing in it. The first layer serves on; calls that need redis end with typed errors in their time; and every value that was
// read is judged: was it as fresh as it was said to be?
//
//   node examples/two-layers.mjs
//
// Each process writes keys of its own, each with the next version, and reads all keys.

import { fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { SharedCache } from "offheap/cache";
import { loadOs } from "offheap/os";
import { closeHeap } from "offheap/process";
import { freePort } from "./cache-server/free-port.mjs";
import { Layers, now } from "./two-layers/layers.mjs";
import { SecondLayerError } from "./two-layers/link.mjs";

const [machines, processesEach, keysEach, within] = [2, 2, 20, 200];
const warmReads = 200;
const processes = machines * processesEach;
const keyOf = (owner, number) => `${owner}:${number}`;
const openFirst = (path) => SharedCache.open(path, { maxBytes: 2 ** 22 });

/** Reads and writes until it is told to end; then reports all of it. Tells when it is at work, too. */
async function work(me, port, path) {
  const first = openFirst(path);
  const layers = new Layers(first, port, { within });
  const report = { reads: [], writes: [], errors: {}, untyped: 0, longest: 0 };
  const versions = new Array(keysEach).fill(0);
  let over = false;
  process.once("message", () => {
    over = true;
  });
  const timed = async (call) => {
    const began = now();
    try {
      await call();
    } catch (error) {
      if (error instanceof SecondLayerError) report.errors[error.code] = (report.errors[error.code] ?? 0) + 1;
      else report.untyped++;
    }
    report.longest = Math.max(report.longest, now() - began);
  };
  const write = (number) =>
    timed(async () => {
      const version = ++versions[number];
      await layers.set(keyOf(me, number), `${version}`);
      report.writes.push([keyOf(me, number), version, now()]);
    });
  const read = (key) =>
    timed(async () => {
      const { value, layer, freshAt } = await layers.get(key);
      if (value === undefined) return;
      report.reads.push([key, Number(value), layer, freshAt, now()]);
      if (report.reads.length === warmReads) process.send("warm");
    });
  for (let i = 0; !over; i++) {
    const calls = [write(i % keysEach)];
    for (let j = 0; j < 12; j++) calls.push(read(keyOf((i + j) % processes, (i * 7 + j * 3) % keysEach)));
    await Promise.all(calls);
    await rest(1);
  }
  layers.end();
  closeHeap(first.pool);
  process.send(report, () => process.disconnect());
}

/** Reads that missed a write which was acknowledged before they were fresh; and the most that any read was really behind. */
function judge(reads, writes) {
  const byKey = new Map();
  for (const [key, version, at] of writes) byKey.set(key, (byKey.get(key) ?? []).concat([[version, at]]));
  const result = { wrong: 0, behind: 0, said: 0 };
  for (const [key, version, , freshAt, at] of reads) {
    if (freshAt !== null) result.said = Math.max(result.said, at - freshAt);
    // The first write that the read did not see; versions of a key are in the order of their acknowledgements.
    const missed = (byKey.get(key) ?? []).find(([each]) => each > version);
    if (missed === undefined || missed[1] > at) continue;
    result.behind = Math.max(result.behind, at - missed[1]);
    if (freshAt !== null && missed[1] < freshAt) result.wrong++;
  }
  return result;
}

async function startRedis(port, folder) {
  const args = [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  const redis = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const piece of redis.stdout) if (/[Rr]eady to accept/.test(piece)) break;
  return redis;
}

/** The processes are at work. One is killed; redis is stopped, killed, and started again. Returns when each of that began and ended. */
async function disturb(victim, firstRedis, startAgain) {
  let redis = firstRedis;
  await rest(300);
  victim.kill("SIGKILL");
  await rest(700);
  const spans = {};
  const during = async (name, milliseconds) => {
    const began = now();
    await rest(milliseconds);
    spans[name] = [began, now()];
  };
  redis.kill("SIGSTOP");
  await during("stopped", 800);
  redis.kill("SIGCONT");
  await rest(500);
  redis.kill("SIGKILL");
  await once(redis, "exit");
  await during("refusing", 500);
  redis = await startAgain();
  await rest(1000);
  return { spans, redis };
}

function report(all, spans) {
  const reads = all.flatMap((each) => each.reads);
  const { wrong, behind, said } = judge(
    reads,
    all.flatMap((each) => each.writes),
  );
  const first = reads.filter(([, , layer]) => layer === 1);
  const share = Math.round((100 * first.length) / reads.length);
  console.log(
    `${reads.length} reads, ${share} % of them from the first layer; staler than was said: ${wrong}`,
  );
  console.log(`the stalest was ${behind.toFixed(1)} ms behind, up to ${said.toFixed(1)} ms were said`);
  for (const [name, [from, to]] of Object.entries(spans)) {
    const served = first.filter(([, , , , at]) => at >= from && at < to).length;
    console.log(
      `redis ${name}: ${served > 0 ? "the first layer served on" : "NOTHING was served"} (${served} reads)`,
    );
  }
  const codes = all.map(({ errors }) => errors).flatMap(Object.entries);
  const counts = {};
  for (const [code, count] of codes) counts[code] = (counts[code] ?? 0) + count;
  console.log(
    `errors: ${JSON.stringify(counts)}; of another type: ${all.reduce((sum, each) => sum + each.untyped, 0)}`,
  );
  console.log(
    `the longest call took ${Math.max(...all.map((each) => each.longest)).toFixed(0)} ms (limit ${within})`,
  );
}

async function main() {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "offheap-layers-"));
  const port = await freePort();
  const paths = Array.from({ length: machines }, (_, i) => join(folder, `machine-${i}`));
  const start = (me) => fork(new URL(import.meta.url), [`${me}`, `${port}`, paths[me % machines]]);
  const children = Array.from({ length: processes }, (_, me) => start(me));
  // One more, which is killed: what it was about to put into the first layer is nobody's then.
  const victim = start(processes);
  const message = async (child) => (await once(child, "message"))[0];
  const begun = Promise.all([...children, victim].map(message));
  const firstRedis = await startRedis(port, folder);
  await begun;
  const reports = children.map(message);
  const { spans, redis } = await disturb(victim, firstRedis, () => startRedis(port, folder));
  for (const child of children) child.send("end");
  const all = await Promise.all(reports);
  redis.kill("SIGKILL");
  report(all, spans);
  for (const path of paths) {
    const { pool, size } = openFirst(path);
    console.log(`a machine's first layer has ${size} keys, and ${pool.check().length} violations`);
    closeHeap(pool);
  }
  rmSync(folder, { recursive: true, force: true });
}

const [, , me, port, path] = process.argv;
const { available, reason } = loadOs().processes;
if (me !== undefined) await work(Number(me), Number(port), path);
else if (!available) console.log(`left out: ${reason}`);
else if (spawnSync("redis-server", ["--version"]).status !== 0)
  console.log("left out: no redis-server on this machine");
else await main();
