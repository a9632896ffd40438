// A thread of a process of the storm: allocates, fills, verifies and frees, in bursts of its own and by cells that all share, hands
// objects over through two rings, and updates records. It notes before each call that it is in one: so the word that it leaves
// tells where a SIGKILL struck.

import { AllocatorError } from "offheap";
import type { Ring } from "offheap/ring";
import { Random } from "offheap-tools";
import { fillOffence, writeFill } from "../fill.ts";
import { phase } from "../ledger.ts";
import { inside, type Notes } from "./notes.ts";
import { Sessions } from "./sessions.ts";
import { findRings, type Heap, type Shape } from "./shape.ts";

const mostInBurst = 300;
const burstBytes = 100_000;
const leastFilled = 8;

export class Actor {
  private readonly heap: Heap;
  private readonly notes: Notes;
  private readonly shape: Shape;
  private readonly seat: number;
  private readonly random: Random;
  private readonly first: Ring;
  private readonly second: Ring;
  private readonly sessions: Sessions;
  private serial: number;

  constructor(heap: Heap, notes: Notes, shape: Shape, seat: number, seed: number) {
    this.heap = heap;
    this.notes = notes;
    this.shape = shape;
    this.seat = seat;
    this.random = new Random(seed);
    this.serial = Math.floor(this.random.part() * 2 ** 32) | 0;
    notes.begin(seat, heap.workerId);
    [this.first, this.second] = findRings(heap);
    this.sessions = new Sessions(heap);
  }

  /** Until all are told to stop, or for so many turns. */
  run(turns = Number.POSITIVE_INFINITY): void {
    this.notes.beReady(this.seat);
    for (let i = 0; i < turns && !this.notes.isStopped(); i++) this.turn();
  }

  private turn(): void {
    const dice = this.random.part();
    if (dice < 0.4) this.burst();
    else if (dice < 0.55) this.fill();
    else if (dice < 0.63) this.take();
    else if (dice < 0.75) this.send();
    else if (dice < 0.85) this.passOn();
    else if (dice < 0.97) this.receive();
    else if (dice < 0.999) this.update();
    else this.beRare();
  }

