// Messages that go to the core, or come from it, several in one call: a list of them in the memory, behind the table of their
// worker. Nobody else touches it.

import type { Address } from "../base/index.ts";
import { ringList } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

/** What is sent. */
export interface Outgoing {
  readonly address: Address;
  /** Bytes of it that are meant; all it has unless said otherwise. */
  readonly length?: number;
  /** A whole number below 2^32; 0 unless said otherwise. */
  readonly tag?: number;
}

/** What is received. */
export interface Message {
  /** The object: the receiver's from now on. */
  address: Address;
  /** Bytes of it that are meant, as the sender said. */
  length: number;
  /** A number of the sender's, 32 bits. */
  tag: number;
}

/** Messages in one list at most. */
export const mostAtOnce = ringList.count;

export class MessageList {
  /** Where it is, in bytes. */
  readonly at: number;
  private readonly heap: Pick<Heap, "whole">;

  /** The list at the end of a table. */
  constructor(heap: Pick<Heap, "whole">, table: number, tableBytes: number) {
    this.heap = heap;
    this.at = table + tableBytes - ringList.count * ringList.words * 4;
  }

  put(index: number, address: number, length: number, tag: number): void {
    const { whole } = this.heap;
    const first = this.at / 4 + index * ringList.words;
    whole[first] = address;
    whole[first + 1] = length;
    whole[first + 2] = tag;
  }

  get(index: number, into: Message): void {
    const { whole } = this.heap;
    const first = this.at / 4 + index * ringList.words;
    into.address = ((whole[first] as number) >>> 0) as Address;
    into.length = (whole[first + 1] as number) >>> 0;
    into.tag = (whole[first + 2] as number) >>> 0;
  }
}
