// Heaps whose books were damaged: some words or bytes of some region hold something else. attach refuses
// them, or check() names what is broken, in bounded time and without a crash; or the heap is whole: every
// object can be freed, and then everything be allocated.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import type { WorkerPlace } from "#src/base/brands.js";
import { intent, intentAt, mostRetiredOf } from "#src/layout/index.js";
import { change, damaged, type Original, pool, slabs } from "./support/fuzz/damaged.ts";
import { outcome, restAtTimes, runs } from "./support/fuzz/values.ts";
import { heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { assertDisjoint, assertZeroResidue } from "./support/residue.ts";

/** Everything of a heap that passed as whole can be freed, and then everything be had. */
function expectWhole(allocator: SlabAllocator, { live, inStructures }: Original): void {
  for (const { name } of allocator.roots.list()) allocator.roots.delete(name);
  // A cell may lead to another object that is nobody's, which no check can tell from a name's.
  const { words, layout } = heapOf(allocator);
  words.fill(0, layout.rootsAt, layout.generationsAt);
  // Nor can it tell that a worker has retired another object of its own than the damaged list says.
  for (let place = 1 as WorkerPlace; place <= layout.maxWorkers; place++) {
    const retiredAt = intentAt(layout, place) + intent.retired;
    words.fill(0, retiredAt, retiredAt + mostRetiredOf(layout.maxWorkers));
  }
  for (const [address, bytes] of live) allocator.deallocate(address, bytes);
  for (const { workerId } of allocator.stats().workers) {
    if (workerId !== allocator.workerId) allocator.reap(workerId);
  }
  // A place that the damage made to be free has the hazards of its last worker.
  for (const hazard of [0, 1]) kitOf(allocator).core.unprotect(hazard);
  // Those that the damage made to be something else than attached.
  for (const id of [129, 130]) if (id !== allocator.workerId) allocator.reap(id);
  for (let times = 0; times < 2; times++) allocator.cleanup({ all: true });
  const codes = ["ERR_DOUBLE_FREE", "ERR_INVALID_ADDRESS"] as const;
  for (const address of inStructures) outcome(codes, () => allocator.deallocate(address));
  assertDisjoint(allocator, []);
  assertZeroResidue(allocator);
}

function inspect(original: Original, handle: HeapHandle): "refused" | "named" | "whole" {
  const codes = ["ERR_INCOMPATIBLE_HEAP", "ERR_HEAP_BUSY", "ERR_DETACHED", "ERR_TOO_MANY_WORKERS"] as const;
  let allocator: SlabAllocator | undefined;
  outcome(codes, () => {
    allocator = original === pool ? MemoryPool.attach(handle) : SlabAllocator.attach(handle);
  });
  if (allocator === undefined) return "refused";
  const start = performance.now();
  const violations = allocator.check();
  allocator.stats();
  assert.ok(performance.now() - start < 10_000, `check and stats took ${performance.now() - start} ms`);
  if (violations.length > 0) return "named";
  expectWhole(allocator, original);
  return "whole";
}

for (const [what, original] of Object.entries({ heap: slabs, pool })) {
  describe(`a ${what} with damaged books is refused, named, or whole`, () => {
    const outcomes = new Map<string, number>();
    for (const [name, region] of Object.entries(original.regions)) {
      it(name, async (context) => {
        outcomes.clear();
        await fc.assert(
          fc
            .asyncProperty(
              fc.array(change, { minLength: 1, maxLength: 4 }),
              fc.boolean(),
              async (changes, isCompiled) => {
                const found = inspect(original, damaged(original, region, changes, isCompiled));
                outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
              },
            )
            .afterEach(restAtTimes),
          runs(150),
        );
        const list = [...outcomes].map(([found, count]) => `${count} ${found}`);
        context.diagnostic(`${name}: ${list.join(", ")}`);
      });
    }
  });
}