  private allocate(size: number): number | undefined {
    const { notes, seat, heap } = this;
    notes.enter(seat, inside.allocate);
    try {
      return heap.allocate(size);
    } catch (error) {
      if (!(error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY")) throw error;
      notes.add(seat, "outOfMemory");
      return undefined;
    } finally {
      notes.enter(seat, inside.nothing);
    }
  }

  private free(address: number): void {
    const { notes, seat, heap } = this;
    notes.enter(seat, inside.deallocate);
    heap.deallocate(address);
    notes.enter(seat, inside.nothing);
  }

  private verify(address: number, bytes: number, serial: number): void {
    const offence = fillOffence(this.heap.i32, address, bytes, serial);
    if (offence !== undefined) throw new Error(offence);
  }

  /** Objects of one size, in no cell: if the process dies they are nobody's, or end with it. */
  private burst(): void {
    const { heap, notes, seat, random } = this;
    const size = random.pick(this.shape.sizes);
    const wanted = Math.min(random.between(1, mostInBurst), Math.ceil(burstBytes / size));
    // Half of them are filled in part: then most of the time is spent in calls.
    const bytes = random.part() < 0.5 ? size : Math.min(size, leastFilled);
    const had: number[] = [];
    notes.setHolding(seat, wanted);
    const { serial } = this;
    for (let i = 0; i < wanted; i++) {
      const address = this.allocate(size);
      if (address === undefined) break;
      writeFill(heap.i32, address, bytes, serial + i);
      had.push(address);
    }
    had.forEach((address, i) => {
      this.verify(address, bytes, serial + i);
      this.free(address);
    });
    this.serial = (serial + wanted) | 0;
    notes.setHolding(seat, 0);
    notes.add(seat, "allocations", had.length);
    notes.add(seat, "frees", had.length);
  }

  private anyCell(): number {
    return Math.floor(this.random.part() * this.shape.cells);
  }

  private fill(): void {
    const { heap, notes, seat } = this;
    const { cells } = notes;
    const cell = this.anyCell();
    if (!cells.beginFill(cell, seat)) return;
    this.serial = (this.serial + 1) | 0;
    cells.setSerial(cell, this.serial);
    const address = this.allocate(this.random.pick(this.shape.sizes));
    if (address === undefined) return cells.clear(cell);
    cells.setAddress(cell, address);
    writeFill(heap.i32, address, heap.sizeOf(address), this.serial);
    heap.disown(address);
    notes.add(seat, "allocations");
    cells.publish(cell);
  }

  /** The address of a cell that this thread holds, after its fill was read. */
  private verified(cell: number): number {
    const { cells } = this.notes;
    const address = cells.addressOf(cell);
    this.verify(address, this.heap.sizeOf(address), cells.serialOf(cell));
    return address;
  }

  private take(): void {
    const { cells } = this.notes;
    const cell = this.anyCell();
    if (!cells.begin(cell, this.seat, phase.taking)) return;
    this.free(this.verified(cell));
    this.notes.add(this.seat, "frees");
    cells.clear(cell);
  }

  private send(): void {
    const { heap, notes, seat } = this;
    const { cells } = notes;
    const cell = this.anyCell();
    if (!cells.begin(cell, seat, phase.sending)) return;
    const address = this.verified(cell);
    heap.adopt(address);
    if (this.sendBy(this.first, address, cell)) return;
    heap.disown(address);
    cells.publish(cell);
  }

  private sendBy(ring: Ring, address: number, cell: number): boolean {
    const { notes, seat } = this;
    notes.enter(seat, inside.ring);
    const isSent = ring.send(address, undefined, cell);
    notes.enter(seat, inside.nothing);
    if (!isSent) return false;
    notes.add(seat, "sent");
    notes.cells.noteSent(cell, seat);
    return true;
  }

  /** What has come, in this thread's hands until `done`, or until it is sent on; undefined when nothing has. */
  private takeFrom(ring: Ring): { cell: number; address: number } | undefined {
    const { notes, seat } = this;
    if (this.random.part() < 0.01) ring.wait({ timeout: 1 });
    notes.enter(seat, inside.ring);
    const message = ring.take();
    notes.enter(seat, inside.nothing);
    if (message === undefined) return undefined;
    const { tag: cell, address } = message;
    const wrong = notes.cells.beginReceive(cell, seat);
    if (wrong !== undefined) throw new Error(wrong);
    if (notes.cells.addressOf(cell) !== address)
      throw new Error(`cell ${cell} came with ${address}, and has ${notes.cells.addressOf(cell)}`);
    this.verified(cell);
    return { cell, address };
  }

  private passOn(): void {
    const taken = this.takeFrom(this.first);
    if (taken === undefined) return;
    const { cell, address } = taken;
    const { cells } = this.notes;
    if (!cells.sendOn(cell, this.seat)) throw new Error(`another had the message of cell ${cell}, too`);
    if (this.sendBy(this.second, address, cell)) return;
    if (cells.beginReceive(cell, this.seat) === undefined) this.end(this.first, cell);
  }

  private receive(): void {
    const taken = this.takeFrom(this.second);
    if (taken !== undefined) this.end(this.second, taken.cell);
  }

  private end(ring: Ring, cell: number): void {
    const { notes, seat } = this;
    notes.enter(seat, inside.ring);
    ring.done();
    notes.enter(seat, inside.nothing);
    notes.add(seat, "received");
    if (!notes.cells.endReceive(cell, seat)) throw new Error(`another had the message of cell ${cell}, too`);
  }

  private update(): void {
    const { notes, seat, sessions } = this;
    notes.add(seat, "begunUpdates");
    notes.enter(seat, inside.record);
    sessions.visit(Math.floor(this.random.part() * sessions.count), seat);
    notes.enter(seat, inside.nothing);
    notes.add(seat, "updates");
  }

  private beRare(): void {
    const dice = this.random.part();
    if (dice < 0.7) this.heap.cleanup();
    else if (dice < 0.9) this.heap.stats();
    else this.heap.processes();
  }
}
