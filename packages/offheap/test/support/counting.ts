// Counts accesses to shared memory: the books' views behind proxies, the atomics behind counters. Before each store,
// and each atomic, a test may have its say.

import { instanceOver, type Verbs, verbsOver } from "#core/built/asserting.js";
import { inverseOfNone, mapWord } from "#src/layout/layout.js";
import { type AtomicOps, hardwareAtomics } from "#src/memory/atomics.js";
import { type Access, hardwareAccess } from "#src/memory/block.js";

export interface Accesses {
  loads: number;
  stores: number;
  atomics: number;
}

type View = Int32Array | Uint8Array | BigInt64Array;

export class CountingAccess implements Access {
  private counted: Accesses = { loads: 0, stores: 0, atomics: 0 };
  private readonly raw = new WeakMap<View, View>();
  readonly atomics: AtomicOps;
  readonly instance = instanceOver;
  private readonly beforeStore: () => void;

  constructor(beforeStore: () => void = () => {}) {
    this.beforeStore = beforeStore;
    this.atomics = this.countAtomics();
  }

  words(buffer: ArrayBufferLike, byteOffset: number, length: number): Int32Array {
    return this.wrap(hardwareAccess.words(buffer, byteOffset, length), inverseOfNone, mapWord);
  }

  wide(buffer: ArrayBufferLike, byteOffset: number, length: number): BigInt64Array {
    return this.wrap(hardwareAccess.wide(buffer, byteOffset, length));
  }

  states(buffer: ArrayBufferLike, byteOffset: number, length: number, tableBytes = 0): Uint8Array {
    return this.wrap(hardwareAccess.states(buffer, byteOffset, length), 0, tableBytes);
  }

  /** The core's: what it keeps for itself, and constants of the heap, are no accesses. The same holds of the views. */
  verbs(buffer: ArrayBufferLike): Verbs {
    const plain = verbsOver(buffer);
    const counted = { ...plain } as Record<string, unknown>;
    const kinds = {
      loads: ["load32", "load8", "loadQuad", "glance32"],
      stores: ["store32", "store8", "storeQuad"],
      atomics: [
        "atomicLoad32",
        "atomicStore32",
        "compareExchange32",
        "compareExchange8",
        "or32",
        "and32",
        "add32",
      ],
    } as const;
    for (const kind of ["loads", "stores", "atomics"] as const) {
      for (const name of kinds[kind]) {
        const verb = plain[name] as (...args: number[]) => unknown;
        counted[name] = (...args: number[]) => {
          if (kind !== "loads") this.beforeStore();
          this.counted[kind]++;
          return verb(...args);
        };
      }
    }
    counted["moveDown"] = (to: number, from: number, count: number) => {
      this.beforeStore();
      this.counted.stores += count;
      plain.moveDown(to, from, count);
    };
    return counted as unknown as Verbs;
  }

  /** What a call accesses. */
  during(call: () => void): Accesses {
    this.counted = { loads: 0, stores: 0, atomics: 0 };
    call();
    return this.counted;
  }

  /** Elements from `constant` to before `end` stay as they are while the heap lives. */
  private wrap<T extends View>(view: T, constant = 0, end = 0): T {
    const proxy = new Proxy(view, {
      get: (target, key) => {
        if (typeof key === "string" && /^\d+$/.test(key) && !(Number(key) >= constant && Number(key) < end))
          this.counted.loads++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? this.method(target, key, value.bind(target)) : value;
      },
      set: (target, key, value) => {
        this.beforeStore();
        this.counted.stores++;
        return Reflect.set(target, key, value, target);
      },
    });
    this.raw.set(proxy, view);
    return proxy;
  }

  /** Bulk methods count as an access an element: none of them may hide in the fast path. */
  private method(target: View, key: string | symbol, bound: (...args: unknown[]) => unknown) {
    return (...args: unknown[]) => {
      const isStore = key === "fill" || key === "set" || key === "copyWithin";
      if (isStore) this.beforeStore();
      const [from, to] = key === "fill" ? args.slice(1) : args;
      const elements = Math.max(Number(to ?? target.length) - Number(from ?? 0), 0);
      this.counted[isStore ? "stores" : "loads"] += elements;
      return bound(...args);
    };
  }

  private countAtomics(): AtomicOps {
    const count =
      <A extends unknown[], R>(operation: (view: never, ...args: A) => R) =>
      (view: View, ...args: A): R => {
        this.beforeStore();
        this.counted.atomics++;
        return operation((this.raw.get(view) ?? view) as never, ...args);
      };
    const { load, store, swap, swapByte, loadWide, swapWide } = hardwareAtomics;
    return {
      load: count(load),
      store: count(store),
      swap: count(swap),
      swapByte: count(swapByte),
      loadWide: count(loadWide),
      swapWide: count(swapWide),
    };
  }
}
