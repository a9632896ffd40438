// Every scenario in which nobody dies before its end.

import type { Scenario } from "../../support/stepping/scenario.ts";
import * as allocateFree from "./allocate-free.ts";
import * as decommit from "./decommit.ts";
import * as doubleFree from "./double-free.ts";
import * as held from "./held.ts";
import * as kept from "./kept.ts";
import * as large from "./large.ts";
import * as misled from "./misled.ts";
import * as moves from "./moves.ts";
import * as runs from "./runs.ts";
import * as spans from "./spans.ts";
import * as workers from "./workers.ts";

export const scenarios = [
  allocateFree,
  spans,
  decommit,
  workers,
  doubleFree,
  held,
  misled,
  kept,
  runs,
  large,
  moves,
].flatMap((file) =>
  Object.values(file).filter((value) => typeof value === "object" && "programs" in value),
) as unknown as readonly Scenario<never>[];
