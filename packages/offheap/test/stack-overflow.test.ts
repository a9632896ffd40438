// An exception between any two steps of a live worker: the stack overflows at every depth of allocate,
// deallocate and cleanup. Whatever was half done is put right by the next call.

import assert from "node:assert/strict";
import { it } from "node:test";
import { SlabAllocator } from "offheap";
import { attachTo, makeHeap } from "./support/heaps.ts";
import { pretendOs } from "./support/pretend-os.ts";
import { assertZeroResidue } from "./support/residue.ts";

function descend(frames: number, call: () => void): void {
  if (frames > 0) descend(frames - 1, call);
  else call();
}

/** Whether the call returned; false when the stack overflowed. */
function returns(frames: number, call: () => void): boolean {
  try {
    descend(frames, call);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** About as many frames as fit. */
function mostFrames(): number {
  let low = 0;
  let high = 200_000;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (returns(middle, () => undefined)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Makes the call with a little more room each time, until it returns; how often the stack overflowed. A frame
 * of `descend` grows when V8 throws its optimized code away: where the call was not even reached, the room is
 * measured anew.
 */
function atEveryDepth(call: () => void, repaired: () => void): number {
  let most = mostFrames();
  let spare = 0;
  for (let tries = 0; tries < 10_000; tries++) {
    let reached = false;
    const returned = returns(most - spare, () => {
      reached = true;
      call();
    });
    repaired();
    if (returned) return tries;
    if (reached) spare++;
    else most = Math.min(most - 1, mostFrames());
  }
  assert.fail("the call never returned");
}

for (const roundLimit of [1, 3]) {
  it(`a stack overflow anywhere leaves the heap whole, magazines of ${roundLimit}`, () => {
    const options = { capacity: 1 << 20, maxWorkers: 2, sizeClasses: [64, 4096], cleanupInterval: 2 };
    const allocator = attachTo(makeHeap(options, { slotsPerSlab: 4, slabChunks: 1, roundLimit }));
    const live: number[] = [];
    const settle = (worker: SlabAllocator) => {
      // Any slow call repairs; this one is given all the stack it wants.
      worker.cleanup();
      assert.deepEqual(worker.check(), []);
    };
    let overflows = 0;
    for (let i = 0; i < 4; i++) {
      const allocate = () => {
        live.push(allocator.allocate(64));
      };
      overflows += atEveryDepth(allocate, () => settle(allocator));
      overflows += atEveryDepth(
        () => allocator.cleanup(),
        () => settle(allocator),
      );
    }
    // An object whose allocation was cut short was never handed out: none may be live but ours.
    assert.equal(allocator.stats().liveObjects, new Set(live).size);
    for (const address of live) {
      let freed = false;
      const free = () => {
        allocator.deallocate(address);
        freed = true;
      };
      overflows += atEveryDepth(free, () => {
        assert.equal(isLive(allocator, address), !freed, "a free that threw has not taken place");
        settle(allocator);
      });
    }
    assert.ok(overflows > 0, "no overflow happened at all");
    assertZeroResidue(allocator);
  });
}

/** The same, once, as many levels back from where the stack ends. */
function returnsNearStackEnd(levels: number, call: () => void): boolean {
  let left = levels;
  let isCalled = false;
  const descendAll = (): void => {
    try {
      descendAll();
    } catch (error) {
      if (isCalled || left-- > 0) throw error;
      isCalled = true;
      call();
    }
  };
  return returns(0, descendAll);
}

it("a free that throws as a clean-up finds no stack has not taken place, and can be called again", () => {
  // Every free but the first finds the magazine full, and is followed by a clean-up.
  let looks = 0;
  const now = () => {
    looks++;
    descend(50, () => undefined);
    return looks;
  };
  const options = { capacity: 1 << 20, maxWorkers: 2, sizeClasses: [64], cleanupInterval: 1 };
  const os = pretendOs({ now });
  const tiny = { slotsPerSlab: 4, slabChunks: 1, roundLimit: 1 };
  const allocator = new SlabAllocator({ ...options, os }, { tiny });
  let overflows = 0;
  // One depth each, as the next try of the same free goes another way. From above, so that all of it is compiled.
  for (let spare = 600; spare >= 0; spare--) {
    const [first, address] = [allocator.allocate(64), allocator.allocate(64)];
    allocator.cleanup();
    allocator.deallocate(first);
    let freed = false;
    const returned = returnsNearStackEnd(spare, () => {
      allocator.deallocate(address);
      freed = true;
    });
    if (!returned) overflows++;
    assert.equal(isLive(allocator, address), !freed);
    if (!freed) allocator.deallocate(address);
  }
  assert.ok(looks > 0, "no clean-up took place");
  assert.ok(overflows > 0, "no overflow happened at all");
  assertZeroResidue(allocator);
});

function isLive(allocator: SlabAllocator, address: number): boolean {
  try {
    return allocator.sizeOf(address) > 0;
  } catch {
    return false;
  }
}
