// The cache server of the examples beside redis-server, driven by redis-benchmark:
//
//   npm run bench:server [-- --requests 200000 --bytes 100 --keys 100000 --rounds 3 --only redis]
//
// Requests a second and p99 of SET and GET, one at a time and 16 in a row, from 50 connections; the server's processor time for each, of
// both together; then what it takes of memory, and how long its collector worked. redis-benchmark has its share of the same processors.
//
// The programs have their turns in rounds; a cell is the median over the rounds.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "../examples/cache-server/client.mjs";
import { freePort } from "../examples/cache-server/free-port.mjs";
import { root } from "./workspace.mjs";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "200000" },
    bytes: { type: "string", default: "100" },
    keys: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});

/** Resolves when it has printed the words. */
async function start(command, args, words) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.setEncoding("utf8");
  await new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (piece) => {
      output += piece;
      if (words.test(output)) resolve();
    });
    child.once("exit", () => reject(new Error(`${command} has ended: ${output}`)));
  });
  return child;
}

const folder = mkdtempSync(join(tmpdir(), "offheap-server-"));
const programs = {
  "redis-server": async (port) => {
    const args = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
    return start("redis-server", args.map(String), /[Rr]eady to accept connections/);
  },
  "SharedCache, 1 worker": (port) => ours(port, "cache", 1),
  "SharedCache, 2 workers": (port) => ours(port, "cache", 2),
  "Map, 1 worker": (port) => ours(port, "map", 1),
  "a Map in each of 2 workers": (port) => ours(port, "map", 2),
};

const ours = (port, store, workers) => {
  const args = ["examples/cache-server.mjs", "--listen", port, "--store", store, "--workers", workers];
  return start(process.execPath, args.map(String), /listen at/);
};

/** Rows of redis-benchmark: requests a second, and p99 in milliseconds. */
function drive(port, pipeline) {
  const { requests, bytes, keys } = values;
  const args = [
    "-p",
    port,
    "-n",
    requests,
    "-d",
    bytes,
    "-r",
    keys,
    "-P",
    pipeline,
    "-c",
    50,
    "-t",
    "set,get",
    "--csv",
  ];
  const { stdout, status } = spawnSync("redis-benchmark", args.map(String), { encoding: "utf8" });
  if (status !== 0) throw new Error("redis-benchmark has failed");
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));
  return rows.slice(1).map((cells) => ({ perSecond: Number(cells[1]), p99: Number(cells[6]) }));
}

/** The process and its children: resident bytes. */
function resident(pid) {
  const children = spawnSync("ps", ["-o", "pid=", "--ppid", `${pid}`], { encoding: "utf8" }).stdout.split(
    "\n",
  );
  const pids = [pid, ...children.map(Number).filter((child) => child > 0)];
  return pids.reduce((sum, each) => {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${each}/status`, "utf8")) ?? [0, 0];
    return sum + Number(kib) * 1024;
  }, 0);
}

/** Of each worker that a connection meets; a server that is not ours says nothing of it. */
async function collection(port) {
  const found = new Map();
  for (let i = 0; i < 8; i++) {
    const client = await Client.open(port);
    const info = await client.call("INFO");
    const number = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
    found.set(number("thread_id"), {
      sum: number("gc_milliseconds"),
      longest: number("gc_longest_milliseconds"),
    });
    await client.end();
  }
  const all = [...found.values()];
  return {
    sum: all.reduce((sum, each) => sum + each.sum, 0),
    longest: Math.max(...all.map((each) => each.longest)),
  };
}

/** Processor time of a process and all its threads, in microseconds: Linux counts it in hundredths of a second. */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function measure(name) {
  const port = await freePort();
  const child = await programs[name](port);
  drive(port, 16); // everything is compiled, and the keys are there
  const times = [processorTime(child.pid)];
  const [set, get] = drive(port, 1);
  times.push(processorTime(child.pid));
  const [manySet, manyGet] = drive(port, 16);
  times.push(processorTime(child.pid));
  const each = (from) => Math.round((times[from + 1] - times[from]) / Number(values.requests) / 0.2) / 10;
  const gc = await collection(port);
  const row = {
    "SET/s": Math.round(set.perSecond),
    "p99 ms": set.p99,
    "GET/s": Math.round(get.perSecond),
    "p99 ms ": get.p99,
    "SET/s, 16 in a row": Math.round(manySet.perSecond),
    "p99 ms  ": manySet.p99,
    "GET/s, 16 in a row": Math.round(manyGet.perSecond),
    "p99 ms   ": manyGet.p99,
    "CPU µs each": each(0),
    "CPU µs, 16 in a row": each(1),
    "resident MiB": Math.round(resident(child.pid) / 2 ** 20),
    "GC ms": Math.round(gc.sum),
    "longest GC ms": Math.round(gc.longest * 10) / 10,
  };
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  return row;
}

function medians(rows) {
  const middle = (numbers) => numbers.sort((left, right) => left - right)[numbers.length >> 1];
  return Object.fromEntries(
    Object.keys(rows[0]).map((column) => [column, middle(rows.map((row) => row[column]))]),
  );
}

const missing = ["redis-server", "redis-benchmark"].filter(
  (name) => spawnSync(name, ["--version"]).status !== 0,
);
if (missing.length > 0) console.log(`left out: no ${missing.join(", no ")} on this machine`);
else {
  const names = Object.keys(programs).filter((name) => name.includes(values.only));
  const rows = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const name of names) rows[name].push(await measure(name));
  console.log(
    `${values.requests} requests of each kind, values of ${values.bytes} bytes, ${values.keys} keys; load ${loadavg()[0].toFixed(1)}`,
  );
  console.table(Object.fromEntries(names.map((name) => [name, medians(rows[name])])));
}
rmSync(folder, { recursive: true, force: true });
