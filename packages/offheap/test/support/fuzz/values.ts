// Values of every kind, for where a number, an object or a memory is expected, and what a call may do with
// them: return, or throw an AllocatorError with one of the codes its contract names. FUZZ_RUNS multiplies the
// number of runs; a failure prints its seed and shrinks (fast-check).

import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { AllocatorError, type ErrorCode } from "#src/base/errors.js";

// A heap stays in memory until the turn of the event loop has ended in which it was made, and nothing tells the engine how much
// memory that is: runs of one turn would hold 20 GB. So properties that make heaps are asynchronous, and rest now and then.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const runsBetween = 32;
let runCount = 0;

/** After a run of a property. */
export async function rest(): Promise<void> {
  await setImmediate();
  collect();
}

/** The same, where runs are many and their heaps small. */
export async function restAtTimes(): Promise<void> {
  if (++runCount % runsBetween === 0) await rest();
}

export function runs(count: number): fc.Parameters<unknown> {
  return { numRuns: Math.ceil(count * Number(process.env["FUZZ_RUNS"] ?? 1)) };
}

function complain(): never {
  throw new Error("nobody may ask this value for a number");
}

/** A value that fast-check passes on without looking into it. */
export interface Given {
  readonly name: string;
  value(): unknown;
}

function given(name: string, value: unknown): Given {
  return { name, value: () => value };
}

/** What is no number, and must never be asked to become one. */
export const notNumber: fc.Arbitrary<Given> = fc.constantFrom(
  given("undefined", undefined),
  given("null", null),
  given("true", true),
  given("false", false),
  given('""', ""),
  given('"64"', "64"),
  given("a long string", "x".repeat(1000)),
  given("64n", 64n),
  given("-(2n ** 70n)", -(2n ** 70n)),
  given("a symbol", Symbol("size")),
  given("[]", []),
  given("[64]", [64]),
  given("{}", {}),
  given("a function", () => 64),
  given("a date", new Date(64)),
  given("a boxed number", Object(64)),
  given("an object that throws", { valueOf: complain, toString: complain, [Symbol.toPrimitive]: complain }),
  given("an array behind a proxy", new Proxy([64], {})),
  given("a frozen array", Object.freeze([Object.freeze({})])),
  given("a view", new Uint8Array(8)),
);

/** A proxy that throws whatever is done with it: for where a value is not to be looked into at all. */
export const poison: Given = given(
  "a proxy that throws",
  new Proxy({}, { get: complain, has: complain, getPrototypeOf: complain, ownKeys: complain }),
);

const edges = [0, 7, 8, 9, 16, 127, 128, 8192, 16_384, 65_535, 65_536, 2 ** 20, 2 ** 24]
  .concat([2 ** 29, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 40, 2 ** 52, 2 ** 53, Number.MAX_VALUE])
  .flatMap((edge) => [edge - 1, edge, edge + 1, edge + 0.5]);

/** Numbers at the edges of what 31, 32 and 53 bits hold, and those that are no integers. */
export const oddNumber: fc.Arbitrary<Given> = fc
  .oneof(
    fc.constantFrom(...edges, ...edges.map((edge) => -edge)),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
  )
  .map(givenNumber);

export function givenNumber(value: number): Given {
  return given(String(value), value);
}

export const anything: fc.Arbitrary<Given> = fc.oneof(
  { weight: 6, arbitrary: oddNumber },
  { weight: 4, arbitrary: notNumber },
  { weight: 1, arbitrary: fc.constant(poison) },
);

/** The error of a call that must return or throw one of these codes; undefined when it returned. */
export function outcome(codes: readonly ErrorCode[], call: () => unknown): AllocatorError | undefined {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof AllocatorError, `${error instanceof Error ? error.stack : String(error)}`);
    assert.ok(codes.includes(error.code), `${error.code} is not one of ${codes}: ${error.message}`);
    assert.ok(error.message.length < 1000, error.message);
    return error;
  }
  return undefined;
}
