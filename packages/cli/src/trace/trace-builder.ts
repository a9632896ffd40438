// From the records of a log to the operations of a `Trace`: addresses become object numbers, a pair of
// `<` and `>` becomes one reallocation, and what cannot be true is noted with its line and mended the
// way mtrace(1) reads it, so that one lost line costs one operation and not the trace.
//
//   live objects = allocations - frees = live.size (+ 1 between `<` and `>`)

import { basename } from "node:path";
import type { Cut } from "../unpack/bytes.ts";
import { AddressMap } from "./address-map.ts";
import { NumberList } from "./number-list.ts";
import { kinds, type MtraceRecord } from "./record.ts";
import type { LineNote, Tally, Trace } from "./trace.ts";

const notesKept = 10;
const unknownObject = -1;

export class TraceBuilder {
  readonly #objects = new NumberList();
  readonly #sizes = new NumberList();
  readonly #live = new AddressMap();
  readonly #malformed = new Notes();
  readonly #unknownFrees = new Notes();
  readonly #missingFrees = new Notes();
  #allocations = 0;
  #frees = 0;
  #failedRequests = 0;
  #zeroByteRequests = 0;
  #startSeen = false;
  #endSeen = false;
  /** The `<` whose `>` must come next. */
  #pending: { readonly object: number; readonly line: number } | undefined;

  get isTrace(): boolean {
    return this.#objects.length > 0 || this.#startSeen || this.#endSeen || this.#failedRequests > 0;
  }

  malformed(line: number, reason: string): void {
    this.#malformed.add(line, reason);
  }

  add(record: MtraceRecord, line: number): void {
    if (this.#pending && record.kind !== kinds.reallocateTo && record.kind !== kinds.blank)
      this.#dropPending();
    switch (record.kind) {
      case kinds.allocate:
        this.#allocate(record, line);
        break;
      case kinds.free:
        this.#free(record, line);
        break;
      case kinds.reallocateFrom:
        this.#pending = { object: this.#takeLive(record, line), line };
        break;
      case kinds.reallocateTo:
        this.#reallocate(record, line);
        break;
      case kinds.failed:
        this.#failedRequests++;
        break;
      case kinds.start:
        this.#startSeen = true;
        this.#endSeen = false;
        break;
      case kinds.end:
        this.#endSeen = true;
        break;
    }
  }

  /** `cut` says where the bytes end early, if they do; `truncated` what else is missing at the end. */
  finish(path: string, cut: Cut | undefined, rest: string | undefined): Trace {
    let truncated = cut?.reason ?? rest;
    if (this.#pending) truncated ??= `it ends inside the reallocation of line ${this.#pending.line}`;
    if (this.#startSeen && !this.#endSeen) truncated ??= "it ends without `= End`";
    const operations = this.#objects.length;
    return {
      path,
      name: basename(path).replace(/(\.mtrace|\.txt|\.log|\.gz)+$/, ""),
      objects: this.#objects.toArray(),
      sizes: this.#sizes.toArray(),
      operations,
      allocations: this.#allocations,
      frees: this.#frees,
      reallocations: operations - this.#allocations - this.#frees,
      liveAtEnd: this.#allocations - this.#frees,
      problems: {
        malformedLines: this.#malformed.tally(),
        unknownFrees: this.#unknownFrees.tally(),
        missingFrees: this.#missingFrees.tally(),
        failedRequests: this.#failedRequests,
        zeroByteRequests: this.#zeroByteRequests,
        truncated,
        cutAtByte: cut?.atByte,
      },
    };
  }

  #allocate(record: MtraceRecord, line: number): void {
    if (isNull(record)) {
      this.#failedRequests++;
      return;
    }
    this.#vacate(record, line);
    const object = this.#allocations++;
    this.#live.set(record.low, record.high, object);
    this.#push(object, this.#requestBytes(record.size));
  }

  #free(record: MtraceRecord, line: number): void {
    if (isNull(record)) return; // free(NULL) does nothing
    const object = this.#takeLive(record, line);
    if (object !== unknownObject) this.#pushFree(object);
  }

  #reallocate(record: MtraceRecord, line: number): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) this.malformed(line, "`>` without a `<` before it, taken as an allocation");
    if (pending && isNull(record)) {
      this.malformed(line, "a reallocation to `(nil)`, taken as a free");
      if (pending.object !== unknownObject) this.#pushFree(pending.object);
      return;
    }
    if (!pending || pending.object === unknownObject) {
      this.#allocate(record, line);
      return;
    }
    this.#vacate(record, line);
    this.#live.set(record.low, record.high, pending.object);
    this.#push(pending.object, -this.#requestBytes(record.size));
  }

  #dropPending(): void {
    if (!this.#pending) return;
    this.malformed(this.#pending.line, "`<` without a `>` after it, taken as a free");
    if (this.#pending.object !== unknownObject) this.#pushFree(this.#pending.object);
    this.#pending = undefined;
  }

  #takeLive(record: MtraceRecord, line: number): number {
    const object = this.#live.take(record.low, record.high);
    if (object < 0 && !isNull(record)) this.#unknownFrees.add(line, `${addressText(record)} was not live`);
    return object < 0 ? unknownObject : object;
  }

  /** The allocator of the traced program gave this address out again, so what lay there was freed. */
  #vacate(record: MtraceRecord, line: number): void {
    const object = this.#live.take(record.low, record.high);
    if (object < 0) return;
    this.#missingFrees.add(line, `${addressText(record)} was live already`);
    this.#pushFree(object);
  }

  #requestBytes(size: number): number {
    if (size === 0) this.#zeroByteRequests++;
    return Math.max(size, 1);
  }

  #pushFree(object: number): void {
    this.#frees++;
    this.#push(object, 0);
  }

  #push(object: number, size: number): void {
    this.#objects.push(object);
    this.#sizes.push(size);
  }
}

function isNull({ low, high }: MtraceRecord): boolean {
  return low === 0 && high === 0;
}

function addressText({ low, high }: MtraceRecord): string {
  return `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`;
}

class Notes {
  #count = 0;
  readonly #first: LineNote[] = [];

  add(line: number, reason: string): void {
    this.#count++;
    if (this.#first.length < notesKept) this.#first.push({ line, reason });
  }

  tally(): Tally {
    return { count: this.#count, first: this.#first };
  }
}
