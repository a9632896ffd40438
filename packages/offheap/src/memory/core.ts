// An instance of the core: the heap's state machine, for one worker in one heap.

import { type CoreInstance, instanceOver, type SlowCalls, verbsOver } from "../../core/built/instance.js";
import {
  countersIn,
  type Layout,
  mostHeldOf,
  mostMetOf,
  mostRetiredOf,
  runTreeLeaves,
  scratchIn,
} from "../layout/index.ts";
import type { Access } from "./block.ts";
import { type Engine, instantiate } from "./engine.ts";
import { bufferOf, type MemorySource } from "./kind.ts";

/** What the shell calls. A boolean is 0 or 1 where the core is WebAssembly: only ever asked whether it is true. */
export interface Core extends CoreInstance {
  readonly engine: Engine;
  /** The memory, after it has grown. */
  bindMemory(buffer: ArrayBufferLike): void;
  /** What serves the calls of a module that the core does not. */
  bindSlow(calls: SlowCalls): void;
}

/** An instance over a memory, as `access` reaches it. @throws ERR_INVALID_OPTION for an engine not to be had */
export function coreOver(source: MemorySource, wanted: Engine | "auto", access: Access): Core {
  const verbs = access.verbs?.(bufferOf(source));
  if (verbs !== undefined)
    return Object.assign((access.instance ?? instanceOver)(verbs), {
      engine: "js",
      bindMemory() {},
      bindSlow() {},
    } as const);
  const slow = {} as SlowCalls;
  const exported = instantiate(source, wanted, slow);
  if (exported !== undefined) {
    const bindSlow = (calls: SlowCalls) => Object.assign(slow, calls);
    return { ...(exported as CoreInstance), engine: "wasm", bindMemory() {}, bindSlow };
  }
  const own = verbsOver(bufferOf(source));
  const { bindMemory, bindSlow } = own;
  return Object.assign(instanceOver(own), { engine: "js", bindMemory, bindSlow } as const);
}

/** Tells an instance where the heap has what. */
export function placeCore(core: Core, offset: number, layout: Layout): void {
  const at = (word: number) => offset + word * 4;
  const { chunkCount, objectBytes, recordWords, magazineShift, chunkSetWords } = layout;
  core.placeHeap(offset, offset + layout.bookBytes, offset + layout.statesAt, chunkCount, layout.stateShift);
  core.placeBooks(
    at(layout.claimsAt),
    at(layout.infoAt),
    at(layout.chunkSetsAt),
    chunkSetWords * 4,
    layout.tableBytes,
  );
  const leaves = runTreeLeaves(layout, chunkCount);
  core.placeHints(at(layout.cleanAt), at(layout.agedAt), at(layout.freeRunsAt), leaves, layout.hugePad);
  const classCount = objectBytes.length;
  core.placeRecords(
    at(layout.workersAt),
    at(layout.recordsAt),
    recordWords * 4,
    countersIn(classCount, magazineShift) * 4,
    magazineShift,
    scratchIn(classCount, magazineShift) * 4,
  );
  core.placeIntents(
    at(layout.intentsAt),
    layout.intentWords * 4,
    at(layout.notesAt),
    layout.noteWords * 4,
    layout.maxWorkers,
    mostRetiredOf(layout.maxWorkers),
  );
  core.setLimits(
    classCount,
    layout.slotsPerSlab,
    layout.slabChunks,
    layout.pageSpanChunks,
    layout.cleanupInterval,
  );
  core.setScratch(mostHeldOf(layout.roundLimits), mostMetOf(layout.roundLimits));
}
