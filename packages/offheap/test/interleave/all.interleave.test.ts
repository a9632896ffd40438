import { interleave } from "../support/stepping/suite.ts";
import { scenarios } from "./scenarios.ts";

for (const scenario of scenarios) interleave(scenario);
