// What scripts/core.mjs makes of the core for JavaScript.

import type * as face from "../index.js";
import type * as access from "../target/access.js";

/** The verbs: how an instance reaches its memory. A test hands in others. */
export type Verbs = Omit<typeof access, "bindMemory" | "bindSlow">;
export type CoreInstance = typeof face;
export type SlowCalls = access.SlowCalls;

/** The verbs over a memory; `bindMemory` takes it again after it has grown. */
export declare function verbsOver(buffer: ArrayBufferLike): typeof access;
/** A new instance. */
export declare function instanceOver(verbs: Verbs): CoreInstance;
