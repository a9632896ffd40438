// Slabs come and go while others use their class, or take their chunks.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import { cleanUpAllocate, giveBackFree, longSpans, spanReuse } from "./scenarios.ts";

describe("every schedule: spans and clean-up", () => {
  interleave(giveBackFree);
  interleave(cleanUpAllocate);
  interleave(spanReuse);
  interleave(longSpans);
});
