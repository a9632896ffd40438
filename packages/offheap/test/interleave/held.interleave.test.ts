// What deaths and races leave behind, and others meet: claims of the dead, slots of those who left, misleading hints.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  leftoverAttach,
  leftoverCleanUp,
  leftoverLast,
  scatteredDrain,
  strayFree,
  twoHeld,
} from "./scenarios/held.ts";
import {
  busyCalledEmpty,
  freeCalledEmpty,
  strangerCalledPartial,
  takenCalledFree,
} from "./scenarios/misled.ts";

describe("every schedule: slabs held by the dead", () => {
  interleave(strayFree);
  interleave(scatteredDrain);
  interleave(twoHeld);
  interleave(leftoverCleanUp);
  interleave(leftoverAttach);
  interleave(leftoverLast);
});

describe("every schedule: hints that mislead", () => {
  interleave(busyCalledEmpty);
  interleave(freeCalledEmpty);
  interleave(takenCalledFree);
  interleave(strangerCalledPartial);
});
