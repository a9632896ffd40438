// Hosts that refuse a memory, each in a process of its own: a limit on virtual memory, no WebAssembly, a browser's page
// without cross-origin isolation.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

const library = (path: string) => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href);
const mib = 2 ** 20;

/** What a program prints as JSON. `limit`: KiB of virtual memory, by the shell. */
function runChild<T>(code: string, { flags = [] as string[], limit = 0 } = {}): T {
  const node = [process.execPath, ...flags, "--input-type=module", "-e", code];
  const shell = ["-c", `ulimit -v ${limit}; exec "$@"`, "sh", ...node];
  const [command, ...args] = (limit === 0 ? node : ["sh", ...shell]) as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as T;
}

interface Use {
  /** What the engine grants by itself. */
  readonly shared: boolean;
  readonly local: boolean;
  readonly heaps: {
    readonly memory: string;
    readonly violations: number;
    readonly right: boolean;
    readonly hasHandle: boolean;
    readonly canDecommit: boolean;
    readonly full: number;
    readonly given: number;
    readonly left: number;
  }[];
}

/** Heaps of every kind, used, emptied, and given back to the OS where it can take them. */
const use = `
  const grants = (shared) => {
    try { new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared }); return true; } catch { return false; }
  };
  const { SlabAllocator, MemoryPool } = await import(${library("index.js")});
  const { loadOs } = await import(${library("os/index.js")});
  const os = loadOs();
  const heaps = [];
  for (const Allocator of [SlabAllocator, MemoryPool])
    for (const kind of ["shared", "local"]) {
      const heap = new Allocator({ capacity: ${64 * mib}, memory: kind, maxWorkers: 4, os });
      const objects = Array.from({ length: 3000 }, () => heap.allocate(8192));
      objects.forEach((at, i) => heap.u8.fill(i, at, at + 8192));
      let right = objects.every((at, i) => heap.u8[at] === (i & 255) && heap.u8[at + 8191] === (i & 255));
      let hasHandle = false;
      try {
        const joined = Allocator.attach(structuredClone(heap.handle));
        right &&= joined.u8[objects[9]] === 9;
        joined.detach();
        hasHandle = true;
      } catch (error) {
        right &&= error.code === "ERR_INVALID_OPTION";
      }
      const canDecommit = os.decommit.available && os.residency.available;
      const full = canDecommit ? heap.residency().total : 0;
      for (const at of objects) heap.deallocate(at);
      const given = heap.cleanup({ all: true }).decommittedBytes;
      const left = canDecommit ? heap.residency().total : 0;
      const again = heap.allocate(8192);
      right &&= !canDecommit || heap.u8.subarray(again, again + 8192).every((byte) => byte === 0);
      heap.deallocate(again);
      const { memory } = heap.stats();
      heaps.push({ memory, violations: heap.check().length, right, hasHandle, canDecommit, full, given, left });
      heap.destroy();
    }
  console.log(JSON.stringify({ shared: grants(true), local: grants(false), heaps }));
`;

function assertUsed({ heaps }: Use, shared: string, local: string): void {
  assert.deepEqual(
    heaps.map(({ memory }) => memory),
    [shared, local, shared, local],
  );
  for (const [i, { violations, right, hasHandle, canDecommit, full, given, left }] of heaps.entries()) {
    assert.equal(violations, 0);
    assert.ok(right, `heap ${i}`);
    assert.equal(hasHandle, i % 2 === 0);
    if (!canDecommit) continue;
    assert.ok(full > 3000 * 8192);
    assert.ok(given > 3000 * 8192 * 0.9, `${given} bytes were given back`);
    assert.ok(full - left > 3000 * 8192 * 0.9, `${full} bytes before, ${left} after`);
  }
}

describe("a host that refuses a WebAssembly.Memory", () => {
  const refusing = `
    const refuse = class { constructor() { throw new RangeError("could not allocate memory"); } };
    Object.defineProperty(WebAssembly, "Memory", { value: refuse });
  `;

  it("gets a SharedArrayBuffer, an ArrayBuffer, and is told which", () => {
    assertUsed(runChild<Use>(refusing + use), "SharedArrayBuffer", "ArrayBuffer");
  });

  it("by a limit on virtual memory", { skip: process.platform === "win32" }, (t) => {
    const found = runChild<Use>(use, { limit: 4_000_000 });
    const granted = (isGranted: boolean, buffer: string) => (isGranted ? "WebAssembly.Memory" : buffer);
    t.diagnostic(`under ulimit -v: ${found.heaps.map(({ memory }) => memory).join(", ")}`);
    assertUsed(found, granted(found.shared, "SharedArrayBuffer"), granted(found.local, "ArrayBuffer"));
  });

  it("or has none", () => {
    const without = "delete globalThis.WebAssembly;";
    assertUsed(runChild<Use>(without + use), "SharedArrayBuffer", "ArrayBuffer");
  });

  it("or has none, started without a compiler", () => {
    assertUsed(runChild<Use>(use, { flags: ["--jitless"] }), "SharedArrayBuffer", "ArrayBuffer");
  });
});

