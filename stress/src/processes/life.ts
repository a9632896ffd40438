// What a process of the storm does: opens the heap, and goes on until it is killed, or told to stop.

import { closeHeap } from "offheap/process";
import { Actor } from "./actor.ts";
import { Notes } from "./notes.ts";
import { type Heap, openShape, type Shape } from "./shape.ts";

export interface Orders {
  readonly shape: Shape;
  /** The path of the notes. */
  readonly notes: string;
  /** One for each thread. */
  readonly seats: readonly number[];
  readonly seed: number;
}

/** By one thread, and by what `before` starts beside it, for whose end `after` waits. */
export function liveAlone(
  { shape, seats: [seat = 0], seed, notes: path }: Orders,
  before: (heap: Heap, notes: Notes) => void = () => {},
  after: (notes: Notes) => void = () => {},
): void {
  const notes = Notes.open(path);
  const heap = openShape(shape);
  before(heap, notes);
  new Actor(heap, notes, shape, seat, seed).run();
  after(notes);
  closeHeap(heap);
  notes.leave(seat);
}
