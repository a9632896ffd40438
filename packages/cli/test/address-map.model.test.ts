// The map of addresses against a Map of bigints. A failure prints fast-check's seed.

import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { AddressMap } from "#src/trace/address-map.js";
import { randomNumbers } from "./fixtures/logs.ts";

const words = (address: bigint): [low: number, high: number] => [
  Number(BigInt.asIntN(32, address)),
  Number(BigInt.asIntN(32, address >> 32n)),
];

/** Some that lie close together, some that differ in their upper half alone, some anywhere. */
const address = fc.oneof(
  fc.integer({ min: 0, max: 200 }).map((i) => 0x5555_0000_0000n + 16n * BigInt(i)),
  fc.integer({ min: 0, max: 50 }).map((i) => (BigInt(i) << 56n) | 0x7123_4560n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const step = fc.record({ take: fc.boolean(), address });

it("holds what a Map holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: "max" }), (steps) => {
      const [map, model] = [new AddressMap(), new Map<bigint, number>()];
      for (const [i, { take, address }] of steps.entries()) {
        if (take) {
          assert.equal(map.take(...words(address)), model.get(address) ?? -1);
          model.delete(address);
        } else {
          map.set(...words(address), i);
          model.set(address, i);
        }
        assert.equal(map.size, model.size);
      }
      for (const [address, object] of model) assert.equal(map.take(...words(address)), object);
      assert.equal(map.size, 0);
    }),
    { numRuns: 50 },
  );
});

it("grows, and keeps rows whole where much comes and goes", () => {
  const random = randomNumbers(5);
  const map = new AddressMap();
  const live: number[] = [];
  for (let i = 0; i < 300_000; i++) {
    if (live.length < 20_000 || random(2) === 0) {
      map.set(16 * i, -1, i);
      live.push(i);
    } else {
      const at = random(live.length);
      const object = live[at];
      live[at] = live[live.length - 1];
      live.pop();
      assert.equal(map.take(16 * object, -1), object);
    }
  }
  assert.equal(map.size, live.length);
  for (const object of live) assert.equal(map.take(16 * object, -1), object);
  assert.equal(map.size, 0);
});
