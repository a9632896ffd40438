// The threads of the cache server's example: clients that are wrong, or leave in the midst of a request, cost no memory; a thread that is
// terminated under load takes nobody with it but its own clients. The heaps say so: records, live objects, `check()`.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as rest } from "node:timers/promises";
import type { MemoryPool } from "offheap";
import type { SharedCache } from "offheap/cache";
import { Random, runSeed } from "offheap-tools";

interface Server {
  readonly heap: MemoryPool;
  readonly records: { readonly size: number };
  readonly cache: SharedCache<"bytes", "bytes">;
  readonly port: number;
  readonly replaced: number;
  readonly running: readonly number[];
  terminate(threadId: number): Promise<void>;
  end(): Promise<void>;
}

interface Client {
  send(bytes: string | Uint8Array, replies?: number): Promise<unknown[]>;
  call(...words: (string | number)[]): Promise<unknown>;
  break(): void;
  end(): Promise<void>;
  ended(): Promise<void>;
}

type Left = { readonly connections: number; readonly objects: number };
type Options = { workers: number; maxBytes: number; limits: { maxBulkBytes: number } };

const here = new URL("../../examples/cache-server/", import.meta.url).href;
const load = (name: string): Promise<unknown> => import(here + name);
const { startServer } = (await load("threads.mjs")) as { startServer(options: Options): Promise<Server> };
const { Client: clientClass, request } = (await load("client.mjs")) as {
  Client: { open(port: number): Promise<Client> };
  request(...words: (string | number)[]): string;
};
const { nothingLeft, objectsOf } = (await load("try-out.mjs")) as {
  nothingLeft(server: Server, before: number): Promise<Left>;
  objectsOf(heap: MemoryPool): number;
};
const { reason } = (await load("sockets.mjs")) as { reason: string | undefined };

const seed = runSeed();
const maxBulkBytes = 50_000;
const options = { workers: 2, maxBytes: 2 ** 24, limits: { maxBulkBytes } };
const open = (port: number): Promise<Client> => clientClass.open(port);
const openSome = (port: number, count: number): Promise<Client[]> =>
  Promise.all(Array.from({ length: count }, () => open(port)));
const threadOf = async (client: Client): Promise<number> =>
  Number(/thread_id:(\d+)/.exec(String(await client.call("INFO")))?.[1]);

/** Objects of the cache once it is empty, but for the heads of its buckets: these stay (docs/map.md). */
function emptied({ cache }: Server): number {
  cache.clear();
  assert.equal(cache.size, 0);
  cache.pool.cleanup({ all: true });
  const { liveObjects, sizeClasses } = cache.pool.stats();
  return liveObjects - (sizeClasses.find(({ objectSize }) => objectSize >= 4096)?.allocated ?? 0);
}

