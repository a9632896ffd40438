// Lists of calls, made on copies of a heap whose books were damaged: each call has to come to an end, and what it throws
// to be an AllocatorError.

import assert from "node:assert/strict";
import fc from "fast-check";
import { AllocatorError, type HeapHandle } from "offheap";
import { bufferOf } from "#src/memory/kind.js";
import { change, damage, damaged, type Original, placeIn } from "./damaged.ts";
import { restAtTimes, runs } from "./values.ts";

/** Each takes a number that chooses among what it can be called with. */
export type Calls<A> = Readonly<Record<string, (allocator: A, choice: number) => unknown>>;

/**
 * A damaged heap walks further than a whole one; but it does not hang. Where a map's list leads in a circle, each walk ends after as
 * many steps as there are cells, 262,144 here, and `freeze` makes one for each entry: 5 s of the core's JavaScript, 11 on a busy machine.
 */
const mostMs = 60_000;

/** undefined for what is an AllocatorError, or no error at all. */
export function foreignError(call: () => unknown): Error | undefined {
  try {
    call();
  } catch (error) {
    return error instanceof AllocatorError ? undefined : (error as Error);
  }
  return undefined;
}

/** Damages a heap before it is attached to, and once more between two calls. */
export async function endsWell<A>(
  original: Original,
  attach: (handle: HeapHandle) => A,
  calls: Calls<A>,
  count = 600,
): Promise<void> {
  const step = fc.record({ call: fc.constantFrom(...Object.keys(calls)), choice: fc.nat(10_000) });
  const harm = fc.record({ region: placeIn(original), changes: fc.array(change, { maxLength: 30 }) });
  const steps = fc.array(step, { minLength: 1, maxLength: 60 });
  const property = fc
    .asyncProperty(
      harm,
      steps,
      harm,
      steps,
      fc.boolean(),
      async (first, program, second, rest, isCompiled) => {
        const start = performance.now();
        const handle = damaged(original, first.region, first.changes, isCompiled);
        let allocator: A | undefined;
        const attempt = (act: () => unknown): void => {
          const error = foreignError(act);
          if (error !== undefined) throw error;
        };
        attempt(() => {
          allocator = attach(handle);
        });
        if (allocator === undefined) return;
        for (const { call, choice } of program) attempt(() => calls[call]?.(allocator as A, choice));
        damage(new Int32Array(bufferOf(handle.memory)), second.region, second.changes);
        for (const { call, choice } of rest) attempt(() => calls[call]?.(allocator as A, choice));
        assert.ok(performance.now() - start < mostMs, `took ${performance.now() - start} ms`);
      },
    )
    .afterEach(restAtTimes);
  await fc.assert(property, runs(count));
}
