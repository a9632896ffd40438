// Free chunks and the operating system.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  decommitDecommit,
  decommitGiveBack,
  decommitRuns,
  decommitTake,
  delayedTake,
} from "./scenarios/decommit.ts";

describe("every schedule: decommit", () => {
  interleave(decommitTake);
  interleave(delayedTake);
  interleave(decommitGiveBack);
  interleave(decommitDecommit);
  interleave(decommitRuns);
});
