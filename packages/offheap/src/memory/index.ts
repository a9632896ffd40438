// The block of memory: whose it is, the views over it, the atomics, and the instance of the core that works on it. A
// `Heap` is all of that together, as one worker sees it.

// What kind of memory a value is, of whatever realm.
export {
  type WasmMemory,
  type MemorySource,
  type MemoryKind,
  memoryKindOf,
  isMemorySource,
  bufferOf,
  isShared,
  lacksIsolation,
} from "./kind.ts";

// The memory, ours or someone else's, and the views over the books.
export { type Access, hardwareAccess, reserveMemory, spaceAt } from "./block.ts";

// The page that each of several processes has to itself.
export { OwnPage } from "./own-page.ts";

// Sleeping at a word.
export { announceAt, sleepAsyncAt, sleepAt, takeBackAt } from "./atomics.ts";

// The fixed views that users have.
export { type MemoryViews, ViewedMemory } from "./views.ts";

// Which target of the core serves: WebAssembly or JavaScript.
export { type Engine, checkEngine, type CompiledCore, compiledCore, takeCompiled } from "./engine.ts";

// An instance of the core that knows where things stand.
export type { Core } from "./core.ts";

// Counts of 64 bits in its words.
export { readCount, writeCount } from "./counts.ts";

// The atomics of users' own numbers.
export { fieldAtomics, type IntegerView } from "./atomics.ts";

// A heap as one worker sees it, and whether it is still there.
export { heapStatus, Heap } from "./heap.ts";
