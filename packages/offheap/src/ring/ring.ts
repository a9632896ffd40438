// Ring: messages between workers (core/ring). A message is an object that changes hands, with a length and a tag; or bytes, or a
// text, copied into a new one.
//
//   bounded · many senders, many receivers, none waits for another · in order from each sender
//   whoever is killed when: what was sent is received, once

import { type Address, AllocatorError, show } from "../base/index.ts";
import { intent, intentAt, ringWords } from "../layout/index.ts";
import type { Core } from "../memory/index.ts";
import { type Kit, kitOf, type StructureHandle } from "../structure/index.ts";
import { bytesOf, checkTag, isUpTo, notOwn, timeoutOf, type WaitOptions } from "./arguments.ts";
import { optionsOf, placeFor, type RingOptions, tableBytesFor } from "./place.ts";
import { type Awaited, waitFor, waitForAsync } from "./waiting.ts";

/** What is received. */
export interface Message {
  /** The object: the receiver's from now on. */
  address: Address;
  /** Bytes of it that are meant, as the sender said. */
  length: number;
  /** A number of the sender's, 32 bits. */
  tag: number;
}

export interface RingHandle extends StructureHandle {
  readonly kind: "ring";
}

const mostTries = 4;
/** What the calls of the core come to (core/ring/send.ts). */
const came = { notServed: -1, full: 0, done: 1, closed: 2, notOwn: 3, noTable: 4 } as const;

export class Ring {
  private readonly kit: Kit;
  private readonly at: number;
  /** Messages at most. */
  readonly capacity: number;
  private readonly resultAt: number;
  private hasTable = false;
  /** True at the next call: a look at a message threw. */
  private isReading = false;
  private readonly message: Message = { address: 0 as Address, length: 0, tag: 0 };

  /**
   * A new ring in a heap; nobody's, so that it stays when its maker ends.
   * @throws ERR_INVALID_OPTION; ERR_INVALID_SIZE where the heap has no objects as large as its cells; ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  constructor(heap: object, options: RingOptions = {}) {
    const kit = kitOf(heap);
    const { at, capacity } = placeFor(kit, options);
    this.kit = kit;
    this.at = at;
    this.capacity = capacity;
    this.resultAt = intentAt(kit.heap.layout, kit.place) + intent.message;
  }

  /**
   * Joins a ring, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP for a handle of something else; ERR_INVALID_ADDRESS, ERR_DETACHED
   */
  static attach(heap: object, handle: StructureHandle): Ring {
    return new Ring(heap, optionsOf(kitOf(heap), handle));
  }

  /** To be posted to a worker, or kept under a name (`heap.roots`). */
  get handle(): RingHandle {
    return { kind: "ring", address: this.at as Address };
  }

  /** Messages in it, as one look tells. */
  get size(): number {
    return Math.min(Math.max(this.core.ringSize(this.at), 0), this.capacity);
  }

  get isClosed(): boolean {
    return this.core.getWord(this.at + ringWords.closed) !== 0;
  }

  /**
   * Sends an object of the caller's: from now on it is the ring's, and then the receiver's.
   * @param length bytes of it that are meant; all it has unless said otherwise
   * @param tag a whole number below 2^32
   * @returns false when the ring is full
   * @throws ERR_INVALID_ADDRESS for what is no live object, or not the caller's; ERR_INVALID_SIZE for a length beyond the
   *   object; ERR_INVALID_OPTION for a tag that is none; ERR_DETACHED, also when the ring was closed
   */
  send(address: Address, length?: number, tag = 0): boolean {
    const bytes = this.kit.host.bytesFrom(address);
    if (length !== undefined && !isUpTo(length, bytes))
      throw new AllocatorError("ERR_INVALID_SIZE", `length is 0 to ${bytes}, got ${show(length)}`);
    return this.sendChecked(address, length ?? bytes, checkTag(tag));
  }

  /** Sends objects as long as there is space; returns how many went. @throws as `send` */
  sendMany(
    batch: Iterable<{ readonly address: Address; readonly length?: number; readonly tag?: number }>,
  ): number {
    let count = 0;
    for (const { address, length, tag } of batch) {
      if (!this.send(address, length, tag)) return count;
      count++;
    }
    return count;
  }

  /**
   * Copies bytes, or a text as UTF-8, into a new object and sends that.
   * @returns false when the ring is full
   * @throws ERR_INVALID_OPTION; ERR_INVALID_SIZE for what fits into no object of the heap; ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  write(content: Uint8Array | string, tag = 0): boolean {
    const { kit } = this;
    checkTag(tag);
    const bytes = bytesOf(content);
    if (!this.hasTable) this.makeTable();
    const { length } = bytes;
    const address = kit.allocate(length || 1);
    kit.host.views().u8.set(bytes, address);
    const found = this.core.sendMessage(this.at, address, length, tag);
    if (found === came.done) return true;
    kit.abandon();
    if (found === came.closed) throw this.closedError();
    return found !== came.full && this.write(bytes, tag);
  }

  /** The next message, the same object each time; undefined when there is none. What it leads to is the caller's. @throws ERR_DETACHED */
  receive(): Message | undefined {
    return this.next(false);
  }

  /**
   * The same; and it comes back into the ring, before all others, if this worker dies before `done`, before it sends the
   * object on, or receives again. So of work that is done in place, and handed on, nothing is lost or done twice.
   * @throws ERR_DETACHED
   */
  take(): Message | undefined {
    return this.next(true);
  }

