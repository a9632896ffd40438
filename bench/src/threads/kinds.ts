/** The loops of the multi-threaded workloads; native/threads.c has the same and says where they come from. */
import { type AddressAllocator, addressLoop, type Loop } from "../case/loops.ts";
import type { SectionSpan, Stream } from "../stream/format.ts";
import {
  awaitBatch,
  awaitRoom,
  BATCH,
  barrier,
  type Control,
  publish,
  RING_WORDS,
  release,
} from "./control.ts";

export const kinds = ["ring", "xmalloc", "larson", "churn", "thrash", "scratch", "independent"] as const;
export type Kind = (typeof kinds)[number];

const LARSON_ROUNDS = 16;

export interface SharedHeap extends AddressAllocator {
  readonly u32: Uint32Array;
}

/** What a worker has at hand. */
export interface Place {
  readonly self: number;
  readonly streams: readonly Stream[];
  readonly control: Control;
  readonly heap: SharedHeap;
  readonly loops: readonly Loop[]; // by owner
  moved: number; // addresses sent or received so far, modulo 2^32
}

/** The loop over an owner's stream and table. */
export function loopOf({ streams, control, heap }: Omit<Place, "loops">, owner: number): Loop {
  return addressLoop(streams[owner].words, control.tables[owner], heap.u32, heap);
}

export function replace({ loops }: Place, owner: number, span: SectionSpan): void {
  loops[owner](span.from, span.to);
}

/** The head in parts; after each, the objects go to the other worker. */
function larson(place: Place, pass: number): void {
  for (let round = 0; round < LARSON_ROUNDS; round++) {
    const owner = (place.self + round + pass * LARSON_ROUNDS) % place.control.threads;
    const { head } = place.streams[owner];
    const part = (head.to - head.from) / LARSON_ROUNDS;
    const from = head.from + round * part;
    replace(place, owner, { ...head, from, to: from + part });
    barrier(place.control);
  }
}

function produce(place: Place): void {
  const { control, heap } = place;
  const { ring } = control;
  const { extra } = place.streams[0];
  const memory = heap.u32;
  for (let i = 0; i < extra.length; i += BATCH) {
    awaitRoom(control, place.moved);
    const base = place.moved & (RING_WORDS - 1);
    for (let k = 0; k < BATCH; k++) {
      const size = extra[i + k];
      const address = heap.allocate(size);
      memory[address >>> 2] = size;
      ring[base + k] = address;
    }
    place.moved = (place.moved + BATCH) | 0;
    publish(control, place.moved);
  }
}

function consume(place: Place): void {
  const { control, heap } = place;
  const { ring } = control;
  const { length } = place.streams[0].extra;
  for (let i = 0; i < length; i += BATCH) {
    awaitBatch(control, place.moved);
    const base = place.moved & (RING_WORDS - 1);
    for (let k = 0; k < BATCH; k++) heap.deallocate(ring[base + k]);
    place.moved = (place.moved + BATCH) | 0;
    release(control, place.moved);
  }
}

/** The ring's place of an allocator: the size is the address. */
export const noHeap: SharedHeap = {
  u32: new Uint32Array(1 << 12),
  allocate: (size) => size,
  deallocate(address) {
    this.u32[0] += address;
  },
};

function churn({ self, streams, control, heap }: Place): void {
  const { extra } = streams[self];
  const table = control.tables[self].fill(0);
  const { transfer } = control;
  const memory = heap.u32;
  for (let i = 0; i < extra.length; ) {
    const op = extra[i++];
    if (op < 0) {
      if (table[~op] !== 0) heap.deallocate(table[~op]);
      table[~op] = 0;
    } else if (extra[i] < 0) {
      table[op] = Atomics.exchange(transfer, ~extra[i++], table[op]);
    } else {
      if (table[op] !== 0) heap.deallocate(table[op]);
      const address = heap.allocate(extra[i++]);
      memory[address >>> 2] = op;
      table[op] = address;
    }
  }
  for (let slot = 0; slot < table.length; slot++) if (table[slot] !== 0) heap.deallocate(table[slot]);
}

/** extra = rounds, writes of each, size. `first` is the object of the first round where it is not 0. */
function thrash({ self, streams, heap }: Place, first: number): void {
  const [rounds, writes, size] = streams[self].extra;
  const memory = heap.u32;
  for (let round = 0; round < rounds; round++) {
    const address = first !== 0 && round === 0 ? first : heap.allocate(size);
    const index = address >>> 2;
    memory[index] = 0;
    for (let k = 0; k < writes; k++) memory[index] = memory[index] + 1;
    heap.deallocate(address);
  }
}

/** Between two barriers, and not timed. */
export function prepare(kind: Kind, { self, streams, control, heap }: Place): void {
  if (kind !== "scratch" || self !== 0) return;
  for (let t = 0; t < control.threads; t++) control.first[t] = heap.allocate(streams[self].extra[2]);
}

export function onePass(kind: Kind, place: Place, pass: number): void {
  if (kind === "larson") larson(place, pass);
  else if (kind === "independent") replace(place, place.self, place.streams[place.self].head);
  else if (kind === "churn") churn(place);
  else if (kind === "thrash") thrash(place, 0);
  else if (kind === "scratch") thrash(place, place.control.first[place.self]);
  else if (place.self === 0) produce(place);
  else consume(place);
}
