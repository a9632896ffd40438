// Which scenarios run where, and every job that a worker may be told to do.

import type { Scenarios } from "../harness.ts";
import type { Host, Job } from "../host.ts";
import * as death from "./death.ts";
import * as errors from "./errors.ts";
import * as handOver from "./hand-over.ts";
import * as local from "./local.ts";
import * as malloc from "./malloc.ts";
import { osScenarios } from "./os.ts";
import * as pool from "./pool.ts";
import * as processes from "./processes.ts";
import * as rings from "./rings.ts";
import * as sharing from "./sharing.ts";
import * as unisolated from "./unisolated.ts";

export const jobs: Readonly<Record<string, Job>> = {
  ...death.jobs,
  ...errors.jobs,
  ...handOver.jobs,
  ...malloc.jobs,
  ...pool.jobs,
  ...processes.jobs,
  ...rings.jobs,
  ...sharing.jobs,
};

export function scenariosFor({ isIsolated, compiles, sharedFiles }: Host): Scenarios {
  if (!isIsolated) return { ...local.scenarios, ...osScenarios("local"), ...unisolated.scenarios };
  return {
    ...sharing.scenarios,
    ...handOver.scenarios,
    ...pool.scenarios,
    ...rings.scenarios,
    ...(compiles && malloc.scenarios),
    "malloc's calls": malloc.calls("shared"),
    ...death.scenarios,
    ...errors.scenarios,
    ...local.scenarios,
    ...osScenarios("shared"),
    ...processes.processScenarios(sharedFiles),
  };
}
