// Calls on pools whose books were damaged, with objects of every kind: as in damaged-calls.test.ts, what they answer
// nobody can say, but each comes to an end, and an error is an AllocatorError.

import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { pool as original } from "./support/fuzz/damaged.ts";
import { type Calls, endsWell } from "./support/fuzz/damaged-calls.ts";
import { kitOf } from "./support/kits.ts";

const { live } = original;
const addresses = [...live.keys()];
/** Slots, page runs and spans of their own, up to what no pool of this size has. */
const sizes = [
  1,
  64,
  1000,
  8192,
  8193,
  20_000,
  60_000,
  131_072,
  131_073,
  200_000,
  500_000,
  2_000_000,
  2 ** 22,
];
const aligns = [8, 16, 64, 4096, 65_536, 2 ** 21];

const addressFor = (choice: number) => addresses[choice % addresses.length] as number;
const sizeFor = (choice: number) => sizes[choice % sizes.length] as number;

const calls: Calls<MemoryPool> = {
  allocate: (pool, choice) => pool.allocate(sizeFor(choice)),
  "allocate with options": (pool, choice) =>
    pool.allocate(sizeFor(choice), { align: aligns[choice % 6] as number, zeroed: choice % 2 === 0 }),
  deallocate: (pool, choice) => pool.deallocate(addressFor(choice)),
  "deallocate with a size": (pool, choice) =>
    pool.deallocate(addressFor(choice), live.get(addressFor(choice)) as number),
  reallocate: (pool, choice) => pool.reallocate(addressFor(choice), sizeFor(choice >> 3)),
  "reallocate by little": (pool, choice) =>
    pool.reallocate(
      addressFor(choice),
      (live.get(addressFor(choice)) as number) + 3000 - (choice % 7) * 1000,
    ),
  sizeOf: (pool, choice) => pool.sizeOf(addressFor(choice)),
  adopt: (pool, choice) => pool.adopt(addressFor(choice)),
  "a region": (pool, choice) => {
    const region = pool.region();
    for (let i = 0; i < 20; i++) region.allocate(1 + ((choice + i * 997) % 9000));
    region.end();
  },
  malloc: (pool, choice) => pool.asMalloc().malloc(sizeFor(choice)),
  calloc: (pool, choice) => pool.asMalloc().calloc(1 + (choice % 3), sizeFor(choice)),
  realloc: (pool, choice) => pool.asMalloc().realloc(addressFor(choice), sizeFor(choice >> 3)),
  aligned_alloc: (pool, choice) =>
    pool.asMalloc().aligned_alloc(aligns[choice % 6] as number, sizeFor(choice)),
  free: (pool, choice) => pool.asMalloc().free(addressFor(choice)),
  disown: (pool, choice) => pool.disown(addressFor(choice)),
  "a name set": (pool, choice) =>
    pool.roots.set(`name ${choice % 9}`, { kind: "test", address: addressFor(choice) }),
  "a name looked for": (pool, choice) => pool.roots.get(`name ${choice % 9}`),
  "a name deleted": (pool, choice) => pool.roots.delete(`name ${choice % 9}`),
  names: (pool) => pool.roots.list(),
  "a fresh object": (pool, choice) => {
    kitOf(pool).allocate(sizeFor(choice));
    if (choice % 2 === 0) kitOf(pool).abandon();
  },
  cleanup: (pool) => pool.cleanup(),
  stats: (pool) => pool.stats(),
  check: (pool) => pool.check(),
  reset: (pool, choice) => choice % 3 === 0 && pool.reset(),
  reap: (pool, choice) => pool.reap(128 * (1 + (choice % 3)) + 1 + (choice % 5)),
  "reap with objects": (pool, choice) => pool.reap(129 + (choice % 5), { live: true }),
  detach: (pool, choice) => choice % 3 === 0 && pool.detach(),
};

describe("calls on a pool with damaged books", () => {
  it("end, and throw nothing but AllocatorErrors", async () => {
    await endsWell(original, (handle) => MemoryPool.attach(handle), calls, 1200);
  });
});
