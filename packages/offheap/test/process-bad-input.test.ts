// What can be wrong with a heap's file, its path, its options, and its space: each a typed error, and the file as it was.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ErrorCode, MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { loadOs, type Os } from "offheap/os";
import { closeHeap, fileOf, handleIn, openHeap, openMemory, removeHeap } from "offheap/process";
import { reserveMemory } from "#src/memory/block.js";
import { expectCode, heapOf } from "./support/heaps.ts";
import { pretendOs } from "./support/pretend-os.ts";
import { startProcess, testFolder } from "./support/processes.ts";
import { Random, runSeed } from "./support/random.ts";

const os = loadOs();
const calls = os.processes.calls;
const skip = calls === undefined ? os.processes.reason : false;
const folder = skip === false ? testFolder() : "";
const mib = 2 ** 20;
const capacity = 2 * mib;
let files = 0;
const newPath = () => join(folder, `${++files}.heap`);
type Options = Parameters<typeof openHeap>[1];

/** The call fails, and the file is what it was. */
function refuses(code: ErrorCode, path: string, options: Options = { capacity }, why?: RegExp): void {
  const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
  const error = expectCode(code, () => openHeap(path, options));
  if (why !== undefined) assert.match(error.message, why);
  if (before === undefined) return;
  assert.ok(readFileSync(path).equals(before), "the file was written");
}

/** A file with a heap that was closed in order. */
function closedFile(options: Options = {}): string {
  const path = newPath();
  const heap = openHeap(path, { capacity, ...options });
  heap.allocate(100);
  closeHeap(heap);
  return path;
}

/** The operating system, with some calls replaced. */
function osWith(changes: Partial<NonNullable<typeof calls>>): Os {
  return {
    ...os,
    processes: { ...os.processes, calls: { ...calls, ...changes } as NonNullable<typeof calls> },
  };
}

describe("a path", { skip }, () => {
  it("that is none", () => {
    for (const path of [undefined, 5, null, "", "a\0b", {}, "x".repeat(5000)])
      refuses("ERR_INVALID_OPTION", path as string);
  });

  it("that leads nowhere", () => {
    const path = newPath();
    refuses("ERR_INVALID_OPTION", path, {}, /it is not there/);
    expectCode("ERR_INVALID_OPTION", () => openMemory(path));
    assert.equal(existsSync(path), false);
    refuses("ERR_OS_UNAVAILABLE", join(folder, "no", "such", "folder"), { capacity }, /ENOENT/);
    refuses("ERR_INVALID_OPTION", join(closedFile(), "below-a-file"));
  });

  it("that leads to a directory, a symbolic link, a device", () => {
    refuses("ERR_INVALID_OPTION", folder, { capacity }, /directory/);
    const link = newPath();
    symlinkSync(closedFile(), link);
    refuses("ERR_INVALID_OPTION", link, { capacity }, /symbolic link/);
    refuses("ERR_INVALID_OPTION", "/dev/null", { capacity }, /no regular file/);
    expectCode("ERR_INVALID_OPTION", () => removeHeap(link));
    expectCode("ERR_INVALID_OPTION", () => removeHeap(folder));
  });

  it("to a file of another user, or without permission", () => {
    const path = closedFile();
    const self = { ...(calls as NonNullable<typeof calls>).self, user: 4711 };
    refuses("ERR_INVALID_OPTION", path, { os: osWith({ self }) }, /belongs to user/);
    const refusal = { code: "EACCES", message: "EACCES: permission denied" };
    refuses("ERR_OS_UNAVAILABLE", path, { os: osWith({ open: () => refusal }) }, /EACCES/);
    if (process.geteuid?.() === 0) return;
    chmodSync(path, 0o400);
    refuses("ERR_OS_UNAVAILABLE", path, {}, /EACCES/);
  });

  it("on a file system without mmap, which stays as it was", { skip: !existsSync("/proc/self/comm") }, () => {
    const before = readFileSync("/proc/self/comm", "utf8");
    refuses("ERR_INCOMPATIBLE_HEAP", "/proc/self/comm", { capacity });
    assert.equal(readFileSync("/proc/self/comm", "utf8"), before);
    const path = newPath();
    refuses("ERR_OS_UNAVAILABLE", path, { capacity, os: osWith({ map: () => false }) }, /be mapped/);
    assert.equal(existsSync(path), false);
    refuses("ERR_OS_UNAVAILABLE", closedFile(), { os: osWith({ map: () => false }) }, /be mapped/);
  });
});

