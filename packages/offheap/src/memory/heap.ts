// A heap as one worker sees it: the layout, and the views over the books. All that is kept here can be
// computed again from the memory; nothing a heap depends on lives in JavaScript.

import { AllocatorError, alignDown, type Os } from "../base/index.ts";
import { header, type Layout } from "../layout/index.ts";
import type { AtomicOps } from "./atomics.ts";
import { type Access, hardwareAccess } from "./block.ts";
import { type Core, coreOver, placeCore } from "./core.ts";
import type { Engine } from "./engine.ts";
import { bufferOf, canShrink, type MemorySource } from "./kind.ts";
import { OwnPage } from "./own-page.ts";

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
  /** The books up to the state bytes, as words from the heap's start; of a buffer that can shrink, all that follows. */
  words!: Int32Array;
  /** The worker words. */
  wide!: BigInt64Array;
  /** One byte a slot: the truth about it. */
  states!: Uint8Array;
  /** The same behind the table of requests: first the class of each, in granules. What rounds hold is an index here. */
  bytes!: Uint8Array;
  /** Where several processes share the heap: the page of this one. */
  readonly ownPage: OwnPage | undefined;
  /** Byte offset of the first data chunk in the memory. */
  readonly dataAt: number;
  private shown!: Int32Array;
  private actor = 0;
  private wholeWords: Int32Array | undefined;
  /** The operating system, where this worker was given it. */
  os: Os | undefined = undefined;

  constructor(
    source: MemorySource,
    offset: number,
    layout: Layout,
    access: Access = hardwareAccess,
    engine: Engine | "auto" = "auto",
  ) {
    this.source = source;
    this.offset = offset;
    this.layout = layout;
    this.access = access;
    this.atomics = access.atomics;
    this.dataAt = offset + layout.bookBytes;
    this.assertThere();
    this.ownPage = OwnPage.of(source);
    this.core = coreOver(source, engine, access);
    placeCore(this.core, offset, layout);
    this.openViews();
  }

  /** Whether the memory still holds the heap. An ArrayBuffer can be transferred, and a resizable one made smaller. */
  isThere(): boolean {
    return bufferOf(this.source).byteLength >= this.offset + this.layout.capacityBytes;
  }

  /** @throws ERR_DETACHED when the memory no longer holds the heap */
  assertThere(): void {
    if (this.isThere()) return;
    throw new AllocatorError(
      "ERR_DETACHED",
      "the heap's ArrayBuffer was transferred (by a transfer list, or transfer()) or made smaller: the heap is gone, and " +
        'every view over it empty; memory: "local" makes a memory that cannot be transferred',
    );
  }

  /**
   * Makes the views; again after a memory that is not shared has grown and left the old ones empty.
   * @throws ERR_DETACHED when the memory no longer holds the heap
   */
  openViews(): void {
    this.assertThere();
    const buffer = bufferOf(this.source);
    this.core.bindMemory(buffer);
    this.wholeWords = undefined;
    const { statesAt, tableBytes, chunkCount, stateShift } = this.layout;
    // To the end of what can be made smaller: the engine then empties the view however little is missing, as it
    // empties those of the allocator, and every call ends in its slow half.
    const wordBytes = canShrink(buffer) ? alignDown(buffer.byteLength - this.offset, 4) : statesAt;
    this.words = this.access.words(buffer, this.offset, wordBytes / 4);
    this.shown = new Int32Array(buffer, this.offset, wordBytes / 4);
    this.wide = this.access.wide(buffer, this.offset, statesAt / 8);
    const slots = chunkCount * 2 ** stateShift;
    this.states = this.access.states(buffer, this.offset + statesAt, slots);
    this.bytes = this.access.states(
      buffer,
      this.offset + statesAt - tableBytes,
      slots + tableBytes,
      tableBytes,
    );
  }

  /** The whole memory as words, by an address / 4: for what the heap keeps in objects of its own. Made when it is asked for. */
  get whole(): Int32Array {
    if (this.wholeWords === undefined) {
      const buffer = bufferOf(this.source);
      this.wholeWords = this.access.words(buffer, 0, alignDown(buffer.byteLength, 4) / 4);
    }
    return this.wholeWords;
  }

  /** The core, as a worker's: it acts for one at a time. */
  coreOf(worker: number): Core {
    if (this.actor !== worker) {
      this.core.setWorker(worker);
      this.actor = worker;
    }
    return this.core;
  }

  /** The number of this process among those that share the heap; 0 where it is the only one. */
  get process(): number {
    return this.ownPage?.process ?? 0;
  }

  /**
   * Whether the views show the memory still. Told by an element: in Node 20 and 22 compiled code that has met buffers which grow takes
   * the length of a view that is gone for what it was.
   */
  get isShown(): boolean {
    return this.shown[0] !== undefined;
  }

  /** Whether it can be used; false, too, while the views are empty. */
  isReady(): boolean {
    return this.isShown && this.atomics.load(this.words, header.status) === heapStatus.ready;
  }
}
