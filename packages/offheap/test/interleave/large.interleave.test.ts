// Large objects of a pool, every schedule. Their deaths are in large-deaths.interleave.test.ts.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import * as kept from "./scenarios/kept.ts";
import * as large from "./scenarios/large.ts";
import * as moves from "./scenarios/moves.ts";
import * as runs from "./scenarios/runs.ts";

describe("every schedule: page runs", () => {
  interleave(runs.allocateRuns);
  interleave(runs.freeRuns);
  interleave(runs.freeAllocateRuns);
  interleave(runs.freeBesideLonger);
  interleave(runs.handOverRun);
  interleave(runs.giveBackRuns);
  interleave(runs.cleanUpDueRuns);
  interleave(runs.secondEmpty);
  interleave(runs.resizeRun);
  interleave(runs.doubleFreeRun);
  interleave(runs.doubleFreeRunAgain);
  interleave(runs.leaveBin);
  interleave(runs.leaveBinTwice);
  interleave(runs.refillEmpty);
  interleave(runs.freeCalledRoomy);
  interleave(runs.freeCalledEmptyPages);
});

describe("every schedule: page runs that are kept", () => {
  interleave(kept.keptWanted);
  interleave(kept.keptCleanUp);
  interleave(kept.keptByTwo);
  interleave(kept.doubleFreeKept);
});

describe("every schedule: spans that are kept", () => {
  interleave(kept.keptSpanWanted);
  interleave(kept.keptSpanCleanUp);
  interleave(kept.keptSpanHandedOver);
  interleave(kept.keptSpanBehind);
  interleave(kept.doubleFreeKeptSpan);
});

describe("every schedule: large objects", () => {
  interleave(large.allocateLarge);
  interleave(large.freeAllocateLarge);
  interleave(large.doubleFreeLarge);
  interleave(large.resizeLarge);
  interleave(large.reapFreeLarge);
  interleave(large.reapAdoptLarge);
  interleave(large.reapResizeLarge);
  interleave(large.reapFreesAdopted);
});

describe("every schedule: objects that move", () => {
  interleave(moves.moveSlot);
  interleave(moves.moveForeign);
  interleave(moves.moveStray);
  interleave(moves.moveReaped);
  interleave(moves.moveKinds);
  interleave(moves.moveForeignLarge);
  interleave(moves.shrinkSpan);
  interleave(moves.shrinkRun);
  interleave(moves.shrinkSlot);
});