describe("a file", { skip }, () => {
  it("of zeros, of random bytes, of text, short or long", () => {
    const random = new Random(runSeed());
    for (const length of [1, 63, 64, 65_536, capacity + 65_536])
      for (const fill of [() => 0, () => random.below(256), () => 65]) {
        const path = newPath();
        writeFileSync(path, Uint8Array.from({ length }, fill));
        refuses("ERR_INCOMPATIBLE_HEAP", path);
        if (length > 3) expectCode("ERR_INCOMPATIBLE_HEAP", () => removeHeap(path));
      }
  });

  it("that is empty is made a heap", () => {
    const path = newPath();
    writeFileSync(path, "");
    refuses("ERR_INVALID_OPTION", path, {}, /no heap in it yet/);
    const heap = openHeap(path, { capacity });
    assert.equal(fileOf(heap).was, "new");
    closeHeap(heap);
  });

  it("of a heap cut short, or longer than it was", () => {
    for (const bytes of [63, 64, 4096, 65_536, capacity, capacity + 65_535, capacity + 65_537]) {
      const path = closedFile();
      truncateSync(path, bytes);
      refuses("ERR_INCOMPATIBLE_HEAP", path, {}, /bytes/);
      assert.equal(removeHeap(path), true);
    }
  });

  it("of another version, another order of bytes, or with a damaged header", () => {
    const damages: [word: number, value: number, why: RegExp][] = [
      [1, 99, /version 99/],
      [2, 0x04030201, /order of bytes/],
      [3, 7, /damaged/],
      [4, 0, /damaged/],
      [5, 9, /damaged/],
      [6, 1, /layout version 1/],
      [0, 0x4f465046, /order of bytes/],
    ];
    for (const [word, value, why] of damages) {
      const path = closedFile();
      const bytes = readFileSync(path);
      bytes.writeInt32LE(value, word * 4);
      writeFileSync(path, bytes);
      refuses("ERR_INCOMPATIBLE_HEAP", path, {}, why);
    }
    const path = closedFile();
    const bytes = readFileSync(path);
    bytes.fill(255, 65_536, 65_536 + 64);
    writeFileSync(path, bytes);
    refuses("ERR_INCOMPATIBLE_HEAP", path, {});
  });

  it("whose heap is broken is refused, when its check is asked for", () => {
    const path = newPath();
    const heap = openHeap(path, { capacity });
    const { layout } = heapOf(heap as unknown as SlabAllocator);
    closeHeap(heap);
    const bytes = readFileSync(path);
    bytes.writeInt32LE(0x7ff, 65_536 + layout.claimsAt * 4);
    writeFileSync(path, bytes);
    expectCode("ERR_CORRUPT_HEAP", () => openHeap(path, { check: true }));
    const unchecked = openHeap(path);
    assert.ok(unchecked.check().length > 0);
    closeHeap(unchecked);
  });

  it("that a process has been making for too long", async () => {
    const path = newPath();
    writeFileSync(path, "");
    const descriptor = calls?.open(path, false) as number;
    assert.equal(calls?.lock(descriptor, 0), true);
    refuses("ERR_HEAP_BUSY", path, { capacity, timeout: 20 }, /20 ms/);
    const waiting = startProcess({ role: "tell", path, capacity });
    await new Promise((resolve) => setTimeout(resolve, 200));
    calls?.close(descriptor);
    assert.deepEqual(await waiting.next(), { was: "new", live: 0 });
  });

  it("replaced while it was open: each process goes on with the one it has", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity, maxWorkers: 8, live: true });
    renameSync(path, `${path}.old`);
    const other = startProcess({ role: "tell", path, capacity });
    assert.deepEqual(await other.next(), { was: "new", live: 0 });
    const again = startProcess({ role: "tell", path: `${path}.old` });
    assert.deepEqual(await again.next(), { was: "in use", live: 0 });
    await again.end;
    closeHeap(heap);
  });

  it("that six processes open at once, before any has made it, is one", async () => {
    const path = newPath();
    const crowd = Array.from({ length: 6 }, () => startProcess({ role: "hold", path, capacity: 16 * mib }));
    const told = await Promise.all(crowd.map((each) => each.next<{ workerId: number }>()));
    assert.equal(new Set(told.map((each) => each?.workerId)).size, 6);
    for (const { child } of crowd) child.stdin?.end();
    assert.deepEqual(await Promise.all(crowd.map(({ end }) => end)), [0, 0, 0, 0, 0, 0]);
  });
});

