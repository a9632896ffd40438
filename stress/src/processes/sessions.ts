// The records of a round: made once, and updated by everybody at once. Each update is counted before and after, outside of the
// heap, so that at the end the sum lies between the two.

import { atomic, Records, struct, u32 } from "offheap/records";
import type { Heap } from "./shape.ts";

const Session = struct({ number: u32, visits: atomic(u32), lastSeat: atomic(u32) });
const name = "sessions";

export class Sessions {
  private readonly records;
  private readonly handles: number[] = [];

  constructor(heap: Heap, count?: number) {
    this.records =
      count === undefined ? Records.attach(heap, heap.roots.get(name), Session) : new Records(heap, Session);
    if (count !== undefined) this.make(heap, count);
    for (const { handle } of this.records) this.handles.push(handle);
  }

  get count(): number {
    return this.handles.length;
  }

  visit(index: number, seat: number): void {
    const session = this.records.at(this.handles[index] as number);
    session.visits.add(1);
    session.lastSeat.store(seat);
  }

  /** The visits of all; and the numbers, which nobody changes. */
  sums(): { visits: number; numbers: number } {
    const sums = { visits: 0, numbers: 0 };
    for (const { visits, number } of this.records) {
      sums.visits += visits.load();
      sums.numbers += number;
    }
    return sums;
  }

  destroy(heap: Heap): void {
    this.records.destroy();
    heap.roots.delete(name);
  }

  private make(heap: Heap, count: number): void {
    heap.roots.set(name, this.records.handle);
    for (let number = 1; number <= count; number++) this.records.publish(this.records.create({ number }));
  }
}
