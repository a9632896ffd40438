// Processes killed with SIGKILL, which strikes anywhere: at random in calls of the allocator, and before each call of the operating
// system that opens a file. What is left is whole.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SizeClasses } from "offheap";
import { loadOs } from "offheap/os";
import { closeHeap, fileOf, openHeap, openMemory, removeHeap } from "offheap/process";
import { type ProcessOrders, startProcess, testFolder } from "./support/processes.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const { processes } = loadOs();
const skip = processes.available ? false : processes.reason;
const folder = skip === false ? testFolder() : "";
const seed = runSeed();
const mib = 2 ** 20;
/** Kills of each kind of heap, fewer where a machine takes long to start a process, and races; more by OFFHEAP_KILLS, OFFHEAP_RACES. */
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 100);
const mostMs = process.env["OFFHEAP_KILLS"] === undefined ? 8000 : Number.POSITIVE_INFINITY;
const races = Number(process.env["OFFHEAP_RACES"] ?? 1000);

for (const kind of ["pool", "slab"] as const)
  describe(`processes that allocate and free, killed at random: ${kind} (seed ${seed})`, { skip }, () => {
    it("leave a whole heap, and nothing behind", async (test) => {
      const random = new Random(seed);
      const path = join(folder, `${kind}.heap`);
      const options = { capacity: 64 * mib, live: true, maxWorkers: 8 };
      const heap = kind === "pool" ? openHeap(path, options) : openHeap(path, { ...options, kind });
      let begun = 0;
      const until = Date.now() + mostMs;
      const crew = async () => {
        while (begun < 3 || (begun < kills && Date.now() < until)) {
          begun++;
          const orders: ProcessOrders = { role: "storm", path, kind, seed: random.word() };
          const victim = startProcess(orders);
          assert.equal(await victim.next(), "begun");
          await new Promise((resolve) => setTimeout(resolve, random.below(30)));
          await victim.kill();
          assert.equal(await victim.end, "SIGKILL");
        }
      };
      await Promise.all([crew(), crew(), crew()]);
      test.diagnostic(`${begun} kills`);
      assert.equal(heap.processes().length, 1);
      heap.cleanup();
      assert.deepEqual(heap.check(), []);
      assert.equal(heap.stats().workers.length, 1);
      assert.equal(heap.stats().liveObjects, 0);
      assertZeroResidue(heap, kind === "pool" ? SizeClasses.fine : undefined);
      closeHeap(heap);
      removeHeap(path);
    });
  });

describe("a process killed while it opens a file", { skip }, () => {
  it("before any call of the operating system, leaves one that the next can open", async (test) => {
    const ends: string[] = [];
    let calls = 0;
    for (let end: number | string = "SIGKILL"; end === "SIGKILL"; calls++) {
      const path = join(folder, `dying-${calls}.heap`);
      const dying = startProcess({ role: "dieAtCall", path, count: calls, capacity: 2 * mib });
      end = await dying.end;
      const heap = openHeap(path, { capacity: 2 * mib, check: true });
      ends.push(fileOf(heap).was);
      assert.equal(heap.stats().workers.length, 1);
      heap.deallocate(heap.allocate(1000));
      closeHeap(heap);
      removeHeap(path);
    }
    test.diagnostic(`${calls} calls: ${ends.join(" ")}`);
    assert.ok(calls > 15);
    for (const was of ["new", "killed", "closed"]) assert.ok(ends.includes(was), was);
  });

  it("at random while it is made, too", async () => {
    const random = new Random(seed);
    for (let i = 0; i < 10; i++) {
      const path = join(folder, "made.heap");
      const maker = startProcess({ role: "hold", path, capacity: 256 * mib });
      await new Promise((resolve) => setTimeout(resolve, 100 + random.below(200)));
      await maker.kill();
      const heap = openHeap(path, { capacity: 256 * mib, maxWorkers: 8, live: true });
      assert.notEqual(fileOf(heap).was, "in use");
      assert.deepEqual(heap.check(), []);
      closeHeap(heap);
      removeHeap(path);
    }
  });
});

describe("two processes that open a file that is not there", { skip }, () => {
  it(`make one heap, in ${races} races`, async () => {
    const path = join(folder, "race.heap");
    const gate = openMemory(`${path}.gate`, { bytes: 65_536 });
    const racers = [1, 2].map((number) =>
      startProcess({ role: "race", path, count: races, others: 2, seed: number }),
    );
    // One that has failed leaves the other waiting.
    for (const { end } of racers)
      void end.then((code) => code === 0 || racers.map(({ child }) => child.kill("SIGKILL")));
    const outcomes = await Promise.all(racers.map((each) => each.next<Record<string, number>>()));
    assert.deepEqual(await Promise.all(racers.map(({ end }) => end)), [0, 0]);
    const sum = (was: string) => outcomes.reduce((count, each) => count + (each?.[was] ?? 0), 0);
    assert.equal(sum("new"), races);
    assert.equal(sum("in use") + sum("closed"), races);
    closeHeap(gate);
  });
});