  /** Ends the object that was taken. @throws ERR_DETACHED */
  done(): void {
    this.kit.open();
    this.kit.endHeld();
    this.isReading = false;
  }

  /** Receives as many messages as there are, up to the length of `batch`, into its objects; returns how many. @throws ERR_DETACHED */
  receiveMany(batch: Message[]): number {
    for (let count = 0; count < batch.length; count++) {
      const message = this.next(false);
      if (message === undefined) return count;
      Object.assign(batch[count] as Message, message);
    }
    return batch.length;
  }

  /**
   * Reads the next message in place, and ends it; false when there is none. If the worker dies in it, the message comes back.
   * @param look gets the bytes, of shared memory, which are another object's when it has returned
   * @throws what `look` throws: the message ends at the next call of this ring then; ERR_DETACHED
   */
  read(look: (bytes: Uint8Array, tag: number) => void): boolean {
    const message = this.take();
    if (message === undefined) return false;
    const { address, length, tag } = message;
    const bytes = this.kit.host.views().u8.subarray(address, address + length);
    this.isReading = true;
    look(bytes, tag);
    this.done();
    return true;
  }

  /**
   * Blocks until there is a message, or the ring is closed: true; false when the time is over.
   * @throws ERR_INVALID_OPTION where the thread may not block, or the memory is not shared
   */
  wait(options: WaitOptions = {}): boolean {
    return waitFor(this.awaited("receivers"), timeoutOf("wait", options));
  }

  /** The same without blocking. @throws ERR_INVALID_OPTION */
  async ready(options: WaitOptions = {}): Promise<boolean> {
    return waitForAsync(this.awaited("receivers"), timeoutOf("ready", options));
  }

  /** Blocks until there is space for a message, or the ring is closed. @throws as `wait` */
  waitForSpace(options: WaitOptions = {}): boolean {
    return waitFor(this.awaited("senders"), timeoutOf("waitForSpace", options));
  }

  /** The same without blocking. @throws ERR_INVALID_OPTION */
  async space(options: WaitOptions = {}): Promise<boolean> {
    return waitForAsync(this.awaited("senders"), timeoutOf("space", options));
  }

  /** All messages until the ring is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    for (;;) {
      const message = this.receive();
      if (message !== undefined) yield message;
      else if (this.isClosed && this.size === 0) return;
      else await this.ready();
    }
  }

  /** From now on nothing can be sent; what is in it can be received. @throws ERR_DETACHED */
  close(): void {
    this.kit.open();
    this.core.closeRing(this.at);
  }

  /** Ends it, and the messages in it. Nobody may use it any more: close it, and let all others end, first. @throws ERR_DETACHED */
  destroy(): void {
    const { kit, core, at } = this;
    this.close();
    while (this.take() !== undefined) this.done();
    for (let place = 1; place <= kit.heap.layout.maxWorkers; place++) {
      const table = core.getWord(core.tableCell(at, place)) >>> 0;
      core.putWord(core.tableCell(at, place), 0);
      if (table !== 0) kit.end(table as Address);
    }
    core.putWord(at + ringWords.magic, 0);
    kit.end(at as Address);
  }

  private get core(): Core {
    return this.kit.core;
  }

  private sendChecked(address: number, length: number, tag: number): boolean {
    for (let tries = 0; tries < mostTries; tries++) {
      const found = this.core.sendMessage(this.at, address, length, tag);
      if (found === came.done) return true;
      if (found === came.full) return false;
      if (found === came.closed) throw this.closedError();
      if (found === came.notOwn) throw notOwn(address as Address);
      if (found === came.noTable) this.makeTable();
      else this.kit.open();
    }
    throw new AllocatorError("ERR_CORRUPT_HEAP", `the ring at ${this.at} cannot be sent to`);
  }

  private next(holds: boolean): Message | undefined {
    if (this.isReading) this.done();
    for (let tries = 0; tries < mostTries; tries++) {
      const found = this.core.receiveMessage(this.at, holds);
      if (found === came.done) return this.told();
      if (found !== came.notServed) return undefined;
      this.kit.open();
    }
    throw new AllocatorError("ERR_CORRUPT_HEAP", `the ring at ${this.at} cannot be received from`);
  }

  private told(): Message {
    const { message, resultAt } = this;
    const { words: books } = this.kit.heap;
    message.address = ((books[resultAt] as number) >>> 0) as Address;
    message.length = (books[resultAt + intent.lengthFrom] as number) >>> 0;
    message.tag = (books[resultAt + intent.tagFrom] as number) >>> 0;
    return message;
  }

  /** Where this worker's place has the lengths and tags of its messages: made at its first, for all who come after it. */
  private makeTable(): void {
    const { kit, core } = this;
    kit.open();
    const cell = core.tableCell(this.at, kit.place);
    this.hasTable = true;
    if (core.getWord(cell) !== 0) return;
    const table = kit.allocate(tableBytesFor(this.capacity));
    const value = core.seeCell(cell);
    if (kit.exchange(cell, value, core.stampSeen(), table)) kit.commit();
    else kit.abandon();
  }

  private awaited(who: "receivers" | "senders"): Awaited {
    this.kit.open();
    const isThere =
      who === "receivers"
        ? () => this.core.hasMessage(this.at) !== 0 || this.isClosed
        : () => this.size < this.capacity || this.isClosed;
    return { isThere, words: this.kit.host.views().i32, index: (this.at + ringWords[who]) / 4 };
  }

  private closedError(): AllocatorError {
    return new AllocatorError("ERR_DETACHED", `the ring at ${this.at} was closed`);
  }
}
