// The ring: every schedule of two workers, a kill before every access of each, of the reaper, too, and an exception at every
// access. On the JavaScript of the core, and a part of it on the compiled module.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, isDeep, samplesWithDeath } from "../support/stepping/suite.ts";
import { crossed, late, lateCrossed, withVictim } from "./kills.ts";
import {
  aroundRing,
  forwardRing,
  fullRing,
  keepRing,
  manyRings,
  overTaken,
  receiveReceive,
  ringReapers,
  sendReceive,
  sendSend,
  takeRing,
  writeSend,
} from "./scenarios/rings.ts";

const small = [
  writeSend,
  sendSend,
  sendReceive,
  receiveReceive,
  fullRing,
  takeRing,
  forwardRing,
  keepRing,
  overTaken,
  ...manyRings,
] as unknown as Scenario[];

describe("the ring: every schedule", () => {
  for (const scenario of [...small, aroundRing as unknown as Scenario]) interleave(scenario);
});

describe("the ring: kill at every access", () => {
  for (const victim of [0, 1])
    for (const scenario of small)
      interrupt(
        withVictim(scenario, victim),
        isDeep ? [late, crossed, lateCrossed] : [late, crossed],
        samplesWithDeath,
      );
  const two: Bounds = { memory: "strong", preemptions: 0, kills: 2, reduce: true };
  for (const scenario of ringReapers) interrupt(scenario, [two], 300);
});

describe("the ring: an exception at every access", () => {
  for (const scenario of small)
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

describe("the ring: the compiled module", () => {
  const isCompiled = true;
  for (const scenario of small) {
    interrupt(scenario, [{ memory: "strong", preemptions: 1, reduce: true, isCompiled }]);
    interrupt(withVictim(scenario, 0), [{ memory: "strong", preemptions: 0, kills: 1, isCompiled }]);
  }
});
