// `offheap/os` against the real operating system, where the tests run on one that it knows. What it says of
// itself must be so: an ability that is there works, one that is not has a reason.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { SlabAllocator } from "offheap";
import { loadOs, type Os } from "offheap/os";
import { reserveMemory } from "#src/memory/block.js";
import { bufferOf } from "#src/memory/kind.js";

const mib = 2 ** 20;
const os = loadOs();
const here = fileURLToPath(new URL(".", import.meta.url));
const abilities = ["hugePages", "decommit", "residency", "processes"] as const;
const isLinux = process.platform === "linux";
const skipDecommit = os.decommit.available && os.residency.available ? false : os.decommit.reason;
const skipHuge = os.hugePages.available ? false : os.hugePages.reason;

function run(file: string, args: readonly string[], flags: readonly string[] = []): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file, ...args], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe("loadOs", () => {
  it("says of each ability whether it is there, and why", (t) => {
    for (const name of abilities) {
      assert.equal(typeof os[name].available, "boolean");
      assert.ok(os[name].reason.length > 5);
      t.diagnostic(`${name}: ${os[name].available}, ${os[name].reason}`);
    }
    assert.equal(loadOs(), os);
  });

  it("finds a way on Linux, where koffi is installed for this repository", { skip: !isLinux }, () => {
    assert.ok(os.decommit.available, os.decommit.reason);
    assert.ok(os.residency.available, os.residency.reason);
  });

  it("finds none, and says so, where there is neither node:ffi nor koffi", () => {
    const folder = mkdtempSync(join(tmpdir(), "offheap-os-"));
    try {
      cpSync(join(here, "../dist"), folder, { recursive: true });
      const code = `import { loadOs } from ${JSON.stringify(pathToFileURL(join(folder, "os/index.js")))};
        console.log(JSON.stringify(loadOs()));`;
      const major = Number(process.versions.node.split(".")[0]);
      const flags = major >= 26 ? ["--no-experimental-ffi"] : [];
      const bare = JSON.parse(run("--input-type=module", ["-e", code], flags)) as Os;
      for (const name of abilities) {
        assert.equal(bare[name].available, false);
        if (isLinux) assert.match(bare[name].reason, /node:ffi.*koffi/s);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("works in a worker, too", { skip: skipDecommit }, async () => {
    const heap = new SlabAllocator({ capacity: 16 * mib, maxWorkers: 2, os });
    const code = `const { parentPort, workerData } = require("node:worker_threads");
      Promise.all([import(workerData.offheap), import(workerData.os)]).then(([{ SlabAllocator }, { loadOs }]) => {
        const heap = SlabAllocator.attach(workerData.handle, { os: loadOs() });
        const addresses = Array.from({ length: 100 }, () => heap.allocate(8192));
        for (const address of addresses) heap.u8.fill(1, address, address + 8192);
        for (const address of addresses) heap.deallocate(address);
        parentPort.postMessage(heap.cleanup({ all: true }).decommittedBytes);
      });`;
    const worker = new Worker(code, {
      eval: true,
      execArgv: [],
      workerData: {
        handle: heap.handle,
        offheap: new URL("../dist/index.js", import.meta.url).href,
        os: new URL("../dist/os/index.js", import.meta.url).href,
      },
    });
    const [bytes] = (await once(worker, "message")) as [number];
    assert.ok(bytes >= 100 * 8192, `${bytes} bytes were given back`);
    await worker.terminate();
  });
});

const busyWorker = `const { parentPort, workerData } = require("node:worker_threads");
  import(workerData).then(({ SlabAllocator }) => {
    parentPort.on("message", (handle) => {
      const heap = SlabAllocator.attach(handle);
      parentPort.postMessage("begun");
      const live = [];
      const codes = [];
      for (let step = 0; codes.length < 3; step++) {
        try {
          if (step % 5 < 3) live.push(heap.allocate(8 << (step % 10)));
          else heap.deallocate(live.splice((step * 7919) % live.length, 1)[0]);
        } catch (error) {
          codes.push(error.code ?? String(error.stack));
        }
      }
      parentPort.postMessage(codes);
    });
  });`;

describe("destroy", { skip: skipDecommit }, () => {
  it("takes the memory from under a worker that is at it, whose calls then fail with their codes", async (t) => {
    const worker = new Worker(busyWorker, {
      eval: true,
      execArgv: [],
      workerData: new URL("../dist/index.js", import.meta.url).href,
    });
    const first = new Map<string, number>();
    for (let round = 0; round < 40; round++) {
      const heap = new SlabAllocator({ capacity: 128 * mib, maxWorkers: 2, os });
      const begun = once(worker, "message");
      worker.postMessage(heap.handle);
      assert.deepEqual(await begun, ["begun"]);
      const ended = once(worker, "message");
      const until = performance.now() + round / 8;
      while (performance.now() < until);
      heap.destroy();
      const [codes] = (await ended) as [string[]];
      const [one, ...later] = codes as [string, string, string];
      first.set(one, (first.get(one) ?? 0) + 1);
      assert.match(one, /^ERR_[A-Z_]+$/);
      assert.deepEqual(later, ["ERR_DETACHED", "ERR_DETACHED"]);
    }
    t.diagnostic(JSON.stringify([...first]));
    await worker.terminate();
  });
});

describe("the calls", { skip: skipDecommit }, () => {
  for (const [name, buffer] of [
    ["WebAssembly.Memory", bufferOf(reserveMemory("shared", mib))],
    ["SharedArrayBuffer", new SharedArrayBuffer(mib)],
    ["ArrayBuffer", new ArrayBuffer(mib)],
  ] as const) {
    it(`give back ranges of a ${name}, whole pages or not, and touch nothing beside them`, () => {
      const bytes = new Uint8Array(buffer);
      for (const [offset, length] of [
        [0, mib],
        [65_536, 65_536],
        [5, 3],
        [4095, 2],
        [100, 300_001],
        [70_000, 0],
      ] as const) {
        bytes.fill(9);
        assert.equal(os.residentBytes(buffer, offset, length), length);
        assert.equal(os.decommitRange(buffer, offset, length), true);
        assert.ok(bytes.subarray(offset, offset + length).every((byte) => byte === 0));
        assert.ok(bytes.subarray(0, offset).every((byte) => byte === 9));
        assert.ok(bytes.subarray(offset + length).every((byte) => byte === 9));
      }
      bytes.fill(9);
      os.decommitRange(buffer, 0, mib);
      assert.ok(os.residentBytes(buffer, 0, mib) <= 2 * 4096);
    });
  }
});

interface Report {
  readonly before: number;
  readonly full: number;
  readonly freed: number;
  readonly after: number;
  /** With 64 MiB allocated anew, and after the heap's end. */
  readonly again: number;
  readonly destroyed: number;
  readonly decommittedBytes: number;
  readonly hugeBytes: number;
  readonly violations: number;
  readonly whenFull: Record<"total" | "books" | "slabs" | "free" | "other", number>;
  readonly whenFree: Record<"total" | "books" | "slabs" | "free" | "other", number>;
}

function residentChild(...args: string[]): Report {
  return JSON.parse(run(join(here, "support/resident-child.js"), args, ["--expose-gc"])) as Report;
}

describe("512 MiB allocated and freed, in a process of its own", {
  skip: isLinux ? skipDecommit : "Linux",
}, () => {
  for (const size of ["8192", "64"]) {
    it(`leave the process within 5 % of where it began: objects of ${size} bytes`, (t) => {
      const report = residentChild(size);
      t.diagnostic(JSON.stringify(report));
      const { before, full, after, whenFull, whenFree } = report;
      // What the process has in all is counted in batches, and the collector's heap shrinks meanwhile; `whenFull` is exact.
      assert.ok(full - before >= 508 * mib, `grown by ${full - before}`);
      assert.ok(after <= before * 1.05, `${before} bytes before, ${after} after`);
      // On a slow machine the frees take long enough for some to go back by themselves before the clean-up.
      const goneAlready = Math.max(full - report.freed, 0);
      assert.ok(report.decommittedBytes + goneAlready >= 510 * mib, `${report.decommittedBytes} at the end`);
      assert.ok(whenFull.slabs >= 512 * mib && whenFull.slabs <= 514 * mib);
      assert.equal(whenFree.slabs + whenFree.free + whenFree.other, 0);
      assert.ok(whenFree.books < 2 * mib);
      assert.equal(report.violations, 0);
      assert.ok(report.again - report.destroyed > 60 << 20, `${report.again} → ${report.destroyed}`);
    });
  }

  it("are backed by huge pages where they are asked for", { skip: skipHuge }, (t) => {
    const report = residentChild("8192", "huge");
    t.diagnostic(JSON.stringify(report));
    assert.ok(report.hugeBytes >= 256 * mib, `${report.hugeBytes} bytes in huge pages`);
    assert.ok(report.after <= report.before * 1.05, `${report.before} bytes before, ${report.after} after`);
    assert.equal(report.whenFree.slabs + report.whenFree.free + report.whenFree.other, 0);
  });
});
