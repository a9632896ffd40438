// Options and handles of every kind. The constructor and attach do what a model of the contract says, or
// throw a documented code before a byte of a given memory is written. Errors of a user's own getters pass.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type HeapHandle, type HeapOptions, SizeClasses, SlabAllocator } from "offheap";
import {
  anything,
  type Given,
  givenNumber,
  notNumber,
  oddNumber,
  outcome,
  restAtTimes,
  runs,
} from "./support/fuzz/values.ts";
import { wasmMemory } from "./support/wasm.ts";

const page = 65_536;

/** Buffers that grow, which the types of ES2023 do not know. */
type Maker = new (length: number, options: { maxByteLength: number }) => object;
const Growable = globalThis as unknown as { readonly SharedArrayBuffer: Maker; readonly ArrayBuffer: Maker };

/** Things that pass for a memory at first sight, and memories of every kind. */
const memories: readonly (() => unknown)[] = [
  () => "shared",
  () => "local",
  () => new SharedArrayBuffer(3 << 20),
  () => new ArrayBuffer(3 << 20),
  () => new ArrayBuffer((3 << 20) + 1),
  () => new SharedArrayBuffer(0),
  () => new ArrayBuffer(100),
  () => wasmMemory(48, 48, true),
  () => wasmMemory(48, 60, false),
  () => wasmMemory(0, 1, true),
  () => new Growable.SharedArrayBuffer(3 << 20, { maxByteLength: 4 << 20 }),
  () => new Growable.ArrayBuffer(3 << 20, { maxByteLength: 4 << 20 }),
  () => structuredClone(new ArrayBuffer(8)),
  () => {
    const gone = new ArrayBuffer(3 << 20);
    structuredClone(gone, { transfer: [gone] });
    return gone;
  },
  () => new Proxy(wasmMemory(48, 48, true), {}),
  () => new Proxy(new SharedArrayBuffer(3 << 20), {}),
  () => Object.create(SharedArrayBuffer.prototype) as unknown,
  () => Object.create(ArrayBuffer.prototype) as unknown,
  () => Object.create(Object.getPrototypeOf(wasmMemory(1, 1, true)) as object) as unknown,
  () => new Uint8Array(3 << 20),
  () => ({ buffer: new SharedArrayBuffer(3 << 20), grow: () => 0 }),
];
const memory: fc.Arbitrary<Given> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .nat(memories.length - 1)
      .map((i) => ({ name: String(memories[i]), value: memories[i] as () => unknown })),
  },
  { weight: 1, arbitrary: notNumber },
);

const lists: readonly unknown[] = [
  SizeClasses.powersOfTwo,
  SizeClasses.fine,
  [64],
  [8, 24, 9008],
  [65_536],
  [],
  [0],
  [8, 8],
  [16, 8],
  [7],
  [8.5],
  [65_544],
  ["8"],
  [8, Number.NaN],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried here
  [8, , 24],
  Array.from({ length: 63 }, (_, i) => 8 * (i + 1)),
  Array.from({ length: 64 }, (_, i) => 8 * (i + 1)),
  new Array(2 ** 32 - 1),
  { length: 1, 0: 64 },
  new Proxy([64, 128], {}),
  Object.freeze([64]),
];
const list = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.nat(lists.length - 1).map((i) => ({ name: `list ${i}`, value: () => lists[i] })),
  },
  { weight: 1, arbitrary: notNumber },
);
const near = (...values: number[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values).map(givenNumber) }, anything);
const options = fc.record(
  {
    capacity: near(2 << 20, (2 << 20) + 5, 64 << 20, 2 ** 30, 2 ** 32, page, 131_072),
    memory,
    offset: near(0, page, 2 * page, 3 << 20, 1),
    sizeClasses: list,
    maxWorkers: near(1, 2, 64, 126, 127, 0),
    cleanupInterval: near(0, 1, 100, 2 ** 31 - 1),
    hugePages: fc.oneof(notNumber, fc.constant(givenNumber(1))),
  },
  { requiredKeys: [] },
);
type Made = { [K in keyof HeapOptions | "hugePages"]?: unknown };

