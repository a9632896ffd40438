// A worker under test with the test's own knowledge of it: which objects are live, whose they are, what
// was written into them. The knowledge changes in events between two accesses, so it is exact: an object
// is owned from the last access of its allocation to the first of its free.

import { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address, WorkerId, WorkerPlace } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import type { Os } from "#src/base/os.js";
import { openHeap } from "#src/format/format.js";
import { type Layout, layoutVersion } from "#src/layout/layout.js";
import type { Core } from "#src/memory/core.js";
import { Heap } from "#src/memory/heap.js";
import { MemoryPool } from "#src/pool/memory-pool.js";
import type { Fiber } from "./fiber.ts";
import { type Objects, Violated } from "./objects.ts";

/** One more worker of a heap, through the allocator that it was made for. */
export function allocatorOf(heap: Heap): SlabAllocator {
  return heap.layout.pageSpanChunks > 0 ? new MemoryPool({}, { heap }) : new SlabAllocator({}, { heap });
}

export class Actor {
  readonly index: number;
  slab!: SlabAllocator;
  /** What this worker's calls came to, for the scenario to judge. */
  results: string[] = [];
  /** Objects that this run of the program has, oldest first. */
  mine: Address[] = [];
  /** Whose malloc and free are called, if not the allocator's own. */
  private core: Core | undefined;
  private readonly fiber: Fiber;
  private readonly objects: Objects;
  private readonly buffer: ArrayBuffer;
  private readonly layout: Layout;
  private readonly mayRunOut: boolean;
  private readonly os: Os | undefined;

  constructor(
    fiber: Fiber,
    objects: Objects,
    buffer: ArrayBuffer,
    layout: Layout,
    mayRunOut: boolean,
    os: Os | undefined,
  ) {
    this.index = fiber.index;
    this.fiber = fiber;
    this.objects = objects;
    this.buffer = buffer;
    this.layout = layout;
    this.mayRunOut = mayRunOut;
    this.os = os;
  }

  /** From now on, until it is called again, allocations and frees are those of a module of the worker's pool. */
  useModule(isUsed: boolean): void {
    this.core = isUsed ? (this.slab as unknown as { heap: Heap }).heap.core : undefined;
    if (isUsed) this.fiber.slowCalls = (this.slab as MemoryPool).asMalloc();
  }

  private make(size: number): Address {
    if (this.core === undefined) return this.slab.allocate(size);
    const address = this.core.malloc(size) >>> 0;
    if (address === 0) throw new AllocatorError("ERR_OUT_OF_MEMORY", "NULL");
    return address as Address;
  }

  private release(address: Address, size?: number): void {
    if (this.core === undefined) this.slab.deallocate(address, size);
    else this.core.free(address);
  }

  /** Attached from the start: the header is not read again. */
  begin(): void {
    const heap = new Heap(this.buffer, 0, this.layout, this.fiber.access);
    heap.os = this.os;
    this.slab = allocatorOf(heap);
    this.copyOnce();
    this.objects.ids.set(this.index, this.slab.workerId);
  }

  /** The bytes of an object that moves are copied between two accesses, and not again when the program is. */
  private copyOnce(): void {
    const { u8 } = this.slab;
    const copyWithin = (to: number, from: number, end: number) =>
      this.fiber.event(() => void u8.copyWithin(to, from, end));
    const set = (bytes: Uint8Array, at: number) => this.fiber.event(() => u8.set(bytes, at));
    Object.assign(this.slab, { u8: { copyWithin, set } });
  }

  clear(): void {
    this.results = [];
    this.mine = [];
    this.core = undefined;
  }

  get place(): WorkerPlace {
    return ((this.slab?.workerId ?? 0) % 128) as WorkerPlace;
  }

  /** The books themselves, for a setup that puts them into a state which only a death or a race leaves. */
  books(): { words: Int32Array; wide: BigInt64Array; layout: Layout; heap: Heap } {
    const heap = new Heap(this.buffer, 0, this.layout);
    return { words: heap.words, wide: heap.wide, layout: this.layout, heap };
  }

  /** Joins as a program: every access of it is a step. */
  attach(): void {
    const handle = { kind: "offheap", version: layoutVersion, memory: this.buffer, offset: 0 };
    const came = this.attempt(() => {
      this.slab = allocatorOf(openHeap(handle, this.fiber.access, this.layout.pageSpanChunks > 0));
    });
    this.note(came ?? "attached");
  }

