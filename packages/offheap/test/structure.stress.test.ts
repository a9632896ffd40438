// Real workers on stacks and names, terminated at any instruction, in hundreds: no value comes out twice, none is lost but with the
// pop that was under way, each name leads to what it was set to, and in the end nothing has leaked.
//
//   OFFHEAP_KILLS=5000     so many kills of each heap, in place of 90

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Worker } from "node:worker_threads";
import { type HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import { kitOf } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { SharedStack } from "./support/stack.ts";
import {
  kindOf,
  type StructureOrders,
  sharedWords,
  startStructureWorker,
  stopped,
  tally,
} from "./support/structure-threads.ts";
import { ended, said } from "./support/threads.ts";

const seed = (runSeed() % 1000) + 1;
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 90);
const seats = 3;
/** Values that one worker may push in its life. */
const valuesEach = 20_000;

interface Seated {
  readonly worker: Worker;
  readonly exit: Promise<number>;
  readonly workerId: number;
  readonly orders: StructureOrders;
}

class Crew {
  readonly heap: SlabAllocator;
  readonly heads: readonly number[];
  readonly targets: readonly number[];
  readonly names = Array.from({ length: 8 }, (_, i) => `name ${i}`);
  readonly control = sharedWords(1);
  readonly told = sharedWords(tally.words * (seats + 1));
  readonly failures: Error[] = [];
  readonly random = new Random(seed);
  private lives = 0;
  /** Values that were surely pushed; those of which nobody knows; how many pops were cut short. */
  readonly pushed: number[] = [];
  readonly maybe: number[] = [];
  popping = 0;
  seen: Int32Array;

  constructor(isPool: boolean, options: HeapOptions) {
    this.heap = new (isPool ? MemoryPool : SlabAllocator)(options) as SlabAllocator;
    const kit = kitOf(this.heap);
    this.heads = [0, 1].map(() => SharedStack.create(kit));
    this.targets = [0, 1, 2].map(() => this.heap.allocate(64));
    for (const address of this.targets) this.heap.disown(address);
    this.seen = sharedWords((kills + 2 * seats + 1) * valuesEach + 1);
  }

  async seat(seat: number): Promise<Seated> {
    const firstValue = this.lives * valuesEach + 1;
    this.lives++;
    this.told.fill(0, seat * tally.words, (seat + 1) * tally.words);
    const orders: StructureOrders = {
      handle: this.heap.handle,
      isPool: this.heap instanceof MemoryPool,
      seed: seed + this.lives,
      steps: valuesEach,
      heads: this.heads,
      names: this.names,
      targets: this.targets,
      control: this.control,
      seen: this.seen,
      told: this.told,
      seat,
      firstValue,
    };
    const worker = startStructureWorker(orders);
    worker.on("error", (error) => this.failures.push(error as Error));
    const exit = ended(worker);
    return { worker, exit, workerId: await said<number>(worker), orders };
  }

  /** What a worker had told before its end. */
  note({ orders: { seat, firstValue } }: Seated): void {
    const at = seat * tally.words;
    const pushed = this.told[at + tally.pushed] as number;
    for (let i = 0; i < pushed; i++) this.pushed.push(firstValue + i);
    const pushing = this.told[at + tally.pushing] as number;
    if (pushing >= firstValue + pushed) this.maybe.push(pushing);
    this.popping += this.told[at + tally.popping] as number;
  }

  /** Empties the stacks, and compares what came out with what went in. */
  judge(): void {
    const left: number[] = [];
    for (const head of this.heads) {
      const stack = new SharedStack(kitOf(this.heap), head);
      for (let value = stack.pop(); value !== undefined; value = stack.pop()) left.push(value);
    }
    for (const value of left) assert.equal(Atomics.add(this.seen, value, 1), 0, `${value} came out twice`);
    const known = new Set([...this.pushed, ...this.maybe]);
    let lost = 0;
    for (const value of this.pushed) if (this.seen[value] === 0) lost++;
    for (let value = 1; value < this.seen.length; value++)
      if (this.seen[value] !== 0) assert.ok(known.has(value), `${value} was never pushed`);
    assert.ok(lost <= this.popping, `${lost} values are lost, ${this.popping} pops were cut short`);
  }

  /** All names go, and all that the test had. */
  end(): void {
    for (const { name, kind, address } of this.heap.roots.list()) {
      assert.ok(this.names.includes(name) && this.targets.includes(address) && kind === kindOf(address));
      assert.ok(this.heap.roots.delete(name));
    }
    assert.deepEqual(this.heap.roots.list(), []);
    for (const address of [...this.heads, ...this.targets]) this.heap.deallocate(address);
    assertZeroResidue(this.heap);
  }
}

/** A while in which a worker gets somewhere, or nowhere. */
function pause(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(25)));
}

/** One seat after its occupants, one killed after the other. */
async function killAt(
  crew: Crew,
  seat: number,
  count: number,
  found: { slow: number; freed: number },
): Promise<void> {
  for (let killed = 0; killed < count; killed++) {
    const victim = await crew.seat(seat);
    await pause(crew.random);
    await victim.worker.terminate();
    assert.deepEqual(crew.failures, []);
    crew.note(victim);
    const report = crew.heap.reap(victim.workerId, { live: true });
    if (report.operation !== "none") found.slow++;
    found.freed += report.freedObjects;
  }
}

/** Three that end by themselves. */
async function leaveAll(crew: Crew): Promise<void> {
  const all = await Promise.all(Array.from({ length: seats }, (_, seat) => crew.seat(seat)));
  await pause(crew.random);
  Atomics.store(crew.control, 0, stopped);
  for (const each of all) {
    assert.equal(await each.exit, 0);
    crew.note(each);
  }
}

describe(`structures whose workers are killed, OFFHEAP_SEED=${seed}`, () => {
  for (const [name, isPool, options] of [
    ["SlabAllocator", false, { capacity: 4 << 20, sizeClasses: [64, 1024] }],
    ["MemoryPool", true, { capacity: 8 << 20 }],
    [
      "a SharedArrayBuffer",
      false,
      { memory: new SharedArrayBuffer(4 << 20), capacity: 4 << 20, sizeClasses: [64] },
    ],
  ] as const)
    it(`${kills} of them, ${name}`, async (test) => {
      const crew = new Crew(isPool, { ...options, maxWorkers: seats + 1 });
      const found = { slow: 0, freed: 0 };
      const each = Math.ceil(kills / seats);
      await Promise.all(Array.from({ length: seats }, (_, seat) => killAt(crew, seat, each, found)));
      await leaveAll(crew);
      assert.deepEqual(crew.failures, []);
      test.diagnostic(
        `${crew.pushed.length} pushed, ${crew.maybe.length} pushes and ${crew.popping} pops cut short, ${found.slow} slow calls, ` +
          `${found.freed} objects of the dead freed`,
      );
      assert.deepEqual(crew.heap.check(), []);
      crew.judge();
      crew.end();
    });
});
