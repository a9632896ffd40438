// Ring: messages between workers (core/ring). A message is an object that changes hands, with a length and a tag; or bytes, or a
// text, copied into a new one.
//
//   bounded · many senders, many receivers, none waits for another · in order from each sender
//   whoever is killed when: what was sent is received, once

import type { Address } from "../base/index.ts";
import { ringWords } from "../layout/index.ts";
import { kitOf, type StructureHandle } from "../structure/index.ts";
import { acrossOf } from "./across.ts";
import {
  bytesOf,
  checkBatch,
  checkLook,
  checkMessage,
  checkPlaces,
  checkTag,
  timeoutOf,
  type WaitOptions,
} from "./arguments.ts";
import { came, mostTries, RingCalls } from "./calls.ts";
import { type Message, mostAtOnce, type Outgoing } from "./list.ts";
import { optionsOf, placeFor, type RingOptions } from "./place.ts";
import { type Awaited, waitFor, waitForAsync } from "./waiting.ts";

export interface RingHandle extends StructureHandle {
  readonly kind: "ring";
}

/** Messages between two waits that are a stream. */
const streamLength = 16;

export class Ring extends RingCalls {
  private headAtWait = 0;

  /**
   * A new ring in a heap; nobody's, so that it stays when its maker ends.
   * @throws ERR_INVALID_OPTION; ERR_INVALID_SIZE where the heap has no objects as large as its cells; ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  constructor(heap: object, options: RingOptions = {}) {
    const kit = kitOf(heap);
    super(kit, placeFor(kit, options));
  }

  /**
   * Joins a ring, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP for a handle of something else; ERR_INVALID_ADDRESS, ERR_DETACHED
   */
  static attach(heap: object, handle: StructureHandle | undefined): Ring {
    return new Ring(heap, optionsOf(kitOf(heap), handle));
  }

  /** To be posted to a worker, or kept under a name (`heap.roots`). */
  get handle(): RingHandle {
    return { kind: "ring", address: this.at as Address };
  }

  /** Messages in it, as one look tells. */
  get size(): number {
    return this.isThere() ? Math.min(Math.max(this.core.ringSize(this.at), 0), this.capacity) : 0;
  }

  /** Also when it was destroyed. */
  get isClosed(): boolean {
    return !this.isThere() || this.core.getWord(this.at + ringWords.closed) !== 0;
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
    return this.sendChecked(address, this.lengthOf(address, length), checkTag(tag));
  }

