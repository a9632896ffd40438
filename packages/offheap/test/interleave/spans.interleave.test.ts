// Slabs come and go while others use their class, or take their chunks.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  cleanUpAllocate,
  giveBackFree,
  longSpans,
  periodicCleanUp,
  pinnedReuse,
  secondWord,
  spanReuse,
} from "./scenarios/spans.ts";

describe("every schedule: spans and clean-up", () => {
  interleave(giveBackFree);
  interleave(periodicCleanUp);
  interleave(cleanUpAllocate);
  interleave(spanReuse);
  interleave(pinnedReuse);
  interleave(secondWord);
  interleave(longSpans);
});
