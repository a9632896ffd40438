// Illegal calls that overlap: what they can and cannot break, see docs/proof.md.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import { doubleFree, doubleFreeDrain, doubleFreeGone, doubleFreeReuse } from "./scenarios/double-free.ts";

describe("every schedule: racing double free", () => {
  interleave(doubleFree);
  interleave(doubleFreeDrain);
  interleave(doubleFreeReuse);
  interleave(doubleFreeGone);
});
