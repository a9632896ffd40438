// Options of every call: what a call does not know is refused by name, and it is said what was probably meant.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";
import { type HeapHandle, type HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";

const capacity = 2 << 20;
const options = { capacity, maxWorkers: 3 } as const;
const pool = new MemoryPool(options);
const slabs = new SlabAllocator(options);
const region = pool.region();

/** Each call with options, and one name of its own with a value of the wrong type. */
const calls: Record<string, { call(given: unknown): unknown; wrong: Record<string, unknown[]> }> = {
  constructor: {
    call: (given) => new SlabAllocator(given as HeapOptions),
    wrong: { hugePages: [1, "yes"], memory: ["heap"], os: [5, {}], maxWorkers: ["4"], capacity: ["1"] },
  },
  "constructor of a pool": {
    call: (given) => new MemoryPool(given as HeapOptions),
    wrong: { hugePages: [1, "yes"], offset: ["0"], sizeClasses: [{}], cleanupInterval: ["0"] },
  },
  attach: {
    call: (given) => SlabAllocator.attach(slabs.handle, given as object),
    wrong: { os: [5, null, {}] },
  },
  "attach of a pool": {
    call: (given) => MemoryPool.attach(pool.handle, given as object),
    wrong: { os: [5, null, {}] },
  },
  cleanup: { call: (given) => slabs.cleanup(given as object), wrong: { all: [1, "all", null] } },
  "cleanup of a pool": { call: (given) => pool.cleanup(given as object), wrong: { all: [1, "all", null] } },
  reap: { call: (given) => slabs.reap(130, given as object), wrong: { live: ["free", 1, null] } },
  "reap by a pool": { call: (given) => pool.reap(130, given as object), wrong: { live: ["free", 1, null] } },
  "allocate of a pool": { call: (given) => pool.allocate(64, given as object), wrong: { zeroed: [1, null] } },
  "allocate of a large object": {
    call: (given) => pool.allocate(100_000, given as object),
    wrong: { zeroed: [1, null] },
  },
  "allocate of a region": { call: (given) => region.allocate(64, given as object), wrong: { zeroed: [1] } },
};

const notOptions = [null, 5, "x", true, () => 0, 8n, [], [1], new Map(), new Date(), new Uint8Array(8)];
const heaps = [heapOf(pool), heapOf(slabs)];

function refused(call: () => unknown): string {
  const [first, second] = heaps as [ReturnType<typeof heapOf>, ReturnType<typeof heapOf>];
  let message = "";
  expectUnharmed(first, "ERR_INVALID_OPTION", () => {
    message = expectUnharmed(second, "ERR_INVALID_OPTION", call).message;
    expectCode("ERR_INVALID_OPTION", call);
    call();
  });
  return message;
}

for (const [name, { call, wrong }] of Object.entries(calls)) {
  describe(name, () => {
    it("refuses what is no object of options", () => {
      for (const given of notOptions) refused(() => call(given));
    });

    it("refuses names that it does not know, also beside those that it does, and undefined", () => {
      const [known] = Object.keys(wrong) as [string];
      for (const given of [{ nothing: 1 }, { [known]: undefined, nothing: undefined }, { toString: 1 }])
        assert.match(
          refused(() => call(given)),
          /knows no option "(nothing|toString)"/,
        );
      assert.match(
        refused(() => call({ nothing: 1 })),
        new RegExp(`known:.*${known}`),
      );
    });

    it("refuses values of the wrong type", () => {
      for (const [option, values] of Object.entries(wrong))
        for (const value of values) refused(() => call({ [option]: value }));
    });

    it("says which name was probably meant", () => {
      for (const known of Object.keys(wrong)) {
        const [first, ...rest] = known;
        const near = [known.toUpperCase(), `${known}s`, known.slice(0, -1), `x${rest.join("")}`];
        near.push(`${first}${first}${rest.join("")}`);
        for (const misspelt of near.filter((each) => each !== known))
          assert.match(
            refused(() => call({ [misspelt]: 1 })),
            new RegExp(`did you mean ${known}\\?`),
          );
      }
    });
  });
}

describe("options that are right", () => {
  it("come from other realms, without a prototype, frozen, inherited, and undefined", () => {
    const given: (object | undefined)[] = [
      vm.runInNewContext("({ align: 16 })") as object,
      Object.assign(Object.create(null), { align: 16 }) as object,
      Object.freeze({ align: 16, zeroed: undefined }),
      Object.create({ align: 16 }) as object,
      new (class {
        align = 16;
      })(),
      { align: 16, [Symbol("note")]: 1 },
      {},
      undefined,
    ];
    for (const each of given) {
      const address = pool.allocate(24, each);
      if (each !== undefined && "align" in each) assert.equal(address % 16, 0);
      pool.deallocate(address);
    }
    slabs.cleanup(vm.runInNewContext("({ all: true })") as object);
    new SlabAllocator(vm.runInNewContext(`({ capacity: ${capacity} })`) as object).destroy();
    assert.equal(new SlabAllocator({ ...options, memory: undefined } as object).stats().capacity, capacity);
    assert.deepEqual(pool.check(), []);
  });

  it("are not mistaken for others that only Object.prototype has", () => {
    const shared = Object.prototype as unknown as Record<string, unknown>;
    shared["polluted"] = 1;
    pool.deallocate(pool.allocate(24, { align: 16 }));
    delete shared["polluted"];
  });
});

describe("what was probably meant", () => {
  const says = (code: Parameters<typeof expectCode>[0], expected: RegExp, call: () => unknown) =>
    assert.match(expectCode(code, call).message, expected);

  it("by { size } of a heap, and { alignment } of an object", () => {
    const make = (given: object) => () => new SlabAllocator(given);
    says("ERR_INVALID_OPTION", /"size".*capacity/, make({ size: 1 << 20 }));
    says("ERR_INVALID_OPTION", /did you mean maxWorkers/, make({ workers: 2 }));
    says("ERR_INVALID_OPTION", /did you mean align/, () => pool.allocate(8, { alignment: 16 } as object));
    says("ERR_INVALID_OPTION", /known: all/, () => slabs.cleanup({ size: 1 } as object));
  });

  it("by a memory in place of options", () => {
    for (const memory of [new SharedArrayBuffer(capacity), new ArrayBuffer(8), slabs.handle.memory])
      says("ERR_INVALID_OPTION", /\{ memory: … \}/, () => new SlabAllocator(memory as HeapOptions));
    says(
      "ERR_INVALID_OPTION",
      /as an object, got 1048576/,
      () => new SlabAllocator((1 << 20) as unknown as object),
    );
  });

  it("by a view in place of its buffer, and a handle in place of a memory", () => {
    for (const view of [new Uint8Array(capacity), new DataView(new ArrayBuffer(8)), Buffer.alloc(8)])
      says("ERR_INVALID_OPTION", /pass its buffer/, () => new SlabAllocator({ memory: view as never }));
    const memory = slabs.handle as never;
    says("ERR_INVALID_OPTION", /attach\(handle\)/, () => new SlabAllocator({ memory }));
  });

  it("by an allocator, a memory or JSON in place of a handle", () => {
    const joins = (given: unknown) => () => SlabAllocator.attach(given as HeapHandle);
    says("ERR_INCOMPATIBLE_HEAP", /attach\(heap\.handle\)/, joins(slabs));
    says("ERR_INCOMPATIBLE_HEAP", /attach\(heap\.handle\)/, joins(pool));
    says("ERR_INCOMPATIBLE_HEAP", /a memory: pass the handle/, joins(slabs.handle.memory));
    says("ERR_INCOMPATIBLE_HEAP", /not as JSON/, joins(JSON.parse(JSON.stringify(slabs.handle))));
    says("ERR_INCOMPATIBLE_HEAP", /one: pass that/, joins({ handle: slabs.handle }));
  });
});
