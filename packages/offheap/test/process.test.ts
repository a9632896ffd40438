// One heap for several processes: opened, shared, closed; the death of a process, told by the kernel.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { MemoryPool, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { closeHeap, fileOf, handleIn, heapOffset, openHeap, openMemory, removeHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import { expectCode } from "./support/heaps.ts";
import { startProcess, testFolder } from "./support/processes.ts";
import { assertZeroResidue } from "./support/residue.ts";

const os = loadOs();
const skip = os.processes.available ? false : os.processes.reason;
const folder = skip === false ? testFolder() : "";
const noTrack = "deno" in process.versions && "track refuses on Deno";
const mib = 2 ** 20;
let files = 0;
const newPath = () => join(folder, `${++files}.heap`);

it("is there on Linux, where koffi is installed for this repository", {
  skip: process.platform !== "linux",
}, () => {
  assert.ok(os.processes.available, os.processes.reason);
});

describe("openHeap", { skip }, () => {
  for (const kind of ["pool", "slab"] as const)
    it(`makes a file, and finds in it later what was in it: ${kind}`, () => {
      const path = newPath();
      const options = { capacity: 8 * mib, maxWorkers: 4, live: true };
      const open = () => (kind === "pool" ? openHeap(path, options) : openHeap(path, { ...options, kind }));
      const first = open();
      assert.equal(fileOf(first).was, "new");
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.ok(statSync(path).blocks * 512 >= 8 * mib, "its space is set aside");
      const kept = first.allocate(1000);
      first.u8.fill(77, kept, kept + 1000);
      first.disown(kept);
      first.roots.set("kept", { kind: "bytes", address: kept });
      closeHeap(first);
      const second = open();
      assert.deepEqual(fileOf(second), { path, was: "closed" });
      const found = second.roots.get("kept");
      assert.equal(found?.address, kept);
      assert.ok(second.u8.subarray(kept, kept + 1000).every((byte) => byte === 77));
      second.roots.delete("kept");
      second.deallocate(kept);
      assert.deepEqual(second.check(), []);
      assertZeroResidue(second as SlabAllocator);
      closeHeap(second);
    });

  it("needs no capacity where there is a file, and checks it when it is asked to", () => {
    const path = newPath();
    closeHeap(openHeap(path, { capacity: 4 * mib }));
    const heap = openHeap(path, { check: true, os });
    assert.equal(heap.stats().capacity, 4 * mib);
    closeHeap(heap);
  });

  it("serves the threads of a process by the heap's handle", async () => {
    const heap = openHeap(newPath(), { capacity: 8 * mib, maxWorkers: 4 });
    const code = `const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.offheap).then(({ MemoryPool }) => {
        const heap = MemoryPool.attach(workerData.handle);
        const address = heap.allocate(64);
        heap.u32[address / 4] = 4711;
        parentPort.postMessage([address, heap.workerId, heap.processes().length]);
        parentPort.once("message", () => { heap.detach(); parentPort.postMessage("left"); });
      });`;
    const workerData = { handle: heap.handle, offheap: new URL("../dist/index.js", import.meta.url).href };
    const worker = new Worker(code, { eval: true, execArgv: [], workerData });
    const [[address, id, count]] = (await once(worker, "message")) as [[number, number, number]];
    assert.equal(heap.u32[address / 4], 4711);
    assert.equal(count, 1);
    const [own] = heap.processes();
    assert.deepEqual(own?.workers, [heap.workerId, id]);
    assert.equal(own?.liveObjects, 1);
    assert.equal(heap.stats().workers[1]?.threadId, worker.threadId);
    expectCode("ERR_HEAP_BUSY", () => closeHeap(heap));
    assert.equal(heap.sizeOf(address as never), 64);
    worker.postMessage("leave");
    await once(worker, "message");
    closeHeap(heap);
    expectCode("ERR_DETACHED", () => MemoryPool.attach(workerData.handle));
    await worker.terminate();
  });

  it("lets track look after a thread, as in any heap", { skip: noTrack }, async () => {
    const heap = openHeap(newPath(), { capacity: 8 * mib, maxWorkers: 2 });
    const code = `const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.offheap).then(({ MemoryPool }) => {
        const heap = MemoryPool.attach(workerData.handle);
        heap.allocate(64);
        parentPort.postMessage(heap.workerId);
      });`;
    const workerData = { handle: heap.handle, offheap: new URL("../dist/index.js", import.meta.url).href };
    const worker = new Worker(code, { eval: true, execArgv: [], workerData });
    const [id] = (await once(worker, "message")) as [number];
    heap.track(worker);
    await worker.terminate();
    assert.equal(heap.reap(id as never).reaped, false);
    assert.equal(heap.stats().workers.length, 1);
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
  });

  it("gives no page of the file back, and no huge ones", () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 8 * mib });
    const address = heap.allocate(mib);
    heap.u8.fill(9, address, address + mib);
    heap.deallocate(address);
    assert.equal(heap.cleanup({ all: true }).decommittedBytes, 0);
    const again = heap.allocate(mib, { zeroed: true });
    assert.ok(heap.u8.subarray(again, again + mib).every((byte) => byte === 0));
    assert.ok(statSync(path).blocks * 512 >= 8 * mib);
    heap.destroy();
    assert.ok(statSync(path).blocks * 512 >= 8 * mib);
    closeHeap(heap);
    expectCode("ERR_DETACHED", () => openHeap(path));
  });
});

