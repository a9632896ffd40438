// Two workers allocate and free on one class: magazines, refills and drains against each other.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  allocateAllocate,
  drainClaimed,
  drainDrain,
  gaugeRunsOver,
  handOver,
  homes,
  lastSlots,
  localRemote,
  moduleCalls,
  refillDrain,
  scarceRefill,
  twoLines,
} from "./scenarios/allocate-free.ts";

describe("every schedule: allocate and free", () => {
  interleave(allocateAllocate);
  interleave(homes);
  interleave(lastSlots);
  interleave(localRemote);
  interleave(handOver);
  interleave(twoLines);
  interleave(moduleCalls);
  interleave(gaugeRunsOver);
  interleave(refillDrain);
  interleave(scarceRefill);
  interleave(drainDrain);
  interleave(drainClaimed);
});
