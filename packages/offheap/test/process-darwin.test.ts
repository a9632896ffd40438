// macOS's half of shared files, on Linux: its numbers and records go through the trial, and a heap is shared by them with a process
// that makes Linux's calls. That macOS does what its headers say, no test here shows.

import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { loadOs, type Os } from "offheap/os";
import { closeHeap, fileOf, openHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import { type Native, withNative } from "#src/os/native.js";
import { darwinNumbers, darwinPlatform } from "#src/os/process-darwin.js";
import { lockCalls, processesBy } from "#src/os/processes.js";
import { expectCode } from "./support/heaps.ts";
import { pretendDarwin, startMicroseconds, startSeconds } from "./support/pretend-darwin.ts";
import { startProcess, testFolder } from "./support/processes.ts";

const os = loadOs();
const skip = process.platform === "linux" && os.processes.available ? false : "Linux, with a way to call C";
const folder = skip === false ? testFolder() : "";
const capacity = 2 * 2 ** 20;
const architecture = process.arch;

function nativeOf(): Native {
  const found = withNative((native) => native);
  assert.ok(typeof found !== "string", String(found));
  return found;
}

function setArchitecture(name: string): void {
  Object.defineProperty(process, "arch", { value: name, configurable: true, enumerable: true });
}

afterEach(() => setArchitecture(architecture));

function darwinOs() {
  const { native, asked } = pretendDarwin(nativeOf());
  const processes = processesBy(native, darwinPlatform);
  return { os: { ...os, processes } as Os, processes, asked };
}

describe("macOS's calls, made on Linux", { skip }, () => {
  for (const [arch, count] of [
    ["x64", 3],
    // Two registers have what fcntl names, six are filled, and the ninth argument is on the stack.
    ["arm64", 9],
  ] as const)
    it(`pass the trial that decides whether they are there: ${arch}`, () => {
      setArchitecture(arch);
      const { processes, asked } = darwinOs();
      assert.equal(processes.available, true, processes.reason);
      assert.match(processes.reason, /^mmap and F_OFD_SETLK, not tested on macOS, through /);
      assert.deepEqual([...asked.fcntlArguments], [count]);
      assert.deepEqual(asked.sysctls, ["kern.bootsessionuuid\0", [1, 14, 1, process.pid]]);
      const { calls } = processes;
      assert.equal(calls?.self.pid, process.pid);
      const started =
        (Number(startSeconds % 2n ** 21n) * 1000 + Math.floor(startMicroseconds / 1000)) % 2 ** 31;
      assert.equal(calls?.self.started, started);
      assert.ok((calls?.self.boot ?? 0) > 0);
      assert.equal(calls?.sleep, undefined);
      assert.equal(calls?.wake, undefined);
    });

  it("are refused, with a reason, where one is missing or does nothing", () => {
    const { native } = pretendDarwin(nativeOf());
    const without = (name: string, instead?: () => number): Native => ({
      ...native,
      bind: (wanted, kinds) => {
        if (wanted !== name) return native.bind(wanted, kinds);
        if (instead === undefined) throw new Error(`no ${name}`);
        return instead;
      },
    });
    for (const [broken, why] of [
      [without("mmap"), /no mmap/],
      [without("mmap", () => -1), /mmap over a WebAssembly.Memory/],
      [without("mmap", () => 0), /did not show its bytes/],
      [without("pread", () => -1), /descriptors of its own/],
      [without("fcntl", () => -1), /fcntl duplicated no descriptor/],
    ] as const) {
      const { available, reason, calls } = processesBy(broken, darwinPlatform);
      assert.equal(available, false);
      assert.match(reason, why);
      assert.equal(calls, undefined);
    }
  });

  it("share a heap with a process, and tell its death", async () => {
    const { os: darwin, asked } = darwinOs();
    asked.reserved.length = 0;
    const path = join(folder, "shared.heap");
    const first = openHeap(path, { capacity, maxWorkers: 8, live: true, os: darwin });
    assert.equal(fileOf(first).was, "new");
    closeHeap(first);
    const heap = openHeap(path, { os: darwin });
    assert.equal(fileOf(heap).was, "closed");
    assert.ok((asked.reserved[0] as number) >= capacity, "its space is set aside");
    expectCode("ERR_HEAP_BUSY", () => openHeap(path, { os: darwin }));
    const other = startProcess({ role: "hold", path, count: 3 });
    await other.next();
    assert.equal(heap.processes().length, 2);
    heap.cleanup();
    assert.equal(heap.stats().workers.length, 2);
    await other.kill();
    assert.equal(heap.processes().length, 1);
    heap.cleanup();
    assert.equal(heap.stats().workers.length, 1);
    assert.equal(heap.stats().liveObjects, 0);
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
  });

  it("wait at a ring without a call that sleeps", async () => {
    const path = join(folder, "rings.heap");
    const heap = openHeap(path, { capacity, maxWorkers: 8, live: true, os: darwinOs().os });
    const rings = ["to", "from"].map((name) => {
      const ring = new Ring(heap, { capacity: 4 });
      heap.roots.set(name, ring.handle);
      return ring;
    });
    const [to, from] = rings as [Ring, Ring];
    assert.equal(from.wait({ timeout: 5 }), false);
    const other = startProcess({ role: "echo", path });
    assert.equal(await other.next(), "begun");
    for (let i = 0; i < 20; i++) {
      to.write("there", i);
      assert.equal(from.wait(), true);
      const message = from.receive();
      assert.equal(message?.tag, i + 1);
      heap.deallocate(message?.address as never);
    }
    to.close();
    assert.equal(await other.end, 0);
    closeHeap(heap);
  });
});

it("a lock of macOS is a record of its own layout", () => {
  const seen: [number, number, string][] = [];
  let found = darwinNumbers.noLock;
  const buffers: ArrayBufferLike[] = [];
  const native = { addressOf: (buffer: ArrayBufferLike) => BigInt(buffers.push(buffer) - 1) } as Native;
  const fcntl = (descriptor: number, command: number, address: bigint) => {
    const bytes = Buffer.from(buffers[Number(address)] as ArrayBuffer);
    seen.push([descriptor, command, bytes.toString("hex")]);
    if (command === 92) bytes.writeInt16LE(found, 20);
    return 0;
  };
  const { lock, unlock, isLocked } = lockCalls(native, fcntl, darwinNumbers);
  assert.equal(lock(5, 126), true);
  unlock(5, 126);
  assert.equal(isLocked(5, 3), false);
  found = darwinNumbers.writeLock;
  assert.equal(isLocked(5, 3), true);
  //          start            length           process  type whence
  assert.deepEqual(seen, [
    [5, 90, "7e00000000000000" + "0100000000000000" + "00000000" + "0300" + "0000"],
    [5, 90, "7e00000000000000" + "0100000000000000" + "00000000" + "0200" + "0000"],
    [5, 92, "0300000000000000" + "0100000000000000" + "00000000" + "0300" + "0000"],
    [5, 92, "0300000000000000" + "0100000000000000" + "00000000" + "0300" + "0000"],
  ]);
});
