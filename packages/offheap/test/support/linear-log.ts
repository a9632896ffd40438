// Where threads write down their calls: words that all share, some of a thread's own. Stamps come of one counter, taken before a
// call and behind it: so a call whose end is below another's begin had ended before that began.

import type { KeyCall, Stamped, Value } from "./linear.ts";
import { sharedWords } from "./structure-threads.ts";

const names = ["get", "set", "insert", "replace", "delete", "increment"] as const;
/** key, begin, end, name, two arguments, result */
const wordsPerCall = 8;
/** No value: those of calls are above 0. */
const none = -1;
const mostLooks = 2000;
const napMs = 0.1;

export interface SharedLog {
  /** The next stamp; how many threads stand at the gate. */
  readonly counter: Int32Array;
  /** Of each thread. */
  readonly words: readonly Int32Array[];
}

export function makeLog(threads: number, calls: number): SharedLog {
  return {
    counter: sharedWords(2),
    words: Array.from({ length: threads }, () => sharedWords(calls * wordsPerCall)),
  };
}

export class Logger {
  private readonly counter: Int32Array;
  private readonly words: Int32Array;
  private at = 0;

  constructor({ counter, words }: SharedLog, thread: number) {
    this.counter = counter;
    this.words = words[thread] as Int32Array;
  }

  /** Makes a call on a key, and writes it down. */
  log(key: number, make: () => KeyCall): KeyCall {
    const begin = Atomics.add(this.counter, 0, 1);
    const call = make();
    const end = Atomics.add(this.counter, 0, 1);
    const { at, words } = this;
    words.set([key, begin, end, names.indexOf(call.name), ...partsOf(call)], at);
    this.at += wordsPerCall;
    return call;
  }

  /** Waits until as many have come: awake at first, so that all go on at one moment. */
  pass(all: number): void {
    Atomics.add(this.counter, 1, 1);
    for (let looks = 0; Atomics.load(this.counter, 1) < all; looks++)
      if (looks > mostLooks) Atomics.wait(this.counter, 1, Atomics.load(this.counter, 1), napMs);
  }
}

function partsOf(call: KeyCall): readonly number[] {
  switch (call.name) {
    case "get":
      return [call.got ?? none, 0, 0];
    case "set":
      return [call.value, 0, 0];
    case "insert":
      return [call.value, 0, Number(call.isIn)];
    case "replace":
      return [call.value, call.expected, Number(call.isIn)];
    case "delete":
      return [0, 0, Number(call.wasThere)];
    case "increment":
      return [call.sum, call.by, 0];
  }
}

function callOf(name: KeyCall["name"], [value, other, is]: readonly [number, number, number]): KeyCall {
  const got: Value = value === none ? undefined : value;
  const isIn = is === 1;
  return {
    get: { name: "get", got } as const,
    set: { name: "set", value } as const,
    insert: { name: "insert", value, isIn } as const,
    replace: { name: "replace", value, expected: other, isIn } as const,
    delete: { name: "delete", wasThere: isIn } as const,
    increment: { name: "increment", sum: value, by: other } as const,
  }[name];
}

/** The calls of all threads, by key. */
export function historiesOf({ words }: SharedLog, calls: number): Map<number, Stamped[]> {
  const histories = new Map<number, Stamped[]>();
  for (const its of words)
    for (let i = 0; i < calls; i++) {
      const [key, begin, end, name, value, other, is] = its.subarray(
        i * wordsPerCall,
        (i + 1) * wordsPerCall,
      );
      const call = callOf(names[name as number] as KeyCall["name"], [
        value as number,
        other as number,
        is as number,
      ]);
      const stamped = { ...call, begin: begin as number, end: end as number };
      const known = histories.get(key as number);
      if (known === undefined) histories.set(key as number, [stamped]);
      else known.push(stamped);
    }
  return histories;
}
