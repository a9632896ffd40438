// The threads of the server. The main one accepts connections, and gives each to one of the others in turn; it reads none of them. A
// thread that ends, by whatever, is replaced: what it had of its connections is freed, the others and their clients go on.
//
// Two heaps are shared by all threads:
//   connections   a pool. In it a record for each connection: since when, requests, bytes, and how to go on with a half request; the
//                 bytes of a half request are an object of the pool. Both are their thread's, and end with it.
//   cache         the SharedCache: keys and values. They are nobody's, and stay.

import { once } from "node:events";
import { createServer } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { SharedCache } from "offheap/cache";
import { Records } from "offheap/records";
import { Connection } from "./connections.mjs";
import { serve } from "./serve.mjs";
import { closeNumber, numberOf } from "./sockets.mjs";
import { MapStore, SharedStore } from "./stores.mjs";

const connectionBytes = 256 * 2 ** 20;
const maxWorkers = 64;
const kinds = { keys: "bytes", values: "bytes" };

/** A thread, and the numbers of connections that it was sent and has not taken yet. */
class Thread {
  worker;
  places;
  sent = new Set();

  constructor(shared) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: shared });
  }

  /** Resolves when it can be given connections. */
  async started() {
    [this.places] = await once(this.worker, "message");
    this.worker.on("message", (number) => this.sent.delete(number));
  }

  give(socket) {
    const number = numberOf(socket);
    if (number === -1) return;
    this.sent.add(number);
    this.worker.postMessage(number);
  }
}

class Server {
  /** Off the heap, for all threads; without a cache each has a Map. */
  heap = new MemoryPool({ capacity: connectionBytes, maxWorkers });
  records = new Records(this.heap, Connection);
  cache;
  /** Threads that were replaced so far. */
  replaced = 0;
  #limits;
  #all = new Set();
  #ready = [];
  #next = 0;
  #waiting = [];
  #listener = createServer({ pauseOnConnect: true }, (socket) => this.#give(socket));
  #isEnding = false;

  constructor({ store = "cache", maxBytes = 2 ** 28, limits = {} }) {
    if (store !== "map") this.cache = new SharedCache({ maxBytes, maxWorkers, ...kinds });
    this.#limits = limits;
  }

  get port() {
    return this.#listener.address().port;
  }

  /** Numbers of the threads that are given connections. */
  get running() {
    return this.#ready.map(({ worker }) => worker.threadId);
  }

  async start(workers, port) {
    await Promise.all(Array.from({ length: workers }, () => this.#startThread()));
    this.#listener.listen(port, "127.0.0.1");
    await once(this.#listener, "listening");
  }

  async #startThread() {
    const { heap, records, cache } = this;
    const shared = { heap: heap.handle, records: records.handle, cache: cache?.handle };
    const thread = new Thread({ ...shared, limits: this.#limits });
    this.#all.add(thread);
    thread.worker.on("error", (error) => console.error(error));
    // Before `track`, which keeps what the thread had allocated.
    thread.worker.once("exit", () => this.#ended(thread));
    for (const pool of [heap, cache?.pool]) pool?.track(thread.worker);
    await thread.started();
    this.#ready.push(thread);
    for (const socket of this.#waiting.splice(0)) this.#give(socket);
  }

  #ended(thread) {
    for (const number of thread.sent) closeNumber(number);
    if (thread.places !== undefined) {
      this.heap.reap(thread.places.heap, { live: true });
      this.cache?.pool.reap(thread.places.cache, { live: true });
    }
    this.#all.delete(thread);
    this.#ready = this.#ready.filter((each) => each !== thread);
    if (this.#isEnding) return;
    this.replaced++;
    this.#startThread().catch(() => {}); // "exit" comes next
  }

  #give(socket) {
    if (this.#ready.length === 0) this.#waiting.push(socket);
    else this.#ready[this.#next++ % this.#ready.length].give(socket);
  }

  /** Terminates a thread, wherever it is. */
  async terminate(threadId) {
    await this.#ready.find(({ worker }) => worker.threadId === threadId)?.worker.terminate();
  }

  async end() {
    this.#isEnding = true;
    for (const socket of this.#waiting) socket.destroy();
    this.#listener.close();
    await Promise.all(Array.from(this.#all, ({ worker }) => worker.terminate()));
  }
}

/**
 * Resolves when the server listens at `port`. `store` is "cache", of at most `maxBytes`, or "map".
 * @param limits of a request: `maxBulkBytes`, `maxRequestBytes`, `maxArguments`
 */
export async function startServer({ workers = 2, port = 0, ...options } = {}) {
  const server = new Server(options);
  try {
    await server.start(workers, port);
    return server;
  } catch (error) {
    await server.end();
    throw error;
  }
}

/** What one of the threads does. */
function work({ heap: heapHandle, records: recordsHandle, cache: cacheHandle, limits }) {
  const heap = MemoryPool.attach(heapHandle);
  const records = Records.attach(heap, recordsHandle, Connection);
  const cache = cacheHandle && SharedCache.attach(cacheHandle, kinds);
  const store = cache === undefined ? new MapStore() : new SharedStore(cache);
  serve({ heap, records, store, limits });
  parentPort.postMessage({ heap: heap.workerId, cache: cache?.pool.workerId });
}

if (!isMainThread && workerData?.records !== undefined) work(workerData);
