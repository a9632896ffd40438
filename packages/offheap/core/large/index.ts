// Large objects: page runs, and above them spans of their own.

// Of any length.
export { isSpanOf, allocateLarge, freeLarge, resizeLarge } from "./large.ts";

// With a span of their own.
export { freeSpan, resizeSpan } from "./spans.ts";

// What a worker keeps for its next objects.
export { forgetKept, giveBackIdle, giveBackKept } from "./kept.ts";
