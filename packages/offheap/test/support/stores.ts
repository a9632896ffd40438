// Plays the same calls on the compiled module, each store of which is told, and on the JavaScript of the same source, and
// compares the two sequences of stores: address, width and value.

import assert from "node:assert/strict";
import binaryen from "binaryen";
import { SlabAllocator } from "offheap";
import { type CoreInstance, instanceOver, type Verbs, verbsOver } from "#core/built/asserting.js";
import { sharedModule } from "#core/built/module.js";
import { type Core, placeCore } from "#src/memory/core.js";
import { Heap } from "#src/memory/heap.js";
import type { WasmMemory } from "#src/memory/kind.js";
import { heapOf } from "./heaps.ts";
import { kitOf } from "./kits.ts";
import type { Random } from "./random.ts";
import { importedNames, wasmInstanceOf, wasmMemory, wasmModule } from "./wasm.ts";
import { WordMap } from "./word-map.ts";

type Store = readonly [at: number, value: number];

type Tell = (at: number, value: number) => void;

/** The module with a call before each store. Atomic read-modify-writes are stores of neither side here. */
function tellingModule(tell: Tell, memory: WasmMemory): CoreInstance {
  const module = binaryen.readBinary(Buffer.from(sharedModule, "hex"));
  module.setFeatures(binaryen.Features.All);
  module.runPasses(["instrument-memory"]);
  const bytes = module.emitBinary();
  module.dispose();
  // store_ptr(id, bytes, offset, address), then the value is made, which may store by itself; store_val(id, value).
  const addresses = new Map<number, number>();
  const calls: Record<string, (...operands: number[]) => unknown> = {
    store_ptr: (id, _bytes, offset, address) => {
      addresses.set(id as number, ((address as number) + (offset as number)) >>> 0);
      return address;
    },
    store_val_i32: (id, value) => {
      tell(addresses.get(id as number) as number, value as number);
      return value;
    },
  };
  const importOf = (name: string) => calls[name] ?? ((...operands: number[]) => operands.at(-1));
  const compiled = wasmModule(bytes);
  const names = importedNames(compiled);
  const env = Object.fromEntries(names.map((name) => [name, name === "memory" ? memory : importOf(name)]));
  return wasmInstanceOf(compiled, { env, shell: env }) as CoreInstance;
}

function tellingVerbs(tell: Tell, buffer: ArrayBufferLike): Verbs {
  const plain = verbsOver(buffer);
  let ownAt = 0;
  const telling =
    (verb: (at: number, value: number) => void, base: () => number, mask: number) =>
    (at: number, value: number): void => {
      tell((base() + at) >>> 0, value & mask);
      verb(at, value);
    };
  const none = () => 0;
  return {
    ...plain,
    bindOwn(at) {
      ownAt = at;
      plain.bindOwn(at);
    },
    store32: telling(plain.store32, none, -1),
    storeQuad: telling(plain.storeQuad, none, -1),
    atomicStore32: telling(plain.atomicStore32, none, -1),
    store8: telling(plain.store8, none, 255),
    ownStore32: telling(plain.ownStore32, () => ownAt, -1),
    ownStore8: telling(plain.ownStore8, () => ownAt, 255),
  };
}

/** The next random call, the same for both sides. */
type Caller = (random: Random) => (allocator: SlabAllocator) => unknown;

/** Makes what its calls need, and returns them. */
export type Calls = (allocators: readonly SlabAllocator[]) => Caller;

const cleanEvery = 400;
const mostGrown = 9;

export const slabCalls: Calls = () => {
  const live: number[] = [];
  let call = 0;
  return (random) => {
    const size = 1 + random.below(random.pick([40, 900, 8000]));
    const at = random.below(live.length + 1);
    const isFree = random.chance(48) && at < live.length;
    if (isFree) {
      const [address] = live.splice(at, 1);
      return (allocator) => allocator.deallocate(address as number);
    }
    if (call++ % cleanEvery === cleanEvery - 1) return (allocator) => allocator.cleanup().slabs;
    return (allocator) => {
      const made = allocator.allocate(size);
      if (live.at(-1) !== made) live.push(made);
      return made;
    };
  };
};

/** Calls on a map, and on one with the books of a cache. */
export const mapCalls: Calls = (allocators) => {
  const made = allocators.map((allocator) => {
    const kit = kitOf(allocator);
    const map = new WordMap(kit, WordMap.create(kit));
    return [allocator, { map, cache: new WordMap(kit, WordMap.createCache(kit)) }] as const;
  });
  const maps = new Map(made);
  const grown = { map: 0, cache: 0 };
  return (random) => {
    const [key, value, dice] = [random.below(60), random.below(1000), random.below(100)];
    const which = random.pick(["map", "cache"] as const);
    const how = random.below(2);
    // One piece has 2^9 heads.
    const grows = dice >= 98 && grown[which]++ < mostGrown;
    return (allocator) => {
      const map = maps.get(allocator)?.[which] as WordMap;
      // What a worker has retired has space for few.
      kitOf(allocator).sweepIfAny();
      if (dice < 40) return map.put(key, value, how);
      if (dice < 60) return map.remove(key);
      if (dice < 75) return map.get(key);
      if (dice < 98) return which === "cache" ? (dice < 85 ? map.use(key) : map.evict(3)) : map.all();
      return grows ? map.grow() : map.all();
    };
  };
};

/** Plays random calls on both; fails at the first store that differs. */
export async function storesOf(
  random: Random,
  calls: number,
  callsOf: Calls,
): Promise<{ count: number; compared: number }> {
  const told: [Store[], Store[]] = [[], []];
  const tellers = told.map(
    (list): Tell =>
      (at, value) =>
        void list.push([at, value]),
  );
  const allocators = tellers.map((tell, side) => {
    const source = wasmMemory(64, 64, true);
    const made = new SlabAllocator({ memory: source, maxWorkers: 2, engine: "js" });
    const { layout } = heapOf(made);
    const heap = new Heap(source, 0, layout);
    const instance =
      side === 0 ? tellingModule(tell, source) : instanceOver(tellingVerbs(tell, source.buffer));
    const core = { ...instance, engine: "js", bindMemory() {}, bindSlow() {} } as Core;
    placeCore(core, 0, layout);
    Object.assign(heap, { core });
    return new SlabAllocator({}, { heap });
  });
  const next = callsOf(allocators);
  let count = 0;
  for (let i = 0; i < calls; i++) {
    const call = next(random);
    for (const list of told) list.length = 0;
    const results = allocators.map(call);
    assert.deepEqual(results[0], results[1]);
    assert.deepEqual(told[0], told[1], `call ${i}`);
    count += told[0].length;
  }
  return { count, compared: calls };
}