  allocate(size: number): void {
    let address = 0 as Address;
    const failed = this.attempt(() => {
      address = this.make(size);
    });
    if (failed === undefined) {
      this.fiber.event(() => this.objects.add(address, size, this.index));
      this.mine.push(address);
    } else if (failed === "ERR_OUT_OF_MEMORY" && this.mayRunOut) this.note(failed);
    else throw new Violated(`allocate(${size}): ${failed}`);
  }

  /** Frees an object legally. */
  free(address: Address, size?: number): void {
    this.fiber.event(() => this.objects.beginFree(address, this.index));
    const failed = this.attempt(() => this.release(address, size));
    if (failed !== undefined) throw new Violated(`deallocate(${address}): ${failed}`);
    this.fiber.event(() => this.objects.endFree(address, this.index));
  }

  /** Frees the oldest object of this program, if it has one. */
  freeOldest(): void {
    const address = this.mine.shift();
    if (address !== undefined) this.free(address);
  }

  /** Makes the oldest object of this program longer or shorter, if it has one: its first word stays. */
  resizeOldest(size: number): void {
    const address = this.mine.shift();
    if (address === undefined) return;
    const bytes = this.fiber.event(() => this.objects.live.get(address)?.bytes ?? 0);
    this.fiber.event(() => this.objects.beginMove(address, this.index));
    let next = address;
    const failed = this.attempt(() => {
      next = (this.slab as MemoryPool).reallocate(address, size);
    });
    // What is no longer than before never wants memory, whoever holds what.
    if (failed === "ERR_OUT_OF_MEMORY" && this.mayRunOut && size > bytes) this.note(failed);
    else if (failed !== undefined) throw new Violated(`reallocate(${address}, ${size}): ${failed}`);
    this.fiber.event(() =>
      this.objects.endMove(address, this.index, next, failed === undefined ? size : bytes),
    );
    this.mine.unshift(next);
  }

  /** Frees an object that another worker may free, too. */
  freeIllegally(address: Address): void {
    this.fiber.event(() => {
      this.objects.live.delete(address);
      this.objects.limbo.set(address, this.index);
      this.objects.contested.add(address);
    });
    this.note(this.attempt(() => this.slab.deallocate(address)) ?? "freed");
  }

  /** Hands the oldest object of this program to whoever looks, through an atomic of the user's own. */
  send(): void {
    const address = this.mine.shift();
    if (address === undefined) return;
    this.fiber.event(() => {
      this.fiber.machine.flush(this.index);
      this.objects.mailbox.push(address);
    });
  }

  /** Takes an object that another worker has sent, if there is one. */
  receive(): void {
    const address = this.fiber.event(() => this.objects.mailbox.shift());
    if (address !== undefined) this.mine.push(address);
  }

  /** From now on it is this worker's object. */
  adopt(address: Address): void {
    this.call((slab) => slab.adopt(address));
    this.fiber.event(() => this.objects.pass(address, this.index));
  }

  /** From now on the objects of a dead worker may be freed. */
  abandon(dead: number): Address[] {
    return this.fiber.event(() => this.objects.abandon(dead));
  }

  /** Reaps a dead worker and frees what it had allocated and nobody adopted. */
  reapWithObjects(dead: number): void {
    const left = this.abandon(dead);
    const id = this.idOf(dead);
    this.call((slab) => slab.reap(id, { live: true }));
    for (const address of left) {
      const isLive = this.fiber.event(() => this.objects.live.has(address));
      if (!isLive && this.attempt(() => this.slab.sizeOf(address)) === undefined) {
        throw new Violated(`the object at ${address} of the reaped worker is still live`);
      }
    }
  }

  /** Frees everything there is, by one call. */
  resetAll(reset: (slab: SlabAllocator) => void): void {
    this.fiber.event(() => {
      for (const address of [...this.objects.live.keys()]) this.objects.beginFree(address, this.index);
    });
    this.call(reset);
    this.fiber.event(() => this.objects.limbo.clear());
  }

  /** Reaps the worker that another actor was, if it ever was one. */
  reap(dead: number): void {
    const id = this.idOf(dead);
    if (id !== 0) this.call((slab) => slab.reap(id));
  }

  /** Any other call; its error code, or "done", is a result. */
  call(act: (slab: SlabAllocator) => void): void {
    this.note(this.attempt(() => act(this.slab)) ?? "done");
  }

  note(result: string): void {
    this.fiber.events++;
    this.results.push(result);
  }

  private idOf(dead: number): WorkerId {
    return this.fiber.event(() => this.objects.ids.get(dead) ?? (0 as WorkerId));
  }

  private attempt(act: () => void): string | undefined {
    try {
      act();
    } catch (error) {
      if (error instanceof AllocatorError) return error.code;
      throw error;
    }
    return undefined;
  }
}
