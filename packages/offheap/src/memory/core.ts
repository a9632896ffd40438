// An instance of the core: the heap's state machine, for one worker in one heap. WebAssembly where the memory is a
// WebAssembly.Memory and the engine has it, else the JavaScript that is made of the same source.

import { type CoreInstance, instanceOver, type Verbs, verbsOver } from "../../core/built/instance.js";
import { localPatch, sharedModule } from "../../core/built/module.js";
import { bufferOf, isShared, type MemorySource, memoryKindOf } from "./kind.ts";
import {
  countersIn,
  type Layout,
  magazinesIn,
  mostHeldOf,
  mostMetOf,
  runTreeLeaves,
  scratchIn,
} from "./layout.ts";

export type Engine = "wasm" | "js";

/** What the shell calls. A boolean is 0 or 1 where the core is WebAssembly: only ever asked whether it is true. */
export interface Core extends CoreInstance {
  readonly engine: Engine;
  /** The memory, after it has grown. */
  bindMemory(buffer: ArrayBufferLike): void;
}

interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const modules: { shared?: object; local?: object } = {};

/** An instance over a memory. */
export function coreOver(source: MemorySource, engine: Engine | "auto", verbs?: Verbs): Core {
  if (verbs !== undefined) return { ...instanceOver(verbs), engine: "js", bindMemory() {} };
  if (engine !== "js" && memoryKindOf(source) === "WebAssembly.Memory")
    return { ...wasmInstance(source), engine: "wasm", bindMemory() {} };
  const own = verbsOver(bufferOf(source));
  return { ...instanceOver(own), engine: "js", bindMemory: own.bindMemory };
}

function wasmInstance(memory: MemorySource): CoreInstance {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly;
  const kind = isShared(memory) ? "shared" : "local";
  let module = modules[kind];
  if (module === undefined) {
    module = new Module(kind === "shared" ? bytesOf(sharedModule) : localBytes());
    modules[kind] = module;
  }
  return new Instance(module, { env: { memory } }).exports as unknown as CoreInstance;
}

function localBytes(): Uint8Array {
  const shared = bytesOf(sharedModule);
  const { from, to, bytes } = localPatch;
  return Uint8Array.of(...shared.subarray(0, from), ...bytesOf(bytes), ...shared.subarray(to));
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Of base64, without what only some hosts have. */
function bytesOf(text: string): Uint8Array {
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array((digits.length * 3) >> 2);
  let bits = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    bits = (bits << 6) | alphabet.indexOf(digits[i] as string);
    if ((i & 3) !== 0) bytes[at++] = (bits >> (6 - 2 * (i & 3))) & 255;
  }
  return bytes;
}

/** Tells an instance where the heap has what. */
export function placeCore(core: Core, offset: number, layout: Layout): void {
  const at = (word: number) => offset + word * 4;
  const { chunkCount, objectBytes, recordWords, magazineWords, chunkSetWords } = layout;
  core.placeHeap(offset, offset + layout.bookBytes, offset + layout.statesAt, chunkCount, layout.stateShift);
  core.placeBooks(
    at(layout.classesAt),
    at(layout.claimsAt),
    at(layout.mapAt),
    at(layout.infoAt),
    at(layout.chunkSetsAt),
    chunkSetWords * 4,
  );
  const leaves = runTreeLeaves(layout, chunkCount);
  core.placeHints(at(layout.cleanAt), at(layout.agedAt), at(layout.freeRunsAt), leaves, layout.hugePad);
  const classCount = objectBytes.length;
  core.placeRecords(
    at(layout.recordsAt),
    recordWords * 4,
    countersIn(classCount) * 4,
    magazinesIn(classCount) * 4,
    magazineWords * 4,
    scratchIn(classCount, magazineWords) * 4,
  );
  core.setLimits(
    classCount,
    layout.slotsPerSlab,
    layout.slabChunks,
    layout.cleanupInterval,
    mostHeldOf(layout),
    mostMetOf(layout),
  );
}