describe("openMemory", { skip }, () => {
  it("is a memory for a heap of its user's", () => {
    const path = newPath();
    const memory = openMemory(path, { bytes: 4 * mib });
    assert.equal(memory.buffer.byteLength, heapOffset + 4 * mib);
    expectCode("ERR_INVALID_OPTION", () => new MemoryPool({ memory }));
    expectCode("ERR_INVALID_OPTION", () => new MemoryPool({ memory, offset: 2 * heapOffset }));
    const huge = { ...os, hugePages: { available: true, reason: "pretended" } };
    expectCode("ERR_OS_UNAVAILABLE", () => {
      new MemoryPool({ memory, offset: heapOffset, os: huge, hugePages: true });
    });
    const heap = new MemoryPool({ memory, offset: heapOffset, maxWorkers: 2, os });
    assert.equal(heap.cleanup({ all: true }).decommittedBytes, 0);
    assert.equal(heap.processes().length, 1);
    const second = MemoryPool.attach(handleIn(memory), { os });
    const address = second.allocate(50_000);
    heap.u8[address] = 3;
    second.detach();
    closeHeap(heap);
    const again = openMemory(path);
    expectCode("ERR_HEAP_BUSY", () => new SlabAllocator({ memory: again, offset: heapOffset }));
    const third = MemoryPool.attach(handleIn(again));
    assert.equal(third.u8[address], 3);
    expectCode("ERR_HEAP_BUSY", () => closeHeap(again));
    third.detach();
    closeHeap(again);
    closeHeap(again);
    expectCode("ERR_INCOMPATIBLE_HEAP", () => openHeap(path));
  });
});