  /**
   * Sends objects as long as there is space; returns how many went. Of an array 32 go in one call of the core.
   * @throws as `send`; what is wrong in an array, but whose an object is, before anything is sent
   */
  sendMany(batch: Iterable<Outgoing>): number {
    if (Array.isArray(batch)) return this.sendArray(batch);
    checkBatch(batch);
    let count = 0;
    for (const each of batch) {
      checkMessage(each);
      const { address, length, tag } = each;
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
    this.list ??= this.makeTable();
    const { length } = bytes;
    for (let tries = 0; tries < mostTries; tries++) {
      const address = kit.allocate(length || 1);
      kit.host.views().u8.set(bytes, address);
      const found = this.core.sendMessage(this.at, this.id, address, length, tag);
      if (found === came.done) return true;
      if (found === came.doneAcross) return this.wokeAcross("receiversAcross");
      kit.abandon();
      if (found === came.closed) throw this.closedError();
      if (found === came.full) return false;
      if (found === came.noTable) this.list = this.makeTable();
    }
    throw this.cannotSend();
  }

  /** The next message, the same object each time; undefined when there is none. What it leads to is the caller's. @throws ERR_DETACHED */
  receive(): Message | undefined {
    return this.next(0);
  }

  /**
   * The same; and it comes back into the ring, before all others, if this worker dies before `done`, before it sends the
   * object on, or receives again. So of work that is done in place, and handed on, nothing is lost or done twice.
   * @throws ERR_DETACHED
   */
  take(): Message | undefined {
    return this.next(1);
  }

  /**
   * Receives as many messages as there are, up to the length of `batch`, into its objects; returns how many. Those are this
   * worker's one by one: what a worker that dies in it had received is not sent again.
   * @throws ERR_INVALID_OPTION where one of them is no object: nothing is received then; ERR_DETACHED
   */
  receiveMany(batch: Message[]): number {
    checkPlaces(batch);
    if (this.shown !== 0) this.done();
    if (!this.isThere()) return 0;
    this.list ??= this.makeTable();
    for (let count = 0; count < batch.length; ) {
      const wanted = Math.min(batch.length - count, mostAtOnce);
      const got = this.receiveList(this.list, wanted);
      for (let i = 0; i < got; i++) this.list.get(i, batch[count + i] as Message);
      count += got;
      if (got < wanted) return count;
    }
    return batch.length;
  }

  /**
   * Reads the next message in place, and ends it; false when there is none. If the worker dies in it, the message comes back.
   * @param look gets the bytes, of shared memory, which are another object's when it has returned
   * @throws what `look` throws: the message ends at the next call of this ring then; ERR_INVALID_OPTION for what is no function,
   *   and the message stays; ERR_DETACHED
   */
  read(look: (bytes: Uint8Array, tag: number) => void): boolean {
    checkLook(look);
    const message = this.take();
    if (message === undefined) return false;
    const { address, length, tag } = message;
    const bytes = this.kit.host.views().u8.subarray(address, address + length);
    this.shown = address;
    look(bytes, tag);
    // Else a call within the look has ended it.
    if (this.shown === address) this.done();
    return true;
  }

  /**
   * Blocks until there is a message, or the ring is closed: true; false when the time is over.
   * @throws ERR_INVALID_OPTION where the thread may not block, or the memory is not shared
   */
  wait(options: WaitOptions = {}): boolean {
    return waitFor(this.awaited("receivers", this.isStreaming()), timeoutOf("wait", options));
  }

  /** The same without blocking. @throws ERR_INVALID_OPTION */
  async ready(options: WaitOptions = {}): Promise<boolean> {
    return waitForAsync(this.awaited("receivers"), timeoutOf("ready", options));
  }

  /** Blocks until there is space for a message, or the ring is closed. @throws as `wait` */
  waitForSpace(options: WaitOptions = {}): boolean {
    const isLarge = this.capacity >= streamLength;
    return waitFor(this.awaited("senders", isLarge), timeoutOf("waitForSpace", options));
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

  /** From now on nothing can be sent; what is in it can be received. @throws ERR_DETACHED, also when the ring was destroyed */
  close(): void {
    this.open();
    this.core.closeRing(this.at);
    this.wokeAcross("receiversAcross");
    this.wokeAcross("sendersAcross");
  }

  /**
   * Ends it, and the messages in it. Nobody may use it any more: close it, and let all others end, first.
   * @throws ERR_DETACHED, also when it was destroyed
   */
  destroy(): void {
    const { kit, core, at } = this;
    this.close();
    while (this.take() !== undefined) this.done();
    for (let place = 1; place <= kit.heap.layout.maxWorkers; place++) kit.endAt(core.tableCell(at, place));
    kit.sweep();
    core.putWord(at + ringWords.magic, 0);
    core.putWord(at + ringWords.id, 0);
    kit.end(at as Address);
  }

  /** Whether many messages have gone since the last wait. */
  private isStreaming(): boolean {
    const head = this.core.getWord(this.at + ringWords.head);
    const gone = (head - this.headAtWait) | 0;
    this.headAtWait = head;
    return gone >= streamLength;
  }

  private awaited(who: "receivers" | "senders", isStream = false): Awaited {
    this.kit.open();
    const isThere =
      who === "receivers"
        ? () => this.core.hasMessage(this.at, this.id) !== 0 || this.isClosed
        : () => this.core.hasSpaceForMessage(this.at, this.id) !== 0 || this.isClosed;
    const words = this.kit.host.views().i32;
    const across = acrossOf(this.kit, this.at + ringWords[`${who}Across`]);
    return { isThere, isStream, words, index: (this.at + ringWords[who]) / 4, ...(across && { across }) };
  }
}