describe("options", { skip }, () => {
  it("that are none, or that no call knows", () => {
    const path = newPath();
    const wrong: Record<string, unknown>[] = [
      { kind: "map" },
      { capacity: "1" },
      { capacity: 2 ** 32 },
      { capacity: 65_536 },
      { capacity, maxWorkers: 0 },
      { maxWorkers: 200 },
      { capacity, sizeClasses: [7] },
      { capacity, cleanupInterval: -1 },
      { capacity, engine: "fast" },
      { capacity, check: 1 },
      { capacity, live: "yes" },
      { capacity, timeout: -1 },
      { capacity, os: {} },
      { capacity, hugePages: true },
      { size: capacity },
    ];
    for (const options of wrong) refuses("ERR_INVALID_OPTION", path, options as Options);
    for (const options of [null, 5, "x", []]) refuses("ERR_INVALID_OPTION", path, options as never);
    for (const bytes of [0, 1, 2 ** 32, "1", 65_537])
      expectCode("ERR_INVALID_OPTION", () => openMemory(path, { bytes: bytes as number }));
    assert.equal(existsSync(path), false);
  });

  it("that differ from the file's", () => {
    const path = closedFile({ maxWorkers: 5, cleanupInterval: 50 });
    for (const [options, why] of [
      [{ capacity: 2 * capacity }, /capacity/],
      [{ maxWorkers: 6 }, /maxWorkers is 5, and 6/],
      [{ cleanupInterval: 51 }, /cleanupInterval/],
      [{ sizeClasses: SizeClasses.powersOfTwo }, /sizeClasses/],
      [{ live: true }, /live is false, and true/],
      [{ kind: "slab" }, /kind is "pool", and "slab"/],
    ] as [Options, RegExp][])
      refuses("ERR_INCOMPATIBLE_HEAP", path, options, why);
    const fitting = { capacity: capacity + 1, maxWorkers: 5, cleanupInterval: 50, live: false };
    closeHeap(openHeap(path, { ...fitting, sizeClasses: SizeClasses.fine }));
    expectCode("ERR_INCOMPATIBLE_HEAP", () => openMemory(path, { bytes: 65_536 }));
  });

  it("that are null are not given: no file is made, and what is there fits", () => {
    const path = newPath();
    const none = { capacity: null, maxWorkers: null, cleanupInterval: null, sizeClasses: null } as unknown;
    refuses("ERR_INVALID_OPTION", path, none as Options, /it is not there/);
    assert.equal(existsSync(path), false);
    closeHeap(openHeap(path, { capacity, maxWorkers: 8, cleanupInterval: 5, sizeClasses: [64] }));
    closeHeap(openHeap(path, none as Options));
  });

  it("of an operating system that cannot", () => {
    refuses("ERR_OS_UNAVAILABLE", newPath(), { capacity, os: pretendOs() }, /not even pretended/);
  });
});

describe("space", { skip }, () => {
  it("that is not to be had leaves no file", () => {
    const path = newPath();
    for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
      const reserve = () => ({ code, message: `${code}: no space` });
      refuses("ERR_OUT_OF_MEMORY", path, { capacity, os: osWith({ reserve }) });
      assert.equal(existsSync(path), false);
    }
    const heap = openHeap(path, { capacity });
    assert.equal(fileOf(heap).was, "new");
    closeHeap(heap);
  });

  it("beyond a full file system is an error at once", {
    skip: process.geteuid?.() !== 0 && "mounting",
  }, (test) => {
    const mount = join(folder, "small");
    mkdirSync(mount);
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", mount]);
    if (status !== 0) {
      test.diagnostic("no file system could be mounted: only the pretended refusals were tried");
      return;
    }
    try {
      refuses("ERR_OUT_OF_MEMORY", join(mount, "a.heap"), { capacity: 8 * mib }, /ENOSPC/);
      const heap = openHeap(join(mount, "b.heap"), { capacity: 2 * mib });
      closeHeap(heap);
    } finally {
      spawnSync("umount", [mount]);
    }
  });
});

describe("a file that is open", { skip }, () => {
  it("in this process is not opened twice", () => {
    const path = newPath();
    const heap = openHeap(path, { capacity });
    expectCode("ERR_HEAP_BUSY", () => openHeap(path));
    expectCode("ERR_HEAP_BUSY", () => openHeap(path));
    assert.equal(heap.processes().length, 1);
    closeHeap(heap);
    closeHeap(heap);
    closeHeap(openHeap(path));
  });

  it("by as many processes as there are places takes no more", () => {
    const path = closedFile();
    const descriptor = calls?.open(path, false) as number;
    for (let number = 1; number <= 126; number++) assert.equal(calls?.lock(descriptor, number), true);
    refuses("ERR_TOO_MANY_WORKERS", path, {}, /126 processes/);
    calls?.unlock(descriptor, 17);
    const heap = openHeap(path);
    assert.equal(heap.processes()[0]?.process, 17);
    closeHeap(heap);
    calls?.close(descriptor);
  });

  it("by more workers than the heap has places", async () => {
    const path = newPath();
    const heap = openHeap(path, { capacity, maxWorkers: 1 });
    const other = startProcess({ role: "tell", path });
    assert.equal((await other.next<{ code: string }>())?.code, "ERR_INCOMPATIBLE_HEAP");
    expectCode("ERR_TOO_MANY_WORKERS", () => MemoryPool.attach(heap.handle));
    closeHeap(heap);
  });
});

describe("what is closed", { skip }, () => {
  it("must show a file", () => {
    const memory = reserveMemory("shared", 4 * 65_536);
    for (const target of [memory, new SlabAllocator({ capacity: mib, maxWorkers: 2 }), {}, null, 5]) {
      expectCode("ERR_INVALID_OPTION", () => closeHeap(target as never));
      expectCode("ERR_INVALID_OPTION", () => fileOf(target as never));
    }
    expectCode("ERR_INVALID_OPTION", () => handleIn(memory));
    for (const path of [undefined, "", 5]) expectCode("ERR_INVALID_OPTION", () => removeHeap(path as string));
  });
});
