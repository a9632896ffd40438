// An HTTP server that keeps its sessions and connections in records, under load, beside the same server that keeps them in objects.
// Many sessions are open for long, as on the evening of a day. Each server runs in a process of its own, the clients in
// this one: they know what each answer must be.
//
//   node examples/http-sessions.mjs [sessions] [requests]
//
// A session's token is its record's handle: of one that was logged out, and whose memory serves another, it is stale. What
// is to be safe from guessing is signed besides.

import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as rest } from "node:timers/promises";
import { MemoryPool } from "offheap";
import { array, f64, Records, struct, u16, u32, utf8 } from "offheap/records";

const clients = 24;
const pageCount = 8;
const userOf = (number) => `user ${number} of ${(number * 7919) % 1000}`;

/** Sessions in records: what follows has the same calls, and what it returns the same fields. */
function recordStore() {
  const Session = struct({
    ...{ since: f64, seen: f64, bytes: f64, visits: u32 },
    ...{ pages: array(u16, pageCount), user: utf8(32) },
  });
  const Connection = struct({ since: f64, requests: u32, port: u16 });
  const heap = new MemoryPool({ capacity: 512 * 2 ** 20 });
  const [sessions, connections] = [new Records(heap, Session), new Records(heap, Connection)];
  return {
    open: (user) => sessions.create({ user, since: Date.now() }),
    session: (token) => (sessions.has(token) ? sessions.at(token) : undefined),
    page: ({ pages }, i) => pages.get(i),
    setPage: ({ pages }, i, page) => pages.set(i, page),
    close: (token) => sessions.free(token),
    sessions: () => sessions,
    connect: (port) => connections.create({ port, since: Date.now() }),
    connection: (id) => connections.at(id),
    disconnect: (id) => connections.free(id),
    end() {
      const counts = { sessions: sessions.size, connections: connections.size };
      sessions.destroy();
      return { ...counts, left: sessions.size, violations: heap.check().length };
    },
  };
}

/** The same in objects. */
function objectStore() {
  const [sessions, connections] = [new Map(), new Map()];
  let count = 0;
  const add = (map, value) => {
    map.set(++count, value);
    return count;
  };
  return {
    open: (user) => {
      const pages = new Array(pageCount).fill(0);
      return add(sessions, { since: Date.now(), seen: 0, bytes: 0, visits: 0, pages, user });
    },
    session: (token) => sessions.get(token),
    page: ({ pages }, i) => pages[i],
    setPage: ({ pages }, i, page) => {
      pages[i] = page;
    },
    close: (token) => sessions.delete(token),
    sessions: () => sessions.values(),
    connect: (port) => add(connections, { since: Date.now(), requests: 0, port }),
    connection: (id) => connections.get(id),
    disconnect: (id) => connections.delete(id),
    end: () => ({ sessions: sessions.size, connections: connections.size, left: 0, violations: 0 }),
  };
}

/** Answers a request: status and body. */
function answer(store, path, query) {
  if (path === "/login") return [200, `${store.open(query.get("user"))}`];
  if (path === "/totals") {
    const totals = { sessions: 0, visits: 0, bytes: 0 };
    for (const { visits, bytes } of store.sessions()) {
      totals.sessions++;
      totals.visits += visits;
      totals.bytes += bytes;
    }
    return [200, JSON.stringify(totals)];
  }
  const token = Number(query.get("token"));
  const session = store.session(token);
  if (session === undefined) return [401, "no such session"];
  if (path === "/logout") {
    const { visits } = session;
    store.close(token);
    return [200, `${visits}`];
  }
  const { visits } = session;
  const last = visits === 0 ? 0 : store.page(session, (visits - 1) % pageCount);
  store.setPage(session, visits % pageCount, Number(query.get("page")));
  session.visits = visits + 1;
  session.seen = Date.now();
  const body = JSON.stringify({ user: session.user, visits: visits + 1, last });
  session.bytes += body.length;
  return [200, body];
}

function listen(store) {
  const server = createServer((incoming, response) => {
    store.connection(incoming.socket.id).requests++;
    const { pathname, searchParams } = new URL(incoming.url, "http://localhost");
    const [status, body] = answer(store, pathname, searchParams);
    response.writeHead(status, { "content-length": Buffer.byteLength(body) }).end(body);
  });
  server.on("connection", (socket) => {
    socket.id = store.connect(socket.remotePort);
    socket.once("close", () => store.disconnect(socket.id));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const sumOf = (numbers) => numbers.reduce((sum, each) => sum + each, 0);
const mib = () => process.memoryUsage.rss() / 2 ** 20;

/** The server's process: opens the sessions, serves, and says what that took of memory and of the collector. */
async function serve(kind, sessionCount) {
  const pauses = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration);
  }).observe({ entryTypes: ["gc"] });
  const store = kind === "records" ? recordStore() : objectStore();
  const server = await listen(store);
  globalThis.gc();
  await rest(20);
  pauses.length = 0;
  const before = mib();
  const tokens = Array.from({ length: sessionCount }, (_, number) => store.open(userOf(number)));
  await rest(20);
  const opening = sumOf(pauses.splice(0));
  process.send({ port: server.address().port, tokens });
  tokens.length = 0;
  await once(process, "message");
  await rest(20);
  const load = pauses.splice(0);
  const resident = mib();
  const began = performance.now();
  globalThis.gc();
  const collection = performance.now() - began;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  await rest(20);
  const gc = { opening, load: sumOf(load), longest: Math.max(0, ...load), collection };
  process.send({ resident, grown: resident - before, gc, end: store.end() });
  process.disconnect();
}

