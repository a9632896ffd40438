// offheap/ring, by example: on heaps of slabs and pools, with either engine.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AllocatorError, MemoryPool, SlabAllocator } from "offheap";
import { type Message, Ring } from "offheap/ring";
import { ringHead, ringTail } from "#core/layout/index.js";
import { heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";

type Options = { readonly engine: "wasm" | "js"; readonly memory: "shared" | "local" };

const kinds: readonly [string, (options: Options) => SlabAllocator][] = [
  ["slabs", (options) => new SlabAllocator({ capacity: 4 << 20, maxWorkers: 4, ...options })],
  ["pool", (options) => new MemoryPool({ capacity: 4 << 20, maxWorkers: 4, ...options })],
];

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return (error as AllocatorError).code;
  }
  return undefined;
}

/** Another worker of the same heap, in this thread. */
function another(heap: SlabAllocator): SlabAllocator {
  const { handle } = heap;
  return heap instanceof MemoryPool ? MemoryPool.attach(handle) : SlabAllocator.attach(handle);
}

for (const [kind, make] of kinds)
  for (const engine of ["wasm", "js"] as const) {
    const shared = () => make({ engine, memory: "shared" });
    describe(`a ring on ${kind}, ${engine}`, () => {
      it("hands objects over, in order, with their lengths and tags", () => {
        const heap = shared();
        const other = another(heap);
        const ring = new Ring(heap, { capacity: 4 });
        const there = Ring.attach(other, structuredClone(ring.handle));
        const sent = [1, 2, 3].map((tag) => {
          const address = heap.allocate(64);
          heap.u8[address] = tag;
          assert.equal(ring.send(address, tag * 10, tag), true);
          return address;
        });
        assert.equal(there.size, 3);
        for (const [i, address] of sent.entries()) {
          const message = there.receive();
          assert.deepEqual({ ...message }, { address, length: (i + 1) * 10, tag: i + 1 });
          other.deallocate(address);
        }
        assert.equal(there.receive(), undefined);
        ring.destroy();
        assert.deepEqual(heap.check(), []);
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("has an object of any size to itself, from its sender's send to its receiver's receive", () => {
        const heap = shared();
        const ring = new Ring(heap);
        for (const bytes of kind === "pool" ? [64, 20_000, 600_000] : [64, 8192]) {
          const [sender, receiver] = [another(heap), another(heap)];
          const address = sender.allocate(bytes);
          assert.equal(Ring.attach(sender, ring.handle).send(address), true);
          assert.equal(heap.reap(sender.workerId, { live: true }).freedObjects, 0);
          assert.equal(Ring.attach(receiver, ring.handle).receive()?.address, address);
          assert.equal(heap.reap(receiver.workerId, { live: true }).freedObjects, 1);
        }
        ring.destroy();
        assert.deepEqual(heap.check(), []);
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("holds as many as it says, and takes more when one is gone", () => {
        const heap = shared();
        for (const capacity of [1, 2, 3, 5, 64]) {
          const ring = new Ring(heap, { capacity });
          for (let lap = 0; lap < 3; lap++) {
            for (let i = 0; i < capacity; i++) assert.equal(ring.send(heap.allocate(8), 0, i), true);
            const more = heap.allocate(8);
            assert.equal(ring.send(more), false);
            assert.equal(ring.size, capacity);
            const [first] = [ring.receive()];
            assert.equal(first?.tag, 0);
            heap.deallocate(first?.address ?? 0);
            assert.equal(ring.send(more, 0, capacity), true);
            for (let i = 1; i <= capacity; i++) {
              const message = ring.receive() as Message;
              assert.equal(message.tag, i);
              heap.deallocate(message.address);
            }
            assert.equal(ring.size, 0);
          }
          ring.destroy();
        }
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("copies bytes and texts in, and shows them in place", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 8 });
        const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
        assert.equal(ring.write(bytes, 1), true);
        assert.equal(ring.write("grüße, 世界", 2), true);
        assert.equal(ring.write("", 3), true);
        const seen: [string, number][] = [];
        const look = (content: Uint8Array, tag: number) =>
          seen.push([Buffer.from(content).toString(tag === 1 ? "hex" : "utf8"), tag]);
        while (ring.read(look));
        assert.deepEqual(seen, [
          [Buffer.from(bytes).toString("hex"), 1],
          ["grüße, 世界", 2],
          ["", 3],
        ]);
        ring.destroy();
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("ends what a reader threw over, and tells it", () => {
        const heap = shared();
        const ring = new Ring(heap);
        ring.write("a");
        assert.throws(
          () =>
            ring.read(() => {
              throw new Error("no");
            }),
          /^Error: no$/,
        );
        assert.equal(ring.size, 0);
        ring.destroy();
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("leaves a full ring's copy with nobody", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 1 });
        ring.write("a");
        const before = heap.stats().liveObjects;
        assert.equal(ring.write("b"), false);
        assert.equal(heap.stats().liveObjects, before);
        assert.deepEqual(heap.check(), []);
      });

      it("sends and receives many", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 5 });
        const all = [0, 1, 2, 3, 4, 5, 6].map((tag) => ({ address: heap.allocate(16), length: tag, tag }));
        assert.equal(ring.sendMany(all), 5);
        const batch = [0, 1, 2].map((): Message => ({ address: 0, length: 0, tag: 0 }));
        assert.equal(ring.receiveMany(batch), 3);
        assert.deepEqual(batch, all.slice(0, 3));
        assert.equal(ring.receiveMany(batch), 2);
      });

      it("sends and receives many in their order, whatever the ring has passed before", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 48 });
        const batch = Array.from({ length: 40 }, (): Message => ({ address: 0, length: 0, tag: 0 }));
        let [next, expected] = [0, 0];
        for (const count of [1, 15, 16, 17, 40, 3, 33, 40, 16]) {
          const all = Array.from({ length: count }, () => ({ address: heap.allocate(32), tag: next++ }));
          assert.equal(ring.sendMany(count % 2 === 0 ? all : all.values()), count);
          assert.equal(ring.size, count);
          assert.equal(ring.receiveMany(batch), count);
          for (const { address, length, tag } of batch.slice(0, count)) {
            assert.deepEqual([length, tag], [32, expected++]);
            heap.deallocate(address);
          }
        }
        assert.equal(ring.receiveMany(batch), 0);
        ring.destroy();
        assert.deepEqual(heap.check(), []);
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("sends none of many where the length or tag of one is wrong, and those before one that is another's", () => {
        const heap = shared();
        const other = another(heap);
        const ring = new Ring(heap, { capacity: 64 });
        const good = Array.from({ length: 20 }, (_, tag) => ({ address: heap.allocate(16), tag }));
        const address = heap.allocate(16);
        for (const [code, bad] of [
          ["ERR_INVALID_SIZE", { address, length: 17 }],
          ["ERR_INVALID_OPTION", { address, tag: -1 }],
          ["ERR_INVALID_ADDRESS", { address: 1 }],
        ] as const) {
          assert.equal(
            codeOf(() => ring.sendMany([...good, bad])),
            code,
          );
          assert.equal(ring.size, 0);
        }
        assert.equal(
          codeOf(() => ring.sendMany([...good, { address: other.allocate(16) }])),
          "ERR_INVALID_ADDRESS",
        );
        assert.equal(ring.size, 20);
        ring.close();
        assert.equal(
          codeOf(() => ring.sendMany([{ address }])),
          "ERR_DETACHED",
        );
      });

      it("keeps two rings apart that are used by turns", () => {
        const heap = shared();
        const rings = [3, 48].map((capacity) => new Ring(heap, { capacity }));
        const batch = [0, 1].map((): Message => ({ address: 0, length: 0, tag: 0 }));
        for (let lap = 0; lap < 60; lap++) {
          const calls = [
            (ring: Ring, tag: number) => ring.send(heap.allocate(16), 8, tag),
            (ring: Ring, tag: number) => ring.sendMany([{ address: heap.allocate(16), length: 8, tag }]),
          ];
          // The larger one has some more, so that they stand at positions of their own.
          for (const i of [0, 1, 1]) assert.ok(calls[(lap + i) % 2]?.(rings[i] as Ring, lap));
          assert.deepEqual(
            rings.map(({ size }) => size),
            [1, 2],
          );
          for (const [i, ring] of rings.entries()) {
            assert.equal(ring.wait({ timeout: 0 }), true);
            assert.equal(ring.waitForSpace({ timeout: 0 }), true);
            for (let left = i + 1; left > 0; ) {
              const got = lap % 3 === 0 ? 1 : ring.receiveMany(batch);
              const { address, tag } = (lap % 3 === 0 ? ring.receive() : batch[0]) as Message;
              assert.equal(tag, lap);
              heap.deallocate(address);
              if (got === 2) heap.deallocate((batch[1] as Message).address);
              left -= got;
            }
            assert.equal(ring.receive(), undefined);
          }
        }
        for (const ring of rings) ring.destroy();
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("moves head and tail on every eight messages, by each of the calls", () => {
        const heap = shared();
        const { core } = heapOf(heap);
        const ring = new Ring(heap, { capacity: 64 });
        const batch = [0, 1, 2].map((): Message => ({ address: 0, length: 0, tag: 0 }));
        const isNear = (counter: number, position: number) => {
          const lag = position - core.getWord(ring.handle.address + counter);
          assert.ok(lag >= 0 && lag < 8, `${position}: lags ${lag}`);
        };
        for (let gone = 0; gone < 600; ) {
          for (const _ of batch) ring.write("a");
          isNear(ringTail, gone + 3);
          while (ring.read(() => {}));
          gone += 3;
          isNear(ringHead, gone);
          ring.sendMany(batch.map(() => ({ address: heap.allocate(8) })));
          isNear(ringTail, gone + 3);
          gone += ring.receiveMany(batch);
          isNear(ringHead, gone);
          for (const { address } of batch) heap.deallocate(address);
        }
      });

      it("waits for space that a dead receiver has left uncounted", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 1 });
        for (let i = 0; i < 20; i++) {
          ring.write("a");
          const worker = another(heap);
          assert.equal(Ring.attach(worker, ring.handle).take()?.length, 1);
          assert.equal(ring.waitForSpace({ timeout: 5 }), true);
          heap.reap(worker.workerId);
          ring.read((bytes) => assert.equal(bytes[0], 97));
        }
      });

      it("gives back what a dead worker had taken, first, and not what it had received", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 4 });
        for (const text of ["a", "b", "c"]) ring.write(text);
        const worker = another(heap);
        const there = Ring.attach(worker, ring.handle);
        const first = there.receive()?.address as number;
        const { address } = there.take() as Message;
        assert.equal(heap.reap(worker.workerId).reaped, true);
        const message = ring.receive() as Message;
        assert.deepEqual([message.address, message.length], [address, 1]);
        assert.equal(heap.readText(message.address, 1), "b");
        assert.equal(heap.readText(ring.receive()?.address as number, 1), "c");
        assert.equal(ring.receive(), undefined);
        assert.equal(heap.readText(first, 1), "a");
        assert.deepEqual(heap.check(), []);
      });

      it("lets an object that was taken go on to another ring, and ends one that is done", () => {
        const heap = shared();
        const [from, to] = [new Ring(heap), new Ring(heap)];
        from.write("a");
        from.write("b");
        const worker = another(heap);
        const [source, target] = [Ring.attach(worker, from.handle), Ring.attach(worker, to.handle)];
        const { address, length } = source.take() as Message;
        assert.equal(target.send(address, length), true);
        // It is the other ring's by now.
        source.done();
        source.take();
        source.done();
        heap.reap(worker.workerId, { live: true });
        assert.equal(from.receive(), undefined);
        assert.equal(to.receive()?.address, address);
        heap.deallocate(address);
        for (const ring of [from, to]) ring.destroy();
        assert.deepEqual(heap.check(), []);
        assert.equal(heap.stats().liveObjects, 0);
      });

      it("gives nothing back of a worker that has received since", () => {
        const heap = shared();
        const ring = new Ring(heap);
        const messages: Message[] = [{ address: 0 as never, length: 0, tag: 0 }];
        for (const again of [
          (there: Ring) => there.receive(),
          (there: Ring) => there.receiveMany(messages),
        ]) {
          ring.write("a");
          ring.write("b");
          const worker = another(heap);
          const there = Ring.attach(worker, ring.handle);
          there.take();
          again(there);
          assert.equal(heap.reap(worker.workerId).reaped, true);
          assert.equal(ring.receive(), undefined);
        }
      });

      it("gives back what was taken by a worker that sent another object meanwhile", () => {
        const heap = shared();
        const [from, to] = [new Ring(heap), new Ring(heap)];
        from.write("a", 7);
        const worker = another(heap);
        const [source, target] = [Ring.attach(worker, from.handle), Ring.attach(worker, to.handle)];
        const { address } = source.take() as Message;
        assert.equal(target.write("b"), true);
        heap.reap(worker.workerId, { live: true });
        assert.equal(from.wait({ timeout: 5 }), true);
        const message = from.receive() as Message;
        assert.deepEqual([message.address, message.tag], [address, 7]);
        assert.equal(to.size, 1);
      });

      it("ends what is fresh before it sends many", () => {
        const heap = shared();
        const ring = new Ring(heap);
        const address = heap.allocate(64);
        ring.write("a");
        const fresh = kitOf(heap).allocate(64);
        assert.equal(ring.sendMany([{ address }]), 1);
        assert.equal(kitOf(heap).isLive(fresh), false);
        assert.equal(kitOf(heap).isLive(address), true);
      });

      it("is found by its name", () => {
        const heap = shared();
        const ring = new Ring(heap);
        heap.roots.set("requests", ring.handle);
        const other = another(heap);
        const found = other.roots.get("requests");
        assert.deepEqual(found, ring.handle);
        Ring.attach(other, found as typeof ring.handle).write("hello");
        assert.equal(ring.size, 1);
      });

      it("takes nothing when it is closed, and gives what it has", async () => {
        const heap = shared();
        const ring = new Ring(heap);
        ring.write("a");
        ring.close();
        assert.equal(
          codeOf(() => ring.write("b")),
          "ERR_DETACHED",
        );
        assert.equal(
          codeOf(() => ring.send(heap.allocate(8))),
          "ERR_DETACHED",
        );
        const texts: string[] = [];
        for await (const { address, length } of ring) {
          texts.push(heap.readText(address, length));
          heap.deallocate(address);
        }
        assert.deepEqual(texts, ["a"]);
        assert.equal(ring.wait(), true);
        assert.deepEqual(heap.check(), []);
      });

      it("waits no longer than it is told", async () => {
        const ring = new Ring(shared());
        assert.equal(ring.wait({ timeout: 5 }), false);
        assert.equal(await ring.ready({ timeout: 5 }), false);
        assert.equal(ring.waitForSpace({ timeout: 5 }), true);
        assert.equal(await ring.space({ timeout: 5 }), true);
        const full = new Ring(shared(), { capacity: 3 });
        while (full.write("a"));
        assert.equal(full.waitForSpace({ timeout: 5 }), false);
        assert.equal(await full.space({ timeout: 5 }), false);
        full.read(() => {});
        assert.equal(full.waitForSpace({ timeout: 5 }), true);
      });

      it("works in memory of one thread, which cannot wait", async () => {
        const heap = make({ engine, memory: "local" });
        const ring = new Ring(heap);
        assert.equal(
          codeOf(() => ring.wait({ timeout: 1 })),
          "ERR_INVALID_OPTION",
        );
        const ready = ring.ready();
        ring.write("a");
        assert.equal(await ready, true);
        assert.equal(
          ring.read(() => {}),
          true,
        );
      });

      it("refuses what is wrong, and writes nothing", () => {
        const heap = shared();
        const ring = new Ring(heap, { capacity: 2 });
        const other = another(heap);
        const own = heap.allocate(64);
        const foreign = other.allocate(64);
        const freed = heap.allocate(64);
        heap.deallocate(freed);
        ring.write("a");
        const wrong = (value: unknown) => value as never;
        const cases: [string, () => unknown][] = [
          ["ERR_INVALID_ADDRESS", () => ring.send(foreign)],
          ["ERR_INVALID_ADDRESS", () => ring.send(freed)],
          ["ERR_INVALID_ADDRESS", () => ring.send(own + 8, 0)],
          ["ERR_INVALID_ADDRESS", () => ring.send(wrong("1"))],
          ["ERR_INVALID_ADDRESS", () => ring.send(1)],
          ["ERR_INVALID_SIZE", () => ring.send(own, 100_000)],
          ["ERR_INVALID_SIZE", () => ring.send(own, -1)],
          ["ERR_INVALID_SIZE", () => ring.send(own, wrong("1"))],
          ["ERR_INVALID_OPTION", () => ring.send(own, 1, -1)],
          ["ERR_INVALID_OPTION", () => ring.send(own, 1, 2 ** 32)],
          ["ERR_INVALID_OPTION", () => ring.write(wrong(5))],
          ["ERR_INVALID_OPTION", () => ring.write("a", Number.NaN)],
          ["ERR_INVALID_OPTION", () => ring.wait({ timeout: -1 })],
          ["ERR_INVALID_OPTION", () => ring.wait(wrong({ time: 1 }))],
          ...[0, -1, 1.5, 2 ** 20 + 1, Number.NaN, "4", null].map((capacity): [string, () => unknown] => [
            "ERR_INVALID_OPTION",
            () => new Ring(heap, { capacity: wrong(capacity) }),
          ]),
          ["ERR_INVALID_OPTION", () => new Ring(heap, wrong({ size: 4 }))],
          ["ERR_INVALID_OPTION", () => new Ring(wrong({}))],
          ["ERR_INVALID_OPTION", () => new Ring(wrong(undefined))],
          ["ERR_INCOMPATIBLE_HEAP", () => Ring.attach(heap, wrong(undefined))],
          [
            "ERR_INCOMPATIBLE_HEAP",
            () => Ring.attach(heap, { kind: "records", address: ring.handle.address }),
          ],
          ["ERR_INVALID_ADDRESS", () => Ring.attach(heap, { kind: "ring", address: own })],
          ["ERR_INVALID_ADDRESS", () => Ring.attach(heap, { kind: "ring", address: 12 })],
        ];
        heap.u8.fill(255, own, own + 64);
        const { words } = heapOf(heap);
        const before = Int32Array.from(words);
        for (const [code, act] of cases) assert.equal(codeOf(act), code, act.toString());
        // A look at a capacity that is refused touches nothing.
        assert.deepEqual(Int32Array.from(words), before);
        assert.equal(ring.size, 1);
        assert.deepEqual(heap.check(), []);
        const [, message] = [ring.receive(), ring.receive()];
        assert.equal(message, undefined);
      });

      it("refuses what came after its end", () => {
        const heap = shared();
        const ring = new Ring(heap);
        const address = heap.allocate(8);
        const messages: Message[] = [{ address, length: 8, tag: 0 }];
        assert.equal(ring.receiveMany(messages), 0);
        heap.destroy();
        assert.equal(
          codeOf(() => ring.send(address)),
          "ERR_DETACHED",
        );
        assert.equal(
          codeOf(() => ring.receive()),
          "ERR_DETACHED",
        );
        for (const call of [() => ring.sendMany(messages), () => ring.receiveMany(messages)])
          assert.equal(codeOf(call), "ERR_DETACHED");
        assert.equal(
          codeOf(() => ring.write("a")),
          "ERR_DETACHED",
        );
      });
    });
  }

it("a ring too large for the objects of a heap is refused", () => {
  const heap = new SlabAllocator({ capacity: 4 << 20 });
  assert.equal(
    codeOf(() => new Ring(heap, { capacity: 4096 })),
    "ERR_INVALID_SIZE",
  );
  const pool = new MemoryPool({ capacity: 64 << 20 });
  const ring = new Ring(pool, { capacity: 2 ** 20 });
  for (let i = 0; i < 3000; i++) assert.equal(ring.write("message", i), true);
  for (let i = 0; i < 3000; i++) ring.read((_, tag) => assert.equal(tag, i));
  ring.destroy();
  assert.equal(pool.stats().liveObjects, 0);
});
