// Two workers allocate and free on one class: magazines, refills and drains against each other.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  allocateAllocate,
  drainClaimed,
  drainDrain,
  handOver,
  lastSlots,
  localRemote,
  refillDrain,
} from "./scenarios.ts";

describe("every schedule: allocate and free", () => {
  interleave(allocateAllocate);
  interleave(lastSlots);
  interleave(localRemote);
  interleave(handOver);
  interleave(refillDrain);
  interleave(drainDrain);
  interleave(drainClaimed);
});
