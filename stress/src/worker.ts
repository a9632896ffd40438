// A worker of the storm: fills cells of the ledger with objects, takes those of others, adopts, rewrites,
// cleans up, leaves and joins, makes wrong calls, runs out of stack, reaps the dead when it is asked to, and
// never returns to its event loop until the round is over. Whatever the heap throws at it that the contract
// does not name ends it, and the main thread counts a violation.

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError, type ErrorCode, SlabAllocator } from "offheap";
import { Random } from "offheap-tools";
import { Control } from "./control.ts";
import { fillOffence, writeFill } from "./fill.ts";
import { Ledger, phase } from "./ledger.ts";
import { type Plan, plannedMessage } from "./plan.ts";
import { callAtStackEnd } from "./stack-end.ts";

/** For a while a worker behaves in one way, so that magazines and slabs fill up and run empty. */
interface Mood {
  readonly fills: number;
  readonly frees: number;
  /** Cells one after another, or anywhere. */
  readonly isSequential: boolean;
  /** One size only, or any. */
  readonly size: number | undefined;
  readonly until: number;
}

class StormWorker {
  private heap: SlabAllocator;
  private readonly plan: Plan;
  private readonly ledger: Ledger;
  private readonly control: Control;
  private readonly seat: number;
  private readonly random: Random;
  private mood: Mood;
  private steps = 0;
  private cursor = 0;
  private turns = 0;
  private serial: number;

  constructor(plan: Plan) {
    this.plan = plan;
    this.ledger = new Ledger(plan.ledger);
    this.control = new Control(plan.control);
    this.seat = plan.seat;
    this.random = new Random(plan.seed);
    this.serial = Math.floor(this.random.part() * 2 ** 32) | 0;
    this.mood = this.newMood();
    this.heap = SlabAllocator.attach(plan.handle);
    this.control.setWorkerId(this.seat, this.heap.workerId);
  }

  run(): void {
    while (!this.control.isStopped()) {
      if (this.turns === this.mood.until) this.mood = this.newMood();
      this.turns++;
      this.reapWhenAsked();
      // Between two cells only: what it leaves in a magazine others may have before its thread has ended.
      if (this.plan.ending === "leave" && this.steps >= this.plan.lastStep) return this.leave();
      if (this.random.part() < 0.0005) this.beRare();
      else this.turn();
    }
    // Half of them leave; the others just end, and are reaped like the killed.
    if (this.random.part() < 0.5) this.leave();
  }

  private newMood(): Mood {
    const fills = this.random.pick([0.1, 0.5, 0.5, 0.9, 1]);
    this.cursor = Math.floor(this.random.part() * this.ledger.cellCount);
    return {
      fills,
      frees: this.random.pick([1 - fills, 0.5, 0.5]),
      isSequential: this.random.part() < 0.5,
      size: this.random.part() < 0.5 ? this.random.pick(this.plan.sizes) : undefined,
      until: this.turns + this.random.between(50, 3000),
    };
  }

  private turn(): void {
    const { ledger, mood, random } = this;
    this.cursor = mood.isSequential
      ? (this.cursor + 1) % ledger.cellCount
      : Math.floor(random.part() * ledger.cellCount);
    const cell = this.cursor;
    if (ledger.isEmpty(cell)) {
      if (random.part() < mood.fills) this.fill(cell);
      return;
    }
    const dice = random.part();
    if (dice < 0.03) this.adopt(cell);
    else if (dice < 0.06) this.rewrite(cell);
    else if (random.part() < mood.frees) this.take(cell);
  }

  /** A point between two accesses to the ledger or the heap, where a planned end may come. */
  private step(): void {
    this.steps++;
    if (this.steps !== this.plan.lastStep) return;
    if (this.plan.ending === "exit") process.exit(0);
    if (this.plan.ending === "throw") throw new Error(plannedMessage);
  }

  private fill(cell: number): void {
    const { ledger, random } = this;
    if (!ledger.beginFill(cell, this.seat)) return;
    this.step();
    ledger.setCreator(cell, this.heap.workerId);
    this.serial = (this.serial + 1) | 0;
    ledger.setSerial(cell, this.serial);
    const size = this.mood.size ?? random.pick(this.plan.sizes);
    const address = this.allocate(random.part() < 0.2 ? random.between(1, size) : size);
    this.step();
    if (address === undefined) {
      ledger.clear(cell);
      return;
    }
    ledger.setAddress(cell, address);
    this.step();
    writeFill(this.heap.i32, address, this.heap.sizeOf(address), this.serial);
    this.step();
    ledger.publish(cell);
  }

