// What a worker held comes home: after its death, when it leaves, or when an exception left an operation half done.

// Who may reap whom.
export { type ReapReport, Reaper } from "./reaper.ts";

// The workers of processes that have ended.
export { DeadProcesses } from "./dead-processes.ts";

// The walk over the heap that brings home.
export { type LiveObjects, emptyRecovery, Recoverer, hasStrays } from "./recover.ts";