function made(given: Partial<Record<string, Given>>): Made {
  return Object.fromEntries(Object.entries(given).map(([key, some]) => [key, (some as Given).value()]));
}

function isInteger(value: unknown, low: number, high: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
}

/** The options that the contract rules out whatever the others are. */
function isRuledOut({ capacity, maxWorkers, cleanupInterval, sizeClasses, hugePages }: Made): boolean {
  if (capacity != null && !isInteger(capacity, page, 2 ** 32)) return true;
  if (maxWorkers != null && !isInteger(maxWorkers, 1, 126)) return true;
  if (cleanupInterval != null && !isInteger(cleanupInterval, 0, 2 ** 31 - 1)) return true;
  if (hugePages !== undefined && hugePages !== false) return true;
  if (sizeClasses == null) return false;
  if (!Array.isArray(sizeClasses) || sizeClasses.length < 1 || sizeClasses.length > 63) return true;
  const sizes = Array.from(sizeClasses as unknown[]);
  return !sizes.every(
    (size, i) =>
      isInteger(size, 8, page) &&
      (size as number) % 8 === 0 &&
      (i === 0 || (size as number) > (sizes[i - 1] as number)),
  );
}

function expectUse(allocator: SlabAllocator, { capacity, sizeClasses, maxWorkers }: Made): void {
  const stats = allocator.stats();
  if (capacity != null) assert.equal(stats.capacity, Math.floor((capacity as number) / page) * page);
  const classes = (sizeClasses ?? SizeClasses.powersOfTwo) as readonly number[];
  assert.deepEqual(
    stats.sizeClasses.map((entry) => entry.objectSize),
    [...classes],
  );
  if (maxWorkers === 1)
    outcome(["ERR_TOO_MANY_WORKERS", "ERR_INVALID_OPTION"], () => SlabAllocator.attach(allocator.handle));
  for (const size of classes) {
    if (outcome(["ERR_OUT_OF_MEMORY"], () => allocator.allocate(size)) !== undefined) break;
  }
  assert.deepEqual(allocator.check(), []);
  allocator.destroy();
}

/** The bytes of a memory that somebody else made; none where it is not one. */
function bytesOf(source: unknown): Buffer {
  if (source instanceof Uint8Array) return Buffer.from(source.buffer);
  try {
    const { buffer = source } = source as { buffer?: unknown };
    return Buffer.from(buffer as ArrayBuffer);
  } catch {
    return Buffer.alloc(0);
  }
}

