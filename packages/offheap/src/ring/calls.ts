// What the calls of a ring come to in the core, and what is made of that: tried again behind what an exception cut short, told as
// a typed error, or as a message.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { intent, intentAt, ringWords, slotLive } from "../layout/index.ts";
import type { Core } from "../memory/index.ts";
import type { Kit } from "../structure/index.ts";
import { wakeAcross } from "./across.ts";
import { checkMessage, checkTag, isUpTo, notOwn } from "./arguments.ts";
import { type Message, MessageList, mostAtOnce, type Outgoing } from "./list.ts";
import { type Place, tableBytesFor } from "./place.ts";

export const mostTries = 4;
/** What the calls of the core come to (core/ring/send.ts). */
export const came = {
  notServed: -1,
  full: 0,
  done: 1,
  closed: 2,
  notOwn: 3,
  noTable: 4,
  doneAcross: 5,
} as const;

export abstract class RingCalls {
  /** Messages at most. */
  readonly capacity: number;
  protected readonly kit: Kit;
  protected readonly at: number;
  protected list: MessageList | undefined;
  /** The message that a look is at; still at the next call, when the look threw, or makes that call. 0: none. */
  protected shown = 0;
  private readonly message: Message = { address: 0 as Address, length: 0, tag: 0 };
  private readonly resultAt: number;
  private readonly resets: number;
  /** Which ring it is: another may begin where one was destroyed. */
  protected readonly id: number;

  protected constructor(kit: Kit, { at, capacity }: Place) {
    this.kit = kit;
    this.at = at;
    this.capacity = capacity;
    this.resets = kit.resets;
    this.id = kit.core.getWord(at + ringWords.id);
    this.resultAt = intentAt(kit.heap.layout, kit.place) + intent.message;
  }

  /** Ends the object that was taken. @throws ERR_DETACHED */
  done(): void {
    const { kit, shown } = this;
    kit.open();
    const { core } = kit;
    // Within its look another ring may have been received from: that is held then, and what is shown is the caller's own, or was sent on.
    const isHeld = shown === 0 || kit.heap.words[this.resultAt + intent.heldFrom] === (shown | 0);
    if (isHeld) kit.endHeld();
    else if (core.ownerIn(core.ownerAt(shown)) === (slotLive | kit.place)) kit.end(shown as Address);
    this.shown = 0;
  }

  protected get core(): Core {
    return this.kit.coreSince(this.resets);
  }

  /** Bytes that are meant. Whether an object begins there, and whose it is, the core finds out. */
  protected lengthOf(address: Address, length: number | undefined): number {
    const { host } = this.kit;
    const bytes = host.objectBytesNear(address) || host.bytesFrom(address);
    if (length === undefined || isUpTo(length, bytes)) return length ?? bytes;
    throw new AllocatorError("ERR_INVALID_SIZE", `length is 0 to ${bytes}, got ${show(length)}`);
  }

  protected sendChecked(address: number, length: number, tag: number): boolean {
    for (let tries = 0; tries < mostTries; tries++) {
      const found = this.core.sendMessage(this.at, this.id, address, length, tag);
      if (found === came.done) return true;
      if (found === came.doneAcross) return this.wokeAcross("receiversAcross");
      if (found === came.full) return false;
      if (found === came.closed) throw this.closedError();
      if (found === came.notOwn) throw this.notOwn(address as Address);
      if (found === came.noTable) this.list = this.makeTable();
      else this.kit.open();
    }
    throw this.cannotSend();
  }

  /** Why an object cannot be sent: none begins there, or it is another's. */
  private notOwn(address: Address): AllocatorError {
    this.kit.host.bytesFrom(address);
    return notOwn(address);
  }

  /** Of an array: a list at a time in one call of the core. */
  protected sendArray(batch: readonly Outgoing[]): number {
    // The list is written to before the core can say that the ring was destroyed.
    this.open();
    this.list ??= this.makeTable();
    // All are looked at before the first is sent: those of the first call below, as they are put into its list.
    for (let i = mostAtOnce; i < batch.length; i++) this.putIntoList(batch[i] as Outgoing, 0);
    for (let count = 0; count < batch.length; ) {
      const wanted = Math.min(batch.length - count, mostAtOnce);
      for (let i = 0; i < wanted; i++) this.putIntoList(batch[count + i] as Outgoing, i);
      const went = Math.max(this.core.sendMessages(this.at, this.id, this.list.at, wanted), 0);
      count += went;
      if (went > 0) this.wokeAcross("receiversAcross");
      if (went === wanted) continue;
      // The next one by itself: that tells what is wrong, or that the ring is full.
      const { address, length, tag = 0 } = batch[count] as Outgoing;
      if (!this.sendChecked(address, this.lengthOf(address, length), tag)) return count;
      count++;
    }
    return batch.length;
  }

  private putIntoList(message: Outgoing, index: number): void {
    checkMessage(message);
    const { address, length, tag = 0 } = message;
    this.list?.put(index, address, this.lengthOf(address, length), checkTag(tag));
  }

  protected next(holds: 0 | 1): Message | undefined {
    if (this.shown !== 0) this.done();
    for (let tries = 0; tries < mostTries; tries++) {
      const found = this.core.receiveMessage(this.at, this.id, holds);
      if (found === came.done) return this.told();
      if (found === came.doneAcross && this.wokeAcross("sendersAcross")) return this.told();
      if (found !== came.notServed) return undefined;
      this.kit.open();
    }
    throw new AllocatorError("ERR_CORRUPT_HEAP", `the ring at ${this.at} cannot be received from`);
  }

  protected receiveList(list: MessageList, wanted: number): number {
    for (let tries = 0; tries < mostTries; tries++) {
      const got = this.core.receiveMessages(this.at, this.id, list.at, wanted);
      if (got > 0) this.wokeAcross("sendersAcross");
      if (got !== came.notServed) return got;
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
  protected makeTable(): MessageList {
    const { kit, core } = this;
    this.open();
    const cell = core.tableCell(this.at, kit.place);
    const bytes = tableBytesFor(kit, this.capacity);
    if (core.getWord(cell) === 0) {
      const table = kit.allocate(bytes);
      const value = core.seeCell(cell);
      if (kit.exchange(cell, value, core.stampSeen(), table)) kit.commit();
      else kit.abandon();
    }
    return new MessageList(kit.heap, core.getWord(cell) >>> 0, bytes);
  }

  /** True, when those have been woken who sleep where other processes can wake them. */
  protected wokeAcross(who: "receiversAcross" | "sendersAcross"): true {
    if (this.kit.heap.process !== 0) wakeAcross(this.kit, this.at + ringWords[who]);
    return true;
  }

  /** Whether it is there, and was not destroyed. */
  protected isThere(): boolean {
    return this.core.getWord(this.at + ringWords.id) === this.id;
  }

  /** Before what writes into the ring itself. @throws ERR_DETACHED, also when the ring was destroyed */
  protected open(): void {
    this.kit.open();
    if (!this.isThere()) throw new AllocatorError("ERR_DETACHED", `the ring at ${this.at} was destroyed`);
  }

  protected cannotSend(): AllocatorError {
    return new AllocatorError("ERR_CORRUPT_HEAP", `the ring at ${this.at} cannot be sent to`);
  }

  protected closedError(): AllocatorError {
    return new AllocatorError("ERR_DETACHED", `the ring at ${this.at} was closed`);
  }
}
