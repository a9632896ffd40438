// Structures: every schedule of two workers, a kill before every access of each, of the reaper, too, and an exception at every
// access. On the JavaScript of the core, and a part of it on the compiled module.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, isDeep, samplesWithDeath } from "../support/stepping/suite.ts";
import { crossed, late, lateCrossed, lone, withVictim } from "./kills.ts";
import { largeStructures } from "./scenarios/large-structures.ts";
import { newNew, newNewApart, newSet, newSetApart, setNewApart } from "./scenarios/new-names.ts";
import {
  heldTop,
  popPop,
  popPush,
  pushPop,
  pushPush,
  reapers,
  setDelete,
  setGet,
  setSet,
  topPop,
} from "./scenarios/structures.ts";

const stacks = [pushPush, pushPop, popPop, topPop];
const names = [setSet, setDelete, setGet];
/** With three times as many accesses: nine times as many schedules within two pre-emptions. */
const newNames = [newNew, newSet, newNewApart, newSetApart, setNewApart] as unknown as Scenario[];
const both = [...stacks, ...names] as unknown as Scenario[];

describe("structures: every schedule", () => {
  for (const scenario of [...both, popPush as unknown as Scenario]) interleave(scenario);
});

describe("structures: kill at every access", () => {
  for (const victim of [0, 1])
    for (const scenario of both)
      interrupt(
        withVictim(scenario, victim),
        isDeep ? [late, crossed, lateCrossed] : [late, crossed],
        samplesWithDeath,
      );
  interrupt(heldTop, [lone, crossed]);
  const two: Bounds = { memory: "strong", preemptions: 0, kills: 2, reduce: true };
  for (const scenario of reapers) interrupt(scenario, [two], 300);
});

describe("names that are set where nobody has them", () => {
  const reduce = true;
  const every: Bounds[] = [
    // Two: one worker stands still while another becomes the name, in whose midst the first goes on.
    { memory: "strong", preemptions: 2, reduce, ...(isDeep ? {} : { limit: 6000 }) },
    { memory: "lazy", preemptions: isDeep ? 1 : 0, arrivals: 0, reduce },
  ];
  for (const scenario of newNames) {
    interrupt(scenario, every);
    for (const victim of [0, 1])
      interrupt(withVictim(scenario, victim), isDeep ? [crossed, late] : [lone], samplesWithDeath);
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce },
    ]);
  }
});

describe("structures of large objects", () => {
  const reduce = true;
  const every: Bounds[] = [
    { memory: "strong", preemptions: isDeep ? 2 : 1, reduce },
    { memory: "lazy", preemptions: isDeep ? 1 : 0, arrivals: 1, reduce },
  ];
  for (const scenario of largeStructures as unknown as Scenario[]) {
    interrupt(scenario, every);
    for (const victim of [0, 1]) interrupt(withVictim(scenario, victim), [isDeep ? crossed : lone, late]);
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce },
    ]);
  }
});

describe("structures: an exception at every access", () => {
  for (const scenario of both)
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

describe("structures: the compiled module", () => {
  const isCompiled = true;
  for (const scenario of both) {
    interrupt(scenario, [{ memory: "strong", preemptions: 1, reduce: true, isCompiled }]);
    interrupt(withVictim(scenario, 0), [{ memory: "strong", preemptions: 0, kills: 1, isCompiled }]);
  }
});
