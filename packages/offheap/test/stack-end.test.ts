// In the interpreter every call checks the stack, even one of Math.imul: so it is there that an allocation or
// a free can be cut short by a stack overflow wherever it calls something. What throws has not allocated.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";

const program = `
import { SlabAllocator } from "offheap";
const heap = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 4, sizeClasses: [64, 4096] });

// Deeper until nothing fits, then again at each level on the way back, with a few bytes more each time.
function atStackEnd(call) {
  try {
    return atStackEnd(call);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return call();
  }
}

let lost = 0;
for (let i = 0; i < 100; i++) {
  // Frames of another length move the end of the stack.
  const locals = Array.from({ length: i % 20 }, (_, k) => "let v" + k + " = " + k + ";").join("");
  const call = new Function("heap", "size", locals + "return heap.allocate(size)");
  const before = heap.stats().liveObjects;
  const address = atStackEnd(() => call(heap, i % 3 === 0 ? 4096 : 64));
  lost += heap.stats().liveObjects - before - 1;
  atStackEnd(() => heap.deallocate(address));
  lost += heap.stats().liveObjects - before;
}
heap.cleanup();
console.log(JSON.stringify({ lost, violations: heap.check(), spanBytes: heap.stats().spanBytes }));
`;

it("an allocation that overflows the stack has allocated nothing", () => {
  const args = ["--no-opt", "--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), { lost: 0, violations: [], spanBytes: 0 });
});