function get(agent, port, path) {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, path, host: "127.0.0.1" }, async (response) => {
      let body = "";
      for await (const piece of response.setEncoding("utf8")) body += piece;
      resolve({ status: response.statusCode, body });
    });
    sent.on("error", reject).end();
  });
}

function expectAnswer({ status, body }, wantedStatus, wantedBody) {
  if (status !== wantedStatus || (wantedBody !== undefined && body !== wantedBody))
    throw new Error(`got ${status} ${body}, expected ${wantedStatus} ${wantedBody ?? ""}`);
}

/** What the client knows of its sessions: number of the user, token, visits, the last page. */
function clientOf(tokens, fetchPath) {
  const known = tokens.map((token, user) => ({ user, token, visits: 0, last: 0 }));
  const totals = { sessions: known.length, visits: 0, bytes: 0 };
  const visit = async (session, page) => {
    const { user, token, last } = session;
    session.visits++;
    session.last = page;
    const body = JSON.stringify({ user: userOf(user), visits: session.visits, last });
    expectAnswer(await fetchPath(`/visit?token=${token}&page=${page}`), 200, body);
    totals.visits++;
    totals.bytes += body.length;
    session.bytes = (session.bytes ?? 0) + body.length;
  };
  /** Out, and in again: the old token is worth nothing from then on. */
  const renew = async (session) => {
    const { token, visits, bytes = 0, user } = session;
    expectAnswer(await fetchPath(`/logout?token=${token}`), 200, `${visits}`);
    totals.visits -= visits;
    totals.bytes -= bytes;
    const { status, body } = await fetchPath(`/login?user=${encodeURIComponent(userOf(user))}`);
    expectAnswer({ status }, 200);
    Object.assign(session, { token: Number(body), visits: 0, last: 0, bytes: 0 });
    expectAnswer(await fetchPath(`/visit?token=${token}&page=1`), 401);
  };
  return { known, totals, visit, renew };
}

/** So many clients at a time, each with the sessions of its own share. */
async function load(port, tokens, requestCount) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times = [];
  const fetchPath = async (path) => {
    const began = performance.now();
    const answered = await get(agent, port, path);
    times.push(performance.now() - began);
    return answered;
  };
  const { known, totals, visit, renew } = clientOf(tokens, fetchPath);
  const began = performance.now();
  const share = Math.floor(known.length / clients);
  const work = async (client) => {
    for (let i = 0; times.length < requestCount; i++) {
      const session = known[client * share + ((i * 48_271) % share)];
      if (i % 10 === 9) await renew(session);
      else await visit(session, 1 + ((i * 31) % 60_000));
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  const seconds = (performance.now() - began) / 1000;
  expectAnswer(await get(agent, port, "/totals"), 200, JSON.stringify(totals));
  agent.destroy();
  times.sort((a, b) => a - b);
  return { perSecond: times.length / seconds, p99: times[Math.floor(times.length * 0.99)] };
}

async function measure(kind, sessionCount, requestCount) {
  const child = fork(new URL(import.meta.url), ["serve", kind, sessionCount], { execArgv: ["--expose-gc"] });
  const [{ port, tokens }] = await once(child, "message");
  const served = await load(port, tokens, requestCount);
  child.send("end");
  const [{ resident, grown, gc, end }] = await once(child, "message");
  const isWhole =
    end.sessions === sessionCount && end.connections === 0 && end.left === 0 && end.violations === 0;
  const rounded = (value) => Math.round(value * 10) / 10;
  return {
    isWhole,
    row: {
      "requests/s": Math.round(served.perSecond),
      "p99 ms": rounded(served.p99),
      "resident MiB": Math.round(resident),
      "grown by MiB": Math.round(grown),
      "GC opening ms": Math.round(gc.opening),
      "GC under load ms": Math.round(gc.load),
      "longest ms": rounded(gc.longest),
      "a full GC ms": Math.round(gc.collection),
    },
  };
}

if (process.argv[2] === "serve") await serve(process.argv[3], Number(process.argv[4]));
else {
  const [sessionCount, requestCount] = [
    Number(process.argv[2] ?? 100_000),
    Number(process.argv[3] ?? 10_000),
  ];
  // The client is compiled before it is measured.
  await measure("objects", 1000, 5000);
  const table = {};
  for (const kind of ["records", "objects"]) {
    const { row, isWhole } = await measure(kind, sessionCount, requestCount);
    table[kind] = row;
    console.log(`${kind}: all answers were right, ${isWhole ? "nothing is left" : "SOMETHING IS LEFT"}`);
    if (!isWhole) process.exitCode = 1;
  }
  console.log(`${sessionCount} sessions, ${requestCount} requests`);
  console.table(table);
}
