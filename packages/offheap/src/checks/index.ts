// What check() looks at of structures: records' generations, names, maps and caches. Reading only.

export type { Violation, Report } from "./violation.ts";

export { checkGenerations } from "./generations.ts";
export { checkStructures, isOwnerGone } from "./structures.ts";
