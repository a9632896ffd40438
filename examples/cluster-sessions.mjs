// A server of several processes (node:cluster) with one table of sessions: a session that one process has opened, any other finds.
// Under load one of them is killed with SIGKILL, and another started: no session is lost, and the count of requests goes on.
//
//   node examples/cluster-sessions.mjs

import cluster from "node:cluster";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOs } from "offheap/os";
import { closeHeap, openHeap, removeHeap } from "offheap/process";
import { atomic, Records, struct, u32, utf8 } from "offheap/records";

const [processes, users, requestsEach] = [3, 40, 25];
const answerMilliseconds = 3000;
const Session = struct({ user: utf8(24), secret: u32, visits: atomic(u32) });

/** The heap of the path, with its table and its count of requests: the primary makes them, before any worker is there. */
function openTable(path) {
  const heap = openHeap(path, { capacity: 16 * 2 ** 20 });
  const found = heap.roots.get("sessions");
  const sessions = found === undefined ? new Records(heap, Session) : Records.attach(heap, found, Session);
  if (found === undefined) {
    heap.roots.set("sessions", sessions.handle);
    heap.roots.set("requests", { kind: "count", address: heap.allocate(8, { zeroed: true }) });
  }
  return { heap, sessions, requests: heap.roots.get("requests").address / 4 };
}

/** What the client keeps of a session is its record's handle and a secret. */
function serve(path) {
  const { heap, sessions, requests } = openTable(path);
  const begin = (user) => {
    const secret = randomInt(2 ** 32 - 1);
    const handle = sessions.create({ user, secret });
    sessions.publish(handle); // Nobody's from now on: it outlives this process.
    return `${handle}.${secret}`;
  };
  const visit = (token) => {
    const [handle, secret] = token.split(".").map(Number);
    if (!sessions.has(handle) || sessions.at(handle).secret !== secret) return undefined;
    const session = sessions.at(handle);
    return { user: session.user, visits: session.visits.add(1) + 1, pid: process.pid };
  };
  const server = createServer((request, response) => {
    Atomics.add(heap.u32, requests, 1);
    const [, call, argument] = request.url.split("/");
    const answer = call === "begin" ? begin(argument) : visit(argument);
    response.statusCode = answer === undefined ? 404 : 200;
    response.setHeader("connection", "close");
    response.end(JSON.stringify(answer ?? "no such session"));
  });
  server.listen(0, "127.0.0.1");
}

/** Whoever was asked may be killed meanwhile, also before it has answered a connection that it was given: then another is asked. */
async function ask(port, path) {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
        signal: AbortSignal.timeout(answerMilliseconds),
      });
      return { status: response.status, answer: await response.json() };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error("nobody answers");
}

/** One user: begins a session, and comes back to it, whichever process it meets. */
async function use(port, user) {
  const { answer: token } = await ask(port, `begin/${user}`);
  const pids = new Set();
  let lost = 0;
  for (let i = 0; i < requestsEach; i++) {
    const { status, answer } = await ask(port, `visit/${token}`);
    if (status === 200 && answer.user === user) pids.add(answer.pid);
    else lost++;
  }
  return { pids, lost };
}

async function main() {
  const path = join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `offheap-sessions-${process.pid}`);
  const { heap, sessions, requests } = openTable(path);
  const ports = [];
  const start = () =>
    new Promise((resolve) => {
      const worker = cluster.fork({ OFFHEAP_SESSIONS: path });
      worker.once("listening", ({ port }) => resolve(ports.push(port) && worker));
    });
  const workers = await Promise.all(Array.from({ length: processes }, start));
  const load = Promise.all(Array.from({ length: users }, (_, i) => use(ports[0], `user-${i}`)));
  while (heap.u32[requests] < 200) await new Promise((resolve) => setTimeout(resolve, 1));
  workers[0].process.kill("SIGKILL");
  workers[0] = await start();
  const results = await load;
  const lost = results.reduce((sum, each) => sum + each.lost, 0);
  const pids = new Set(results.flatMap((each) => [...each.pids]));
  let visits = 0;
  for (const session of sessions) visits += session.visits.load();
  console.log(
    `${users} sessions, served by ${pids.size} processes, one of them killed under load: ${lost} lost`,
  );
  const least = users * (requestsEach + 1);
  console.log(
    `the table has ${sessions.size >= users && visits >= users * requestsEach ? "all" : "not all"} of them`,
  );
  console.log(
    `the count of requests ${heap.u32[requests] >= least ? "is whole" : `is ${heap.u32[requests]} of ${least}`}`,
  );
  const ends = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
  for (const worker of workers) worker.process.kill("SIGKILL");
  await Promise.all(ends);
  // A look for the dead is due half a second after the last one.
  while (heap.stats().workers.length > 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    heap.cleanup();
  }
  console.log(`${heap.check().length} violations`);
  closeHeap(heap);
  removeHeap(path);
  // node:cluster keeps a connection open that it gave to a killed worker, now and then.
  process.exit();
}

const { available, reason } = loadOs().processes;
if (!available) console.log(`left out: ${reason}`);
else if (cluster.isPrimary) await main();
else serve(process.env.OFFHEAP_SESSIONS);
