// Records begin and end: every schedule, a death before every access, with a reaper that dies, too.

import { describe } from "node:test";
import { interleave, interrupt, isDeep } from "../support/stepping/suite.ts";
import { crossed, late, lone } from "./kills.ts";
import { beginnerDies, bothBegin, bothEnd, enderDies, reaperOfRecordsDies } from "./scenarios/records.ts";

describe("records, in every order", () => {
  interleave(bothEnd);
  interleave(bothBegin);
});

describe("kill at every access: of workers that begin and end records", () => {
  for (const scenario of [...enderDies, ...beginnerDies])
    interrupt(
      scenario,
      scenario.programs.length === 2 || isDeep ? [lone, late, crossed] : [lone, late],
      isDeep ? 10_000 : 100,
    );
  for (const scenario of reaperOfRecordsDies)
    interrupt(
      scenario,
      [{ memory: "strong", preemptions: 0, kills: 2, reduce: true }],
      isDeep ? 10_000 : 200,
    );
});