describe(`the threads of the cache server, seed ${seed}`, { skip: reason ?? false }, () => {
  const random = new Random(seed);
  let server: Server;
  let own: number;
  let ownInCache: number;

  before(async () => {
    server = await startServer(options);
    [own, ownInCache] = [objectsOf(server.heap), emptied(server)];
  });

  after(async () => {
    await server.end();
    // Threads keep up to sixteen objects that they have taken out, in case others still read them. So this holds when they have ended.
    assert.equal(emptied(server), ownInCache);
    assert.deepEqual([...server.heap.check(), ...server.cache.pool.check()], []);
    server.heap.destroy();
    server.cache.destroy();
  });

  async function assertNothingLeft(): Promise<void> {
    assert.deepEqual(await nothingLeft(server, own), { connections: 0, objects: 0 });
    assert.deepEqual([...server.heap.check(), ...server.cache.pool.check()], []);
  }

  it("gives each its share of the connections, and shows all of them the same keys", async () => {
    const clients = await openSome(server.port, 6);
    const threads = await Promise.all(clients.map(threadOf));
    for (const thread of server.running) assert.equal(threads.filter((each) => each === thread).length, 3);
    await clients[0]?.call("SET", "a", "1");
    for (const client of clients) assert.equal(await client.call("GET", "a"), "1");
    const sums = await Promise.all(
      clients.map((client) => client.send(request("INCR", "n").repeat(500), 500)),
    );
    const all = sums.flat().sort((left, right) => Number(left) - Number(right));
    assert.deepEqual(
      all,
      Array.from({ length: 3000 }, (_, i) => i + 1),
    );
    for (let round = 0; round < 50; round++) {
      const firsts = await Promise.all(clients.map((client) => client.call("SET", `f${round}`, "1", "NX")));
      assert.equal(firsts.filter((reply) => reply === "OK").length, 1);
      const lasts = await Promise.all(clients.map((client) => client.call("DEL", `f${round}`)));
      assert.equal(lasts.filter((reply) => reply === 1).length, 1);
    }
    await Promise.all(clients.map((client) => client.end()));
    await assertNothingLeft();
  });

  it("frees what clients leave behind in the midst of requests", async () => {
    for (let round = 0; round < 6; round++) {
      const clients = await openSome(server.port, 50);
      const whole = request("SET", `k${round}`, "x".repeat(random.below(maxBulkBytes)));
      await Promise.all(
        clients.map(async (client) => {
          await client.send(request("PING"));
          void client.send(whole.slice(0, random.below(whole.length)), 0);
          if (random.below(2) === 0) await rest(random.below(10));
          client.break();
        }),
      );
    }
    await assertNothingLeft();
  });

  it("refuses what is oversized or no request, and goes on with wrong types", async () => {
    for (const [bytes, message] of [
      [`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${maxBulkBytes + 1}\r\n`, /invalid bulk length/],
      [`*2\r\n$3\r\nGET\r\n:1\r\n`, /expected '\$', got ':'/],
      [`*${2 ** 30}\r\n`, /invalid multibulk length/],
      ["x".repeat(70_000), /too big inline request/],
    ] as const)
      for (const client of await openSome(server.port, 30)) {
        const [error] = await client.send(bytes);
        assert.match(String(error), message);
        await client.ended();
      }
    const client = await open(server.port);
    assert.equal(await client.call("SET", "text", "t"), "OK");
    assert.match(String(await client.call("INCR", "text")), /not an integer/);
    assert.match(
      String(await client.call("SET", "x".repeat(maxBulkBytes), "t", "EX", "soon")),
      /not an integer/,
    );
    assert.match(String(await client.call("EXPIRE", "text", "soon")), /not an integer/);
    assert.equal(await client.call("GET", "text"), "t");
    await client.end();
    await assertNothingLeft();
  });

  it("answers more keys than the cache has memory for, and stays within it", async () => {
    const clients = await openSome(server.port, 4);
    const value = "v".repeat(1000);
    for (let from = 0; from < 40_000; from += 500) {
      const sets = Array.from({ length: 500 }, (_, i) => request("SET", `key ${from + i}`, value));
      const client = clients[random.below(4)] as Client;
      assert.deepEqual(new Set(await client.send(sets.join(""), 500)), new Set(["OK"]));
    }
    assert.ok(server.cache.bytes <= server.cache.maxBytes);
    assert.equal(await clients[0]?.call("GET", "key 39999"), value);
    await Promise.all(clients.map((client) => client.end()));
    await assertNothingLeft();
  });

  it("replaces a thread that is terminated under load, unnoticed by clients of the others", async () => {
    for (let round = 1; round <= 4; round++) {
      const clients = await openSome(server.port, 10);
      const threads = await Promise.all(clients.map(threadOf));
      const replaced = server.replaced;
      let over = false;
      const results = Promise.allSettled(
        clients.map(async (client, i) => {
          const half = request("SET", `half ${i}`, "x".repeat(9000)).slice(0, 5000);
          for (let n = 0; !over; n++) {
            const both = request("SET", `c${i}`, `${n}`) + request("GET", `c${i}`);
            assert.deepEqual(await client.send(both, 2), ["OK", `${n}`]);
          }
          void client.send(half, 0);
        }),
      );
      await rest(random.below(60));
      await server.terminate(threads[0] as number);
      while (server.replaced === replaced || server.running.length < 2) await rest(2);
      await rest(20);
      over = true;
      for (const [i, { status }] of (await results).entries())
        assert.equal(status === "rejected", threads[i] === threads[0], `client ${i}`);
      for (const client of clients) client.break();
      const again = await open(server.port);
      assert.equal(await again.call("PING"), "PONG");
      await again.end();
      await assertNothingLeft();
    }
  });
});
