// The two layers of the example, step by step: a server stands in for redis, and says when a reply or a message comes through. So each
// order that could leave an old value in the first layer is tried by itself; `examples/two-layers.mjs` tries them under load.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as rest } from "node:timers/promises";
import { SharedCache } from "offheap/cache";

interface Read {
  readonly value: string | undefined;
  readonly layer: 1 | 2;
}

interface Layers {
  get(key: string): Promise<Read>;
  end(): void;
}

const here = new URL("../../examples/", import.meta.url).href;
const { Layers: layersClass } = (await import(`${here}two-layers/layers.mjs`)) as {
  Layers: new (first: SharedCache, port: number, options: { within: number }) => Layers;
};
const { replyAt, request } = (await import(`${here}cache-server/client.mjs`)) as {
  replyAt(bytes: Buffer, from: number): { value: string[]; next: number } | undefined;
  request(...words: string[]): string;
};

const within = 100;

/** Answers at once, but for what is held back. */
class Steps {
  readonly values = new Map<string, string>();
  readonly subscribers: Socket[] = [];
  /** Replies to GET that wait; undefined: none has to. */
  held: (() => void)[] | undefined;
  readonly server: Server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let found = replyAt(bytes, 0); found; found = bytes.length > 0 ? replyAt(bytes, 0) : undefined) {
        bytes = bytes.subarray(found.next);
        this.answer(socket, found.value);
      }
    });
  });

  private answer(socket: Socket, [name, argument = ""]: string[]): void {
    if (name === "SUBSCRIBE") {
      this.subscribers.push(socket);
      socket.write(request("subscribe", argument, "1"));
    } else if (name === "GET") {
      const value = this.values.get(argument);
      const reply = (): unknown =>
        socket.write(value === undefined ? "$-1\r\n" : `$${value.length}\r\n${value}\r\n`);
      if (this.held === undefined) reply();
      else this.held.push(reply as () => void);
    } else socket.write("+PONG\r\n");
  }

  tell(subscriber: number, key: string): void {
    this.subscribers[subscriber]?.write(request("message", "forget", key));
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const reply of held) reply();
  }
}

describe("two layers of cache", () => {
  const cache = new SharedCache({ maxBytes: 2 ** 22 });
  let steps: Steps;
  let [left, right]: Layers[] = [];

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await rest(1);
  }

  /** The left one asks for a key whose value is old; the reply is on its way until `release`. */
  async function fetchHeld(): Promise<() => Promise<Read>> {
    steps.values.set("k", "old");
    steps.held = [];
    const fetched = left.get("k");
    await until(() => steps.held?.length === 1);
    return () => fetched;
  }

  before(() => assert.deepEqual(cache.pool.check(), []));
  after(() => cache.destroy());

  beforeEach(async () => {
    steps = new Steps();
    steps.server.listen(0, "127.0.0.1");
    await once(steps.server, "listening");
    const { port } = steps.server.address() as AddressInfo;
    // Each is subscribed before the next one begins, and has emptied the first layer: so the order of subscribers is known.
    const begin = async (first: SharedCache): Promise<Layers> => {
      const count = steps.subscribers.length;
      cache.set("sign", "=of the layer's end");
      const layers = new layersClass(first, port, { within });
      await until(() => steps.subscribers.length > count && !cache.has("sign"));
      return layers;
    };
    left = await begin(cache);
    right = await begin(SharedCache.attach(cache.handle));
  });

  afterEach(() => {
    left.end();
    right.end();
    steps.server.close();
    assert.deepEqual(cache.pool.check(), []);
  });

  it("serves from the first what either of them has fetched", async () => {
    steps.values.set("k", "old");
    assert.deepEqual([(await left.get("none")).value, (await left.get("k")).layer], [undefined, 2]);
    const { value, layer } = await right.get("k");
    assert.deepEqual([value, layer], ["old", 1]);
  });

  it("keeps no value that was fetched before a write of which somebody has heard", async () => {
    const fetched = await fetchHeld();
    steps.values.set("k", "new");
    steps.tell(1, "k");
    await until(() => !cache.has("k"));
    steps.release();
    assert.equal((await fetched()).value, "old");
    // The left one has not heard yet. Nobody is served the old value meanwhile.
    const { value, layer } = await right.get("k");
    assert.deepEqual([value, layer], ["new", 2]);
  });

  it("keeps no value that was fetched before the first layer was emptied", async () => {
    const fetched = await fetchHeld();
    steps.subscribers[1]?.destroy();
    await until(() => steps.subscribers.length === 3 && !cache.has("k"));
    steps.values.set("k", "new");
    steps.release();
    assert.equal((await fetched()).value, "old");
    assert.deepEqual((await right.get("k")).value, "new");
  });

  it("goes on without one that died in a fetch", async () => {
    steps.values.set("k", "old");
    steps.held = [];
    await assert.rejects(left.get("k"), { code: "ERR_SECOND_LAYER_SILENT" });
    // Its reply never comes. What it left expires.
    steps.held = undefined;
    assert.equal((await right.get("k")).layer, 2);
    await until(() => !cache.has("k"));
    assert.equal((await right.get("k")).layer, 2);
    assert.equal((await right.get("k")).layer, 1);
  });
});
