// The tree over the set of free chunks, compared with a look at every chunk: what it finds is the lowest run that is
// long enough; misled, it finds one that is free, or none, until it is repaired.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChunkSet, noChunk } from "#src/arena/chunk-set.js";
import { FreeRuns } from "#src/arena/free-runs.js";
import { Spans } from "#src/arena/spans.js";
import type { ChunkIndex, WorkerPlace } from "#src/base/brands.js";
import { runTreeLeaves, wordsPerRunNode } from "#src/layout/layout.js";
import { chunkSetAt } from "#src/layout/offsets.js";
import type { Heap } from "#src/memory/heap.js";
import { attachPoolTo, makePoolHeap } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";

const worker = 1 as WorkerPlace;

/** The first run of `want` members, by one look at each. */
function lowest(free: ChunkSet, chunkCount: number, want: number): number {
  let length = 0;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    length = free.has(chunk as ChunkIndex) ? length + 1 : 0;
    if (length === want) return chunk - want + 1;
  }
  return noChunk;
}

class RunsModel {
  readonly heap: Heap;
  readonly free: ChunkSet;
  readonly runs: FreeRuns;
  private readonly random: Random;

  constructor(random: Random, chunks: number) {
    this.random = random;
    const options = { memory: "local", maxWorkers: 1, sizeClasses: [4096] } as const;
    this.heap = makePoolHeap({ capacity: chunks * 65_536, ...options });
    this.free = new ChunkSet(this.heap, chunkSetAt(this.heap.layout, 0));
    this.runs = new FreeRuns(this.heap);
  }

  /** Some chunks leave the set, or come into it. */
  change(): void {
    const { chunkCount } = this.heap.layout;
    const first = this.random.below(chunkCount) as ChunkIndex;
    const length = Math.min(1 + this.random.below(this.random.pick([3, 40, 300])), chunkCount - first);
    if (this.random.chance(50)) this.free.addRun(first, length);
    else this.free.removeRun(first, length);
    this.runs.update(first, length);
  }

  /** As two workers' stores to one node may leave it, and worse. */
  mislead(): void {
    const { layout, words } = this.heap;
    const nodes = 2 * runTreeLeaves(layout, layout.chunkCount) * wordsPerRunNode;
    if (nodes > 0) words[layout.freeRunsAt + this.random.below(nodes)] = this.random.below(2000) - 500;
  }

  expectLowest(): void {
    const { chunkCount } = this.heap.layout;
    for (const want of [1, 2, 1 + this.random.below(60), 1 + this.random.below(chunkCount)])
      assert.equal(this.runs.find(want), lowest(this.free, chunkCount, want), `of ${want} chunks`);
  }

  expectFree(): void {
    const want = 1 + this.random.below(100);
    const head = this.runs.find(want);
    if (head === noChunk) return;
    for (let i = 0; i < want; i++) assert.ok(this.free.has((head + i) as ChunkIndex), `chunk ${head + i}`);
  }
}

