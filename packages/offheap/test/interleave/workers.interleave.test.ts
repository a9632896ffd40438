// Workers come, go, die, and are reaped, while others work.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  attachAttach,
  attachDetach,
  destroyAttach,
  detachDetach,
  leftovers,
  reapAdopt,
  reapAllocate,
  reapFree,
  reapReap,
} from "./scenarios/workers.ts";

describe("every schedule: workers", () => {
  interleave(attachAttach);
  interleave(attachDetach);
  interleave(detachDetach);
  interleave(leftovers);
  interleave(destroyAttach);
  interleave(reapAllocate);
  interleave(reapFree);
  interleave(reapAdopt);
  interleave(reapReap);
});
