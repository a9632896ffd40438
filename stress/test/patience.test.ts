// A stall is told by the processor's time that the process had, and by a second, longer limit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isStalled, moment } from "#src/patience.js";

const begin = { now: 1000, busy: 500 };

test("a process that has little of the processor is not stalled", () => {
  assert.equal(isStalled(begin, { now: 200_000, busy: 10_000 }), false);
});

test("one that has spent its time on nothing is, and one that slept for minutes", () => {
  assert.equal(isStalled(begin, { now: 31_000, busy: 41_000 }), true);
  assert.equal(isStalled(begin, { now: 302_000, busy: 600 }), true);
});

test("both clocks go on", () => {
  const first = moment();
  let sum = 0;
  while (moment().busy < first.busy + 20) sum += Math.sqrt(sum + 1);
  const second = moment();
  assert.ok(second.now > first.now && second.busy > first.busy && sum > 0);
});
