// The parts of the command that other programs use, the benchmark among them.

export { CliError, type CliErrorCode } from "./errors.ts";
export { makeProgress, type Progress } from "./progress.ts";
export { type PassedOver, prepareStream, type Stream, type StreamOptions } from "./stream.ts";
export type { LineNote, Tally, Trace, TraceProblems } from "./trace/trace.ts";
export { type ReadOptions, readTrace } from "./trace/trace-reader.ts";