describe("several processes", { skip }, () => {
  it("are told, each with its workers and objects, and no more once they have ended", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 8 * mib, maxWorkers: 8, live: true });
    const before = Date.now();
    const others = [1, 2].map((count) => startProcess({ role: "hold", path, count }));
    const told = await Promise.all(others.map((each) => each.next<{ workerId: number; pid: number }>()));
    const listed = heap.processes();
    assert.equal(listed.length, 3);
    for (const [i, one] of told.entries()) {
      const entry = listed.find(({ pid }) => pid === one?.pid);
      assert.deepEqual(entry?.workers, [one?.workerId]);
      assert.equal(entry?.liveObjects, i + 1);
      assert.equal(entry?.isSelf, false);
      assert.ok((entry?.since ?? 0) > before - 60_000 && (entry?.since ?? 0) <= Date.now());
    }
    const [first, second] = others as [(typeof others)[0], (typeof others)[0]];
    first.child.stdin?.end();
    assert.equal(await first.end, 0);
    assert.equal(heap.processes().length, 2);
    assert.equal(heap.stats().workers.length, 2);
    await second.kill();
    assert.equal(heap.processes().length, 1);
    heap.cleanup();
    assert.equal(heap.stats().workers.length, 1);
    // One of the first, which closed the file in order; two of the second were freed, as the file says.
    assert.equal(heap.stats().liveObjects, 1);
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
  });

  it("are alive while they are stopped, and block nobody", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 8 * mib, maxWorkers: 8, live: true });
    const other = startProcess({ role: "storm", path });
    assert.equal(await other.next(), "begun");
    for (let i = 0; i < 20; i++) {
      other.signal("SIGSTOP");
      const address = heap.allocate(100 + i * 3000);
      heap.deallocate(address);
      heap.cleanup({ all: true });
      assert.equal(heap.stats().workers.length, 2);
      other.signal("SIGCONT");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    other.signal("SIGSTOP");
    await other.kill();
    heap.cleanup();
    assert.equal(heap.stats().workers.length, 1);
    assert.equal(heap.stats().liveObjects, 0);
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
  });

  it("wake each other at rings", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 8 * mib, maxWorkers: 8, live: true });
    const rings = ["to", "from"].map((name) => {
      const ring = new Ring(heap, { capacity: 4 });
      heap.roots.set(name, ring.handle);
      return ring;
    });
    const [to, from] = rings as [Ring, Ring];
    const other = startProcess({ role: "echo", path });
    assert.equal(await other.next(), "begun");
    for (let i = 0; i < 200; i++) {
      to.write(`message ${i}`, i);
      if (i % 2 === 0) assert.equal(from.wait(), true);
      else assert.equal(await from.ready(), true);
      const message = from.receive();
      assert.equal(message?.tag, i + 1);
      heap.deallocate(message?.address as never);
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(from.wait({ timeout: 5 }), false);
    to.close();
    assert.equal(await other.end, 0);
    closeHeap(heap);
  });

  it("bring a message back that one of them died with, to who waits for it", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 8 * mib, maxWorkers: 8, live: true });
    const ring = new Ring(heap);
    heap.roots.set("ring", ring.handle);
    ring.write("kept", 5);
    const other = startProcess({ role: "take", path });
    assert.deepEqual(await other.next(), { tag: 5 });
    assert.equal(ring.receive(), undefined);
    await other.kill();
    assert.equal(ring.wait(), true);
    assert.equal(ring.receive()?.tag, 5);
    closeHeap(heap);
  });

  it("find what was there when all were killed, and go on", async () => {
    const path = newPath();
    const counts: number[] = [];
    for (let run = 0; run < 5; run++) {
      const program = startProcess({ role: "count", path, capacity: 4 * mib });
      counts.push((await program.next<number>()) as number);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await program.kill();
    }
    const heap = openHeap(path, { check: true });
    assert.equal(fileOf(heap).was, "killed");
    assert.equal(heap.stats().workers.length, 1);
    assert.ok(
      counts.every((count, i) => i === 0 || count >= (counts[i - 1] as number)),
      String(counts),
    );
    assert.ok((counts[4] as number) > 0);
    closeHeap(heap);
    const again = openHeap(path);
    assert.equal(fileOf(again).was, "closed");
    closeHeap(again);
  });

  it("are told apart from a machine that went down", () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 4 * mib });
    const bytes = new Uint8Array(statSync(path).size);
    os.processes.calls?.read(os.processes.calls.open(path, false) as number, bytes);
    closeHeap(heap);
    const image = newPath();
    // As a disk would have it: the entry stands, and the number of the machine's start is another.
    bytes[28] = (bytes[28] as number) ^ 1;
    writeFileSync(image, bytes);
    const after = openHeap(image, { check: true });
    assert.equal(fileOf(after).was, "crashed");
    assert.deepEqual(after.check(), []);
    closeHeap(after);
  });
});

describe("removeHeap", { skip }, () => {
  it("takes the name away; who has the heap open keeps it", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity: 4 * mib, maxWorkers: 8, live: true });
    const address = heap.allocate(100);
    assert.equal(removeHeap(path), true);
    assert.equal(existsSync(path), false);
    assert.equal(removeHeap(path), false);
    const other = startProcess({ role: "tell", path, capacity: 4 * mib });
    assert.deepEqual(await other.next(), { was: "new", live: 0 });
    assert.equal(await other.end, 0);
    heap.deallocate(address);
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
    // The path leads to the other's now.
    const found = openHeap(path);
    assert.equal(fileOf(found).was, "closed");
    closeHeap(found);
  });
});
