// Maps, and caches on them: every schedule of two workers, a kill before every access of each, and an exception at every access. On the JavaScript of
// the core, and a part of it on the compiled module.

import { describe } from "node:test";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, isDeep, samplesWithDeath } from "../support/stepping/suite.ts";
import { crossed, late, lone, withVictim } from "./kills.ts";
import {
  behindReused,
  countLost,
  deleteDelete,
  deleteNeighbours,
  evictDelete,
  evictEvict,
  evictReplace,
  evictUse,
  getBehind,
  getReplaced,
  growSet,
  hitDeleted,
  hitReused,
  insertInsert,
  openOpen,
  recallBehind,
  recallGrown,
  recallMimicked,
  recallReplaced,
  replaceDelete,
  replaceReplace,
  setOther,
  setOut,
  setSetMap,
} from "./scenarios/maps.ts";

const small = [
  setSetMap,
  replaceReplace,
  setOther,
  setOut,
  insertInsert,
  replaceDelete,
  deleteDelete,
  getReplaced,
  evictEvict,
  evictReplace,
  evictDelete,
  evictUse,
  recallReplaced,
  hitDeleted,
  countLost,
  ...behindReused.slice(0, 1),
] as unknown as Scenario[];
const large = [
  deleteNeighbours,
  getBehind,
  growSet,
  openOpen,
  recallBehind,
  recallGrown,
  hitReused,
  ...behindReused.slice(1),
] as unknown as Scenario[];

describe("maps: every schedule", () => {
  for (const scenario of [...small, ...(recallMimicked as unknown as Scenario[])]) interleave(scenario);
  for (const scenario of large)
    interrupt(scenario, [{ memory: "strong", preemptions: isDeep ? 2 : 1, reduce: true }]);
});

describe("maps: kill at every access", () => {
  for (const victim of [0, 1]) {
    for (const scenario of small) interrupt(withVictim(scenario, victim), [late, crossed], samplesWithDeath);
    for (const scenario of large)
      interrupt(withVictim(scenario, victim), isDeep ? [late, crossed] : [lone, late], samplesWithDeath);
  }
});

describe("maps: an exception at every access", () => {
  for (const scenario of [...small, ...large])
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

describe("maps: the compiled module", () => {
  const isCompiled = true;
  for (const scenario of small) {
    interrupt(scenario, [{ memory: "strong", preemptions: 1, reduce: true, isCompiled }]);
    interrupt(withVictim(scenario, 0), [{ memory: "strong", preemptions: 0, kills: 1, isCompiled }]);
  }
});
