// Workers come, go, die, and are reaped, while others work.

import { describe } from "node:test";
import { interleave } from "../support/stepping/suite.ts";
import {
  adoptFree,
  attachAttach,
  attachDetach,
  destroyAttach,
  detachDetach,
  leftovers,
  reapAdopt,
  reapAllocate,
  reaperReaped,
  reapFree,
  reapLiveAdopt,
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
  interleave(adoptFree);
  interleave(reapLiveAdopt);
  interleave(reaperReaped);
});