describe("the tree of free runs", () => {
  for (const chunks of [3, 33, 70, 500, 1500])
    it(`of about ${chunks} chunks finds the lowest run`, (test) => {
      const seed = runSeed() + chunks;
      test.diagnostic(`seed ${seed - chunks}`);
      const model = new RunsModel(new Random(seed), chunks);
      model.expectLowest();
      for (let step = 0; step < 400; step++) {
        model.change();
        model.expectLowest();
      }
      for (let step = 0; step < 400; step++) {
        model.mislead();
        model.change();
        model.expectFree();
      }
      model.runs.format();
      model.runs.repair();
      model.expectLowest();
    });

  it("is not needed for a span to be found", () => {
    const { heap } = new RunsModel(new Random(1), 500);
    const { layout, words } = heap;
    const spans = new Spans(heap);
    // Every node says that nothing is free.
    words.fill(
      1 << 20,
      layout.freeRunsAt,
      layout.freeRunsAt + 2 * runTreeLeaves(layout, layout.chunkCount) * 4,
    );
    assert.equal(spans.takeExact(worker, 100, 1, 0), 0);
    assert.equal(spans.take(worker, 50, 50), 100);
    assert.equal(spans.take(worker, layout.chunkCount, 10), 150);
    assert.equal(spans.takeExact(worker, 1, 1, 0), noChunk);
  });

  it("finds the lowest run also where chunks are gone that it does not know of", () => {
    const { free, runs } = new RunsModel(new Random(1), 500);
    for (const gone of [0, 40, 100]) free.removeRun(gone as ChunkIndex, 20);
    assert.equal(runs.find(30), 60);
    assert.equal(runs.find(50), 120);
  });

  it("knows of all chunks, and of no more, when it is made anew", () => {
    const { heap, free, runs } = new RunsModel(new Random(1), 600);
    const { chunkCount } = heap.layout;
    for (const first of [0, 100, 300]) {
      free.removeRun(first as ChunkIndex, 90);
      runs.update(first as ChunkIndex, 90);
    }
    free.addRun(0 as ChunkIndex, chunkCount);
    runs.format();
    assert.equal(runs.find(chunkCount), 0);
    free.removeRun(0 as ChunkIndex, 500);
    runs.update(0 as ChunkIndex, 500);
    // The last leaves stand for no chunks: the tree says so by itself, without a look at the set.
    assert.equal(runs.byTree(chunkCount - 499), noChunk);
  });

  it("knows of all chunks of a new pool, and after a reset", () => {
    for (const chunks of [40, 600]) {
      const heap = makePoolHeap({ capacity: chunks * 65_536, maxWorkers: 2, sizeClasses: [4096] });
      const { chunkCount } = heap.layout;
      const { runs } = new Spans(heap);
      const pool = attachPoolTo(heap);
      for (const isReset of [false, true]) {
        assert.equal(runs.byTree(chunkCount), 0, `${chunkCount} chunks, ${isReset}`);
        assert.equal(runs.byTree(chunkCount + 1), noChunk);
        for (let i = 0; i < 30; i++) pool.allocate(65_536);
        pool.reset();
      }
    }
  });

  it("follows each span that is taken, made longer, cut, and given back", () => {
    const { heap } = new RunsModel(new Random(1), 600);
    const { chunkCount } = heap.layout;
    const spans = new Spans(heap);
    const expectFirst = (head: number) => {
      assert.equal(spans.runs.byTree(chunkCount - head), head);
      assert.equal(spans.runs.byTree(chunkCount - head + 1), noChunk);
    };
    expectFirst(0);
    const head = spans.takeExact(worker, 50, 1, 0);
    expectFirst(50);
    assert.equal(spans.takeBehind(worker, head, 50, 30), 30);
    expectFirst(80);
    spans.cutBehind(worker, head, 60, 80);
    expectFirst(60);
    assert.equal(spans.borrow(worker, 60 as ChunkIndex, 10), noChunk);
    expectFirst(70);
    spans.putBack(60 as ChunkIndex, 10);
    expectFirst(60);
    spans.giveBack(head, 60);
    expectFirst(0);
    spans.free.remove(0 as ChunkIndex);
    spans.runs.update(0 as ChunkIndex, 1);
    expectFirst(1);
    spans.repairFree(0 as ChunkIndex);
    expectFirst(0);
  });

  it("is true again after a reap", () => {
    const heap = makePoolHeap({ capacity: 500 * 65_536, maxWorkers: 3, sizeClasses: [4096] });
    const { layout, words } = heap;
    const [pool, other] = [attachPoolTo(heap), attachPoolTo(heap)];
    const nodes = 2 * runTreeLeaves(layout, layout.chunkCount) * wordsPerRunNode;
    words.fill(1 << 20, layout.freeRunsAt, layout.freeRunsAt + nodes);
    const { runs } = new Spans(heap);
    assert.equal(runs.find(100), noChunk);
    pool.reap(other.workerId);
    assert.equal(runs.find(100), 0);
  });
});
