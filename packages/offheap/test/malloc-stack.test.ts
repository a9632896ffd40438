// Where the stack ends: malloc and calloc either return an object's address or have allocated none, and realloc either
// returns the object's new address or leaves it where it was.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryPool } from "offheap";

function descend(frames: number, call: () => void): void {
  if (frames > 0) descend(frames - 1, call);
  else call();
}

/** What the call returned that far down; 0 when the stack overflowed. */
function addressAt(frames: number, call: () => number): number {
  let address = 0;
  try {
    descend(frames, () => {
      address = call();
    });
  } catch (error) {
    assert.ok(error instanceof RangeError);
  }
  return address;
}

/** About as many frames as fit. */
function endOfStack(): number {
  let [low, high] = [0, 200_000];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (addressAt(middle, () => 1) === 1) low = middle;
    else high = middle;
  }
  return low;
}

for (const direct of [false, true])
  it(`loses no object at any depth${direct ? ", where they are the core's own" : ""}`, (t) => {
    const pool = new MemoryPool({ capacity: 16 << 20, maxWorkers: 2 });
    const { malloc, calloc, free } = pool.asMalloc({ direct });
    const live: number[] = [];
    for (const [name, call] of [
      ["malloc(64)", () => malloc(64)],
      ["calloc(1, 64)", () => calloc(1, 64)],
      ["malloc(3000)", () => malloc(3000)],
      ["calloc(1, 3000)", () => calloc(1, 3000)],
    ] as const) {
      let overflows = 0;
      // The end of the stack is looked for anew, because frames shrink when V8 optimizes what makes them.
      for (let round = 0; round < 20 && overflows < 60; round++) {
        let frames = endOfStack() + 40;
        for (let returned = 0; returned < 5; frames--) {
          const address = addressAt(frames, call);
          if (address === 0) overflows++;
          else {
            returned++;
            live.push(address);
          }
        }
      }
      t.diagnostic(`${name}: ${overflows} overflows`);
      assert.ok(overflows >= 60);
    }
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, live.length);
    for (const address of live) free(address);
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, 0);
    assert.deepEqual(pool.check(), []);
  });

for (const call of ["realloc", "realloc of the core", "reallocate"] as const)
  it(`has one object at any depth, and its bytes: ${call}`, (t) => {
    const pool = new MemoryPool({ capacity: 16 << 20, maxWorkers: 2 });
    const { realloc } = pool.asMalloc({ direct: call === "realloc of the core" });
    const resize = call === "reallocate" ? (at: number, size: number) => pool.reallocate(at, size) : realloc;
    let address = pool.allocate(64) as number;
    pool.u8.fill(5, address, address + 64);
    let overflows = 0;
    for (let round = 0; round < 40 && overflows < 60; round++) {
      let frames = endOfStack() + 40;
      for (let returned = 0; returned < 5; frames--) {
        const size = (round & 1) === 0 ? 64 + (frames & 1023) : 10_000;
        const next = addressAt(frames, () => resize(address, size));
        if (next === 0) overflows++;
        else {
          returned++;
          address = next;
        }
        assert.ok(pool.u8.subarray(address, address + 64).every((byte) => byte === 5));
        assert.ok(pool.sizeOf(address) >= 64);
      }
    }
    t.diagnostic(`${overflows} overflows`);
    assert.ok(overflows >= 60);
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, 1);
    pool.deallocate(address);
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, 0);
    assert.deepEqual(pool.check(), []);
  });
