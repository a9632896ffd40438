// Which scenarios run where, and every job that a worker may be told to do.

import type { Scenarios } from "../harness.ts";
import type { Host, Job } from "../host.ts";
import * as sharing from "./sharing.ts";

export const jobs: Readonly<Record<string, Job>> = { ...sharing.jobs };

export function scenariosFor(_host: Host): Scenarios {
  return { ...sharing.scenarios };
}