  private allocate(size: number): number | undefined {
    this.control.add(this.seat, "operations");
    const { heap } = this;
    try {
      if (this.random.part() >= 0.0001) return heap.allocate(size);
      this.control.add(this.seat, "cutByStack");
      return callAtStackEnd(() => heap.allocate(size));
    } catch (error) {
      if (!(error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY")) throw error;
      this.control.add(this.seat, "outOfMemory");
      return undefined;
    }
  }

  private take(cell: number): void {
    const { ledger, heap, random } = this;
    if (!ledger.begin(cell, this.seat, phase.taking)) return;
    this.step();
    const address = this.verified(cell);
    if (random.part() < 0.002) this.callWrongly(address);
    this.control.add(this.seat, "operations");
    if (random.part() < 0.0001) {
      this.control.add(this.seat, "cutByStack");
      callAtStackEnd(() => heap.deallocate(address));
    } else if (random.part() < 0.5) heap.deallocate(address, heap.sizeOf(address));
    else heap.deallocate(address);
    // Nobody but this worker can have the slot between its two frees.
    if (random.part() < 0.01) this.expect("ERR_DOUBLE_FREE", () => heap.deallocate(address));
    this.step();
    ledger.clear(cell);
  }

  private adopt(cell: number): void {
    const { ledger, heap } = this;
    if (!ledger.begin(cell, this.seat, phase.adopting)) return;
    this.step();
    heap.adopt(this.verified(cell));
    this.control.add(this.seat, "operations");
    this.control.add(this.seat, "adoptions");
    this.step();
    ledger.setCreator(cell, heap.workerId);
    this.step();
    ledger.publish(cell);
  }

  private rewrite(cell: number): void {
    const { ledger, heap } = this;
    if (!ledger.begin(cell, this.seat, phase.rewriting)) return;
    const address = this.verified(cell);
    this.serial = (this.serial + 1) | 0;
    ledger.setSerial(cell, this.serial);
    this.step();
    writeFill(heap.i32, address, heap.sizeOf(address), this.serial);
    ledger.publish(cell);
  }

  /** The address of a cell that this worker holds, after its fill was read. */
  private verified(cell: number): number {
    const address = this.ledger.addressOf(cell);
    const bytes = this.heap.sizeOf(address);
    const offence = fillOffence(this.heap.i32, address, bytes, this.ledger.serialOf(cell));
    if (offence !== undefined) throw new Error(offence);
    return address;
  }

  private callWrongly(address: number): void {
    const { heap } = this;
    const bytes = heap.sizeOf(address);
    this.expect("ERR_INVALID_ADDRESS", () => heap.deallocate(address + 4));
    this.expect("ERR_INVALID_ADDRESS", () => heap.adopt(address + 1));
    this.expect("ERR_INVALID_ADDRESS", () => heap.sizeOf(address + 0.5));
    this.expect("ERR_SIZE_MISMATCH", () => heap.deallocate(address, bytes + 1));
    this.expect("ERR_SIZE_MISMATCH", () => heap.deallocate(address, 0));
    this.expect("ERR_INVALID_SIZE", () => heap.allocate(65_537));
    this.expect("ERR_INVALID_WORKER", () => heap.reap(heap.workerId));
  }

  private expect(code: ErrorCode, call: () => unknown): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof AllocatorError && error.code === code)) throw error;
      this.control.add(this.seat, "caught");
      return;
    }
    throw new Error(`a wrong call was not told ${code}: ${call}`);
  }

  private beRare(): void {
    const dice = this.random.part();
    if (dice < 0.4) this.heap.cleanup();
    else if (dice < 0.5) this.heap.cleanup({ all: true });
    else if (dice < 0.6) this.heap.stats();
    else if (dice < 0.61) this.heap.check();
    else this.rejoin();
  }

  private leave(): void {
    this.control.setLeaving(this.seat, true);
    this.heap.detach();
  }

  private rejoin(): void {
    this.leave();
    this.step();
    this.heap = SlabAllocator.attach(this.plan.handle);
    this.control.setWorkerId(this.seat, this.heap.workerId);
    this.control.setLeaving(this.seat, false);
    this.control.add(this.seat, "rejoins");
  }

  private reapWhenAsked(): void {
    const request = this.control.requestOf(this.seat);
    if (request === undefined) return;
    this.control.beginReap(this.seat);
    const found = this.heap.reap(request.id, { live: request.live });
    this.control.add(this.seat, "reaps");
    this.control.reply(this.seat, found);
  }
}

try {
  new StormWorker(workerData as Plan).run();
} catch (error) {
  // A place may be taken by others for a moment: by a dead worker that nobody has reaped yet.
  if (!(error instanceof AllocatorError && error.code === "ERR_TOO_MANY_WORKERS")) throw error;
}
parentPort?.unref();
