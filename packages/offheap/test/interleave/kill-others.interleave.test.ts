// A worker dies before any one of its accesses: the other half of the scenarios.

import { killInEveryOther } from "./kills.ts";

for (const victim of [0, 1]) killInEveryOther(victim, 1);
