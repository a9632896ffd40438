// What the test knows of the objects of one heap: which are live, whose they are, what was written into them.

import type { Address, WorkerId } from "#src/base/brands.js";

/** Something that must not happen did. */
export class Violated extends Error {
  override readonly name = "Violated";
}

export interface Live {
  readonly by: number;
  readonly tag: number;
  readonly bytes: number;
}

/** What the test knows of the objects of one heap. */
export class Objects {
  readonly live = new Map<Address, Live>();
  /** A free began and has not returned: live or not, both are right until somebody looks. */
  readonly limbo = new Map<Address, number>();
  /** In the middle of a move, by worker: live at this address, or at another that the test does not know, never at both. */
  readonly moving = new Map<number, Live & { readonly from: Address }>();
  /** Freed by two at once, which is illegal: whoever gets the slot next may lose it to the later free. */
  readonly contested = new Set<Address>();
  /** Objects on their way from one worker to another. */
  readonly mailbox: Address[] = [];
  /** The worker ids of the actors that have one. */
  readonly ids = new Map<number, WorkerId>();
  private readonly data: Uint32Array;
  /** What the clock of a fake operating system shows. */
  clock = 0;
  private nextTag = 1;
  private kept = new Map<Address, Live>();

  constructor(buffer: ArrayBuffer) {
    this.data = new Uint32Array(buffer);
  }

  keep(): void {
    this.kept = new Map(this.live);
  }

  reset(): void {
    this.live.clear();
    this.limbo.clear();
    this.moving.clear();
    this.contested.clear();
    this.mailbox.length = 0;
    this.clock = 2 ** 20;
    for (const [address, object] of this.kept) {
      this.live.set(address, object);
      this.fill(address, object);
    }
  }

  /** What is in no object is zero, as it was when the memory was made. */
  clearData(from: number): void {
    // By bytes, for that is the fastest fill: each schedule begins with it.
    new Uint8Array(this.data.buffer).fill(0, from);
  }

  add(address: Address, bytes: number, by: number): void {
    if (this.contested.has(address)) {
      this.limbo.set(address, by);
      return;
    }
    const other = this.live.get(address);
    if (other !== undefined) {
      throw new Violated(`worker ${by} was given ${address}, which is live, allocated by worker ${other.by}`);
    }
    const object = { by, bytes, tag: this.nextTag++ };
    this.live.set(address, object);
    this.limbo.delete(address);
    this.fill(address, object);
  }

  /** `by` is who frees it. */
  beginFree(address: Address, by: number): void {
    this.verify(address);
    this.live.delete(address);
    this.limbo.set(address, by);
  }

  /** The free has returned; the address may be another's by now, and even in another's limbo. */
  endFree(address: Address, by: number): void {
    if (this.limbo.get(address) === by) this.limbo.delete(address);
  }

  /** A resize begins, which may move the object. */
  beginMove(address: Address, by: number): void {
    const object = this.live.get(address);
    this.beginFree(address, by);
    if (object !== undefined) this.moving.set(by, { ...object, from: address });
  }

  /** The resize returned, or threw: where the object is now, and how long. */
  endMove(address: Address, by: number, next: Address, bytes: number): void {
    const object = this.moving.get(by);
    if (object !== undefined && !this.isAt(next, object))
      throw new Violated(`the object moved to ${next} is not whole`);
    this.moving.delete(by);
    this.endFree(address, by);
    this.add(next, bytes, by);
  }

  /** Whether the bytes at an address begin as the object's. */
  isAt(address: Address, { tag }: Live): boolean {
    return this.data[address / 4] === tag;
  }

  pass(address: Address, to: number): void {
    const object = this.live.get(address);
    if (object !== undefined) this.live.set(address, { ...object, by: to });
  }

  /** All objects of a worker are about to be freed. */
  abandon(by: number): Address[] {
    const left = [...this.live].filter(([, object]) => object.by === by).map(([address]) => address);
    for (const address of left) this.beginFree(address, by);
    return left;
  }

  verify(address: Address): void {
    const object = this.live.get(address);
    if (object === undefined) throw new Violated(`the test itself frees ${address}, which is not live`);
    const at = address / 4;
    if (this.data[at] !== object.tag || this.data[at + object.bytes / 4 - 1] !== object.tag) {
      throw new Violated(`the object at ${address} was written over`);
    }
  }

  private fill(address: Address, object: Live): void {
    this.data[address / 4] = object.tag;
    this.data[address / 4 + object.bytes / 4 - 1] = object.tag;
  }
}