interface Thrown {
  readonly code: string;
  readonly name: string;
  readonly message: string;
}

/** The error of an expression. */
const thrownBy = (prelude: string, code: string) =>
  runChild<Thrown>(`${prelude}
    const { SlabAllocator, MemoryPool } = await import(${library("index.js")});
    try { ${code}; console.log("{}"); }
    catch ({ code, name, message }) { console.log(JSON.stringify({ code, name, message })); }`);

describe("a memory that is refused altogether", () => {
  // The thread's first heap is preceded by a small one, which is had before the engine begins to refuse.
  const warm = `const { SlabAllocator: Warm } = await import(${library("index.js")});
    new Warm({ memory: "local", capacity: 1 << 20, maxWorkers: 1 });`;
  const refuse = `
    const refuse = class { constructor() { throw new RangeError("no room here"); } };
    Object.defineProperty(WebAssembly, "Memory", { value: refuse });
    globalThis.SharedArrayBuffer = globalThis.ArrayBuffer = refuse;`;
  for (const memory of ["shared", "local"]) {
    const make = `new SlabAllocator({ memory: "${memory}", capacity: 1 << 24 })`;
    it(`is told with what helps on this host: ${memory}`, () => {
      const { code, message } = thrownBy(warm + refuse, make);
      assert.equal(code, "ERR_INVALID_OPTION");
      assert.match(message, /16777216 bytes.*no room here.*smaller capacity.*ulimit/s);
      assert.doesNotMatch(message, /browser|isolat/);
    });

    it(`and in a browser: ${memory}`, () => {
      const page = `${warm}${refuse} globalThis.crossOriginIsolated = true;`;
      const { code, message } = thrownBy(page, make);
      assert.equal(code, "ERR_INVALID_OPTION");
      assert.match(message, /smaller capacity/);
      assert.doesNotMatch(message, /ulimit|isolation/);
    });
  }
});

describe("a page that is not cross-origin isolated", () => {
  const page = "delete globalThis.SharedArrayBuffer; globalThis.crossOriginIsolated = false;";
  const shared = "new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true })";

  it("is told at the construction that no worker could join, and what to do", () => {
    for (const make of ["new SlabAllocator()", 'new MemoryPool({ memory: "shared", capacity: 4 << 20 })']) {
      const { code, message } = thrownBy(page, make);
      assert.equal(code, "ERR_INVALID_OPTION");
      assert.match(message, /Cross-Origin-Opener-Policy: same-origin/);
      assert.match(message, /Cross-Origin-Embedder-Policy: require-corp/);
      assert.match(message, /memory: "local"/);
    }
  });

  it("has local heaps, and heaps in a shared memory that it was given, without a handle", () => {
    const code = `${page}
      const { SlabAllocator } = await import(${library("index.js")});
      const found = [];
      for (const memory of ["local", ${shared}]) {
        const heap = new SlabAllocator({ memory, capacity: 4 << 20, maxWorkers: 2 });
        heap.deallocate(heap.allocate(64));
        let message = "";
        try { heap.handle; } catch (error) { message = error.code + " " + error.message; }
        found.push({ memory: heap.stats().memory, violations: heap.check().length, message });
      }
      console.log(JSON.stringify(found));`;
    const found = runChild<{ memory: string; violations: number; message: string }[]>(code);
    assert.deepEqual(
      found.map(({ memory, violations }) => [memory, violations]),
      [
        ["WebAssembly.Memory", 0],
        ["WebAssembly.Memory", 0],
      ],
    );
    assert.match(found[0]?.message ?? "", /ERR_INVALID_OPTION.*not shared/);
    assert.match(found[1]?.message ?? "", /ERR_INVALID_OPTION.*isolated/);
  });

  it("is no other host that lacks the one or the other", () => {
    const isolated = "globalThis.crossOriginIsolated = false;";
    assert.deepEqual(thrownBy(isolated, "new SlabAllocator().handle"), {});
  });
});