describe("the constructor", () => {
  it("makes a heap as it is told, or refuses and writes nothing", async () => {
    await fc.assert(
      fc
        .asyncProperty(options, async (given) => {
          const asked = made(given);
          const bytes = typeof asked.memory === "object" ? bytesOf(asked.memory) : Buffer.alloc(0);
          bytes.fill(0xa5);
          const before = Buffer.from(bytes);
          let allocator: SlabAllocator | undefined;
          const error = outcome(["ERR_INVALID_OPTION", "ERR_OS_UNAVAILABLE"], () => {
            allocator = new SlabAllocator(asked as HeapOptions);
          });
          if (allocator !== undefined) {
            assert.ok(!isRuledOut(asked), "options that are ruled out were taken");
            return expectUse(allocator, asked);
          }
          assert.ok(before.equals(bytes), `${error?.message}: after something had been written`);
          const isPlain =
            asked.memory === undefined && asked.offset === undefined && asked.hugePages === undefined;
          const isRoomy = asked.capacity === undefined || isInteger(asked.capacity, 64 << 20, 2 ** 32);
          if (isPlain && isRoomy) assert.ok(isRuledOut(asked), `refused: ${error?.message}`);
        })
        .afterEach(restAtTimes),
      runs(200),
    );
  });

  it("takes an object", () => {
    fc.assert(
      fc.property(fc.oneof(oddNumber, notNumber), (given) => {
        const value = given.value();
        // An object without names, such as {}, takes all defaults; a list, a date or a boxed number is a mistake.
        const isPlain = Object.prototype.toString.call(value) === "[object Object]";
        const isObject = value === undefined || (isPlain && Object.keys(value as object).length === 0);
        const error = outcome(["ERR_INVALID_OPTION"], () =>
          new SlabAllocator(value as HeapOptions).destroy(),
        );
        assert.equal(error === undefined, isObject);
      }),
      runs(100),
    );
  });

  it("lets the errors of a user's own getters pass, and has written nothing then", () => {
    const keys = ["capacity", "memory", "offset", "sizeClasses", "maxWorkers", "cleanupInterval"] as const;
    for (const key of keys) {
      const own = new Error("mine");
      const given = new SharedArrayBuffer(3 << 20);
      const asked = Object.defineProperty({ memory: given, offset: page }, key, {
        get() {
          throw own;
        },
      });
      assert.throws(
        () => new SlabAllocator(asked),
        (error) => error === own,
        key,
      );
      assert.ok(
        Buffer.from(given).every((byte) => byte === 0),
        key,
      );
    }
  });
});

describe("attach", () => {
  const part = fc.record(
    {
      kind: fc.oneof(notNumber, fc.constant({ name: "offheap", value: () => "offheap" })),
      version: anything,
      memory,
      offset: near(0, page, 2 ** 32, 1),
    },
    { requiredKeys: [] },
  );

  it("joins the heap that a handle names, or refuses and writes nothing", async () => {
    const allocator = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 3 });
    const bytes = Buffer.from((allocator.handle.memory as { buffer: ArrayBuffer }).buffer);
    await fc.assert(
      fc
        .asyncProperty(part, async (given) => {
          const changed = made(given);
          const before = Buffer.from(bytes);
          const error = outcome(["ERR_INCOMPATIBLE_HEAP"], () =>
            SlabAllocator.attach({ ...allocator.handle, ...changed } as HeapHandle).detach(),
          );
          if (Object.keys(changed).length === 0) assert.equal(error, undefined);
          if (error === undefined) assert.deepEqual({ ...allocator.handle, ...changed }, allocator.handle);
          else assert.ok(before.equals(bytes), "it was refused after something had been written");
        })
        .afterEach(restAtTimes),
      runs(300),
    );
    fc.assert(
      fc.property(fc.oneof(oddNumber, notNumber), (given) => {
        assert.ok(
          outcome(["ERR_INCOMPATIBLE_HEAP"], () => SlabAllocator.attach(given.value() as HeapHandle)),
        );
      }),
      runs(100),
    );
    assert.deepEqual(allocator.check(), []);
  });

  it("refuses memories cut short, wherever", () => {
    const allocator = new SlabAllocator({ memory: new SharedArrayBuffer(2 << 20), maxWorkers: 2 });
    const bytes = Buffer.from(allocator.handle.memory as SharedArrayBuffer);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: (2 << 20) - 1 }), fc.boolean(), (length, isShared) => {
        const cut = isShared ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
        bytes.copy(Buffer.from(cut as ArrayBuffer));
        assert.ok(
          outcome(["ERR_INCOMPATIBLE_HEAP"], () =>
            SlabAllocator.attach({ ...allocator.handle, memory: cut }),
          ),
        );
      }),
      runs(100),
    );
  });

  it("lets the errors of a user's own getters pass", () => {
    const { handle } = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 3 });
    for (const key of ["kind", "version", "memory", "offset"]) {
      const own = new Error("mine");
      const asked = Object.defineProperty({ ...handle }, key, {
        get() {
          throw own;
        },
      });
      assert.throws(
        () => SlabAllocator.attach(asked),
        (error) => error === own,
        key,
      );
    }
  });
});
