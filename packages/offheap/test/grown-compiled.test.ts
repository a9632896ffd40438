// Views that are gone, looked at by compiled code that has met buffers which grow: V8 of Node 20 and 22 then tells the length that they had.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { SharedMap } from "offheap/map";
import { Records, struct, u32 } from "offheap/records";
import { expectCode } from "./support/heaps.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 4 << 20;
const Growable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer;

function used(memory: "local" | ArrayBuffer | ReturnType<typeof wasmMemory>) {
  const pool = new MemoryPool({ memory, capacity, maxWorkers: 2, engine: "js" });
  const map = new SharedMap(pool);
  const records = new Records(pool, struct({ number: u32 }));
  for (let i = 0; i < 900; i++) {
    map.set(`k${i}`, "v".repeat(i % 300));
    records.create({ number: i });
  }
  for (let round = 0; round < 20; round++) {
    assert.equal([...map].length, 900);
    assert.equal(records.size, 900);
  }
  return { pool, map, records };
}

describe("compiled code that has met buffers which grow", () => {
  for (let round = 0; round < 4; round++) {
    used(new Growable(capacity, { maxByteLength: 2 * capacity }));
    used(new ArrayBuffer(capacity));
    used(wasmMemory(capacity / 65_536, 200, false));
  }

  it("goes on in an iteration where the memory has grown", () => {
    for (let round = 0; round < 8; round++) {
      const memory = wasmMemory(capacity / 65_536, 200, false);
      const { pool, map } = used(memory);
      let count = 0;
      for (const [key] of map) if (key !== "" && count++ === 300) memory.grow(1);
      assert.equal(count, 900);
      assert.deepEqual(pool.check(), []);
    }
  });

  it("refuses where the buffer was transferred", () => {
    for (let round = 0; round < 8; round++) {
      const buffer = new ArrayBuffer(capacity);
      const { records } = used(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      expectCode("ERR_DETACHED", () => records.size);
      expectCode("ERR_DETACHED", () => [...records]);
    }
  });
});
