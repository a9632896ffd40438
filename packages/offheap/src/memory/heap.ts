// A heap as one worker sees it: the layout, and the views over the books. All that is kept here can be
// computed again from the memory; nothing a heap depends on lives in JavaScript.

import type { Os } from "../base/os.ts";
import type { AtomicOps } from "./atomics.ts";
import { type Access, bufferOf, hardwareAccess, type MemorySource } from "./block.ts";
import { type Core, coreOver, placeCore } from "./core.ts";
import { header, type Layout } from "./layout.ts";

export const heapStatus = { formatting: 1, ready: 2, destroyed: 3 } as const;

export class Heap {
  readonly source: MemorySource;
  /** Byte offset of the heap in the memory. */
  readonly offset: number;
  readonly layout: Layout;
  readonly access: Access;
  readonly atomics: AtomicOps;
  /** The state machine over the same memory. */
  readonly core: Core;
  /** The books up to the state bytes, as words from the heap's start. */
  words!: Int32Array;
  /** The worker words. */
  wide!: BigInt64Array;
  /** One byte a slot: the truth about it. */
  states!: Uint8Array;
  /** The same from one byte earlier on: indexed by slot + 1, and 0 at 0. What rounds hold. */
  roundStates!: Uint8Array;
  /** The same four at a time. Written only where all four are the writer's (state-scan.ts). */
  stateQuads!: Int32Array;
  /** Byte offset of the first data chunk in the memory. */
  readonly dataAt: number;
  private actor = 0;
  /** The operating system, where this worker was given it. */
  os: Os | undefined = undefined;

  constructor(source: MemorySource, offset: number, layout: Layout, access: Access = hardwareAccess) {
    this.source = source;
    this.offset = offset;
    this.layout = layout;
    this.access = access;
    this.atomics = access.atomics;
    this.dataAt = offset + layout.bookBytes;
    this.core = coreOver(source, "auto", access.verbs?.(bufferOf(source)));
    placeCore(this.core, offset, layout);
    this.openViews();
  }

  /** Makes the views; again after a memory that is not shared has grown and left the old ones empty. */
  openViews(): void {
    const buffer = bufferOf(this.source);
    this.core.bindMemory(buffer);
    const { statesAt, chunkCount, stateShift } = this.layout;
    this.words = this.access.words(buffer, this.offset, statesAt / 4);
    this.wide = this.access.wide(buffer, this.offset, statesAt / 8);
    const slots = chunkCount * 2 ** stateShift;
    this.states = this.access.states(buffer, this.offset + statesAt, slots);
    this.stateQuads = this.access.quads(buffer, this.offset + statesAt, slots >> 2);
    this.roundStates = this.access.states(buffer, this.offset + statesAt - 1, slots + 1);
  }

  /** The core, as a worker's: it acts for one at a time. */
  coreOf(worker: number): Core {
    if (this.actor !== worker) {
      this.core.setWorker(worker);
      this.actor = worker;
    }
    return this.core;
  }

  isReady(): boolean {
    return this.atomics.load(this.words, header.status) === heapStatus.ready;
  }
}
