// Assertions without a test runner. Each says what it looked at.

import type { ErrorCode, Violation } from "offheap";
import type { Library } from "./host.ts";

export function ok(value: unknown, what: string): asserts value {
  if (!value) throw new Error(what);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: got ${got}, expected ${wanted}`);
}

/** A call that must throw the library's error with this code. */
export function throwsCode(library: Library, code: ErrorCode, call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    ok(error instanceof library.AllocatorError, `${code} expected, got ${String(error)}`);
    ok(error instanceof Error, `${code} is an Error`);
    equal(error.code, code, `code of "${error.message}"`);
    equal(error.name, "AllocatorError", "name of the error");
    return error;
  }
  throw new Error(`${code} expected, nothing was thrown: ${call}`);
}

/** The end of every scenario: nothing live, nothing broken. */
export function isWhole(heap: { check(): Violation[]; stats(): { liveObjects: number } }): void {
  equal(heap.check(), [], "check()");
  equal(heap.stats().liveObjects, 0, "live objects");
}
