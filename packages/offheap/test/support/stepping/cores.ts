// The core of a worker under test: its verbs, each access a step of the fiber, and the instances over them.

import { type AgainInstance, type CoreInstance, instanceOver, type Verbs } from "#core/built/asserting.js";
import type { Fiber } from "./fiber.ts";

function pairOf(value: number, stamp: number): bigint {
  return (BigInt(stamp) << 32n) | BigInt(value >>> 0);
}

interface StepVerbs extends Verbs {
  /** What the core kept for itself is gone. */
  forget(): void;
}

/** The core's verbs, each access a step; what the core keeps for itself, and constants of the heap, are none. */
function verbsOf(fiber: Fiber, isBroken: boolean): StepVerbs {
  const own = new Map<number, number>();
  const ownLoad = (offset: number) => own.get(offset) ?? 0;
  const ownStore = (offset: number, value: number) => void own.set(offset, value);
  const load32 = (at: number) => fiber.load(0, at >>> 2) as number;
  const store32 = (at: number, value: number) => fiber.store(0, at >>> 2, value | 0);
  const state = (at: number) => at - fiber.machine.statesAt;
  // What comes before the state bytes are tables, which stay as they are.
  const constant8 = (at: number) => fiber.machine.beforeStates[at] as number;
  const load8 = (at: number) => (state(at) < 0 ? constant8(at) : (fiber.load(1, state(at)) as number));
  const store8 = (at: number, value: number) => fiber.store(1, state(at), value & 255);
  const word = (at: number, writes: boolean, change: (before: number) => number | undefined) =>
    fiber.atomic(0, at >>> 2, writes, change) as number;
  let stamp = 0;
  // Four state bytes, lowest first: a kill, or another's access, may come between any two.
  const bytes = [0, 1, 2, 3];
  return {
    forget: () => own.clear(),
    load32,
    store32,
    load8,
    store8,
    loadQuad: (at) => bytes.reduce((quad, i) => quad | (load8(at + i) << (i * 8)), 0),
    storeQuad: (at, value) => {
      for (const i of bytes) store8(at + i, (value >>> (i * 8)) & 255);
    },
    glance32: load32,
    constant8,
    constant32: (at) => fiber.machine.words[at >>> 2] as number,
    atomicLoad32: (at) => word(at, false, () => undefined),
    atomicStore32: (at, value) => {
      word(at, true, () => value | 0);
    },
    compareExchange32: (at, expected, desired) => {
      if (!isBroken) {
        const found = word(at, true, (before) => (before === expected ? desired | 0 : undefined));
        return found === expected;
      }
      if (load32(at) !== expected) return false;
      store32(at, desired);
      return true;
    },
    compareExchange8: (at, expected, desired) =>
      fiber.atomic(1, state(at), true, (before: number) => (before === expected ? desired : undefined)) ===
      expected,
    or32: (at, bits) => word(at, true, (before) => before | bits),
    and32: (at, bits) => word(at, true, (before) => before & bits),
    add32: (at, delta) => word(at, true, (before) => (before + delta) | 0),
    // Two words in one access, as WebAssembly has it.
    loadCell: (at) => {
      const pair = fiber.atomic(2, at >>> 3, false, () => undefined) as bigint;
      stamp = Number(BigInt.asIntN(32, pair >> 32n));
      return Number(BigInt.asIntN(32, pair));
    },
    stampLoaded: () => stamp,
    exchangeCell: (at, value, oldStamp, nextValue, nextStamp) => {
      const expected = pairOf(value, oldStamp);
      const found = fiber.atomic(2, at >>> 3, true, (before: bigint) =>
        before === expected ? pairOf(nextValue, nextStamp) : undefined,
      );
      return found === expected;
    },
    wake: () => {},
    // Word by word, as a move may be cut short anywhere. To a lower place only, so ascending.
    moveDown: (to, from, count) => {
      for (let i = 0; i < count; i++) store32(to + i * 4, load32(from + i * 4));
    },
    // What objects hold is none of the books: no steps.
    copyBytes: (to, from, count) =>
      fiber.event(() => void new Uint8Array(fiber.machine.buffer).copyWithin(to, from, from + count)),
    clearBytes: (at, count) =>
      fiber.event(() => void new Uint8Array(fiber.machine.buffer, at, count).fill(0)),
    mallocSlow: (size) => fiber.slowCalls?.malloc(size) ?? 0,
    freeSlow: (address) => fiber.slowCalls?.free(address),
    callocSlow: (count, size) => fiber.slowCalls?.calloc(count, size) ?? 0,
    reallocSlow: (address, size) => fiber.slowCalls?.realloc(address, size) ?? 0,
    alignedSlow: (alignment, size) => fiber.slowCalls?.aligned_alloc(alignment, size) ?? 0,
    cleanUpSlow: () => {},
    bindOwn: () => {},
    ownLoad32: ownLoad,
    ownStore32: ownStore,
    ownLoad8: ownLoad,
    ownStore8: ownStore,
  };
}

/**
 * The instances that a program makes, in their order, and their verbs: those of the run before begin again. To make an instance
 * took as long as all else of a schedule's begin.
 */
export class Cores {
  private readonly fiber: Fiber;
  private readonly isBroken: boolean;
  private readonly made: { verbs: StepVerbs; instance: AgainInstance | undefined }[] = [];
  private used = 0;

  constructor(fiber: Fiber, isBroken: boolean) {
    this.fiber = fiber;
    this.isBroken = isBroken;
  }

  rewind(): void {
    this.used = 0;
  }

  verbs(): Verbs {
    const at = this.used++;
    const before = this.made[at];
    if (before !== undefined) {
      before.verbs.forget();
      return before.verbs;
    }
    const verbs = verbsOf(this.fiber, this.isBroken);
    this.made.push({ verbs, instance: undefined });
    return verbs;
  }

  /** Over the verbs that were made last. */
  instance(verbs: Verbs): CoreInstance {
    const last = this.made[this.used - 1];
    if (last?.verbs !== verbs) return instanceOver(verbs);
    if (last.instance?.beginAgain === undefined) last.instance = instanceOver(verbs);
    else last.instance.beginAgain();
    return last.instance;
  }
}
