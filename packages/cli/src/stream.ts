// A trace made ready for a timed loop: nothing is parsed, looked up or decided any more.
//
//   sizes[i] > 0    allocate sizes[i] bytes, keep the address at seats[i]
//   sizes[i] = 0    free the address at seats[i]
//   sizes[i] < 0    reallocate the address at seats[i] to -sizes[i] bytes
//
// A seat is the number of an object among those alive: the last one left is the first one taken, as with
// the registers and fields that hold addresses in a program. So the table of addresses that a replay
// keeps is `seatCount` long, as small as it can be, and no two live objects have the same seat.
//
// The arrays lie in shared memory: one copy serves all workers.

import { mostCapacityBytes } from "./allocators/adapter.ts";
import { NumberList, type Numbers } from "./trace/number-list.ts";
import type { Trace } from "./trace/trace.ts";

/** Integers, as `Numbers`: doubles where one of them is beyond 32 bits. */
export type SharedNumbers = Int32Array<SharedArrayBuffer> | Float64Array<SharedArrayBuffer>;

export interface Stream {
  readonly name: string;
  readonly sizes: SharedNumbers;
  readonly seats: SharedNumbers;
  readonly operations: number;
  readonly seatCount: number;
  /** The seats taken at the end, in the order of their allocation: a replay that starts again frees them. */
  readonly seatsAtEnd: SharedNumbers;
  /** The most bytes live at one time, as requested, over all operations of the stream. */
  readonly peakLiveBytes: number;
  readonly peakLiveObjects: number;
  /** After this many operations `peakLiveBytes` are live. */
  readonly peakOperation: number;
  readonly passedOver: PassedOver;
}

/** What the trace has and the stream has not, because it is larger than `limitBytes`. */
export interface PassedOver {
  readonly limitBytes: number;
  /** Allocations, and reallocations to such a size. */
  readonly requests: number;
  /** Operations that are missing: those requests and the frees of what they would have allocated. */
  readonly operations: number;
  readonly largestBytes: number;
  /** Requests over 4 GiB, which no heap serves, whatever its capacity. */
  readonly beyondAnyHeap: number;
}

export interface StreamOptions {
  /** Requests over this are passed over; default: none is. */
  readonly limitBytes?: number;
}

export function prepareStream(trace: Trace, options: StreamOptions = {}): Stream {
  const limitBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const builder = new StreamBuilder(trace.allocations);
  let requests = 0;
  let largestBytes = 0;
  let beyondAnyHeap = 0;
  for (let i = 0; i < trace.operations; i++) {
    const object = trace.objects[i];
    const size = trace.sizes[i];
    const bytes = Math.abs(size);
    if (bytes > limitBytes) {
      requests++;
      if (bytes > mostCapacityBytes) beyondAnyHeap++;
      largestBytes = Math.max(largestBytes, bytes);
      builder.free(object); // when it grows out of reach; nothing for a new one
    } else if (size === 0) builder.free(object);
    else builder.allocate(object, bytes);
  }
  const passedOver = {
    limitBytes,
    requests,
    operations: trace.operations - builder.operations,
    largestBytes,
    beyondAnyHeap,
  };
  return builder.finish(trace.name, passedOver);
}

const noSeat = -1;

class StreamBuilder {
  readonly #sizes = new NumberList();
  readonly #seats = new NumberList();
  readonly #seatOf: Int32Array;
  readonly #bytesOf: Float64Array;
  readonly #freeSeats: number[] = [];
  #seatCount = 0;
  #liveBytes = 0;
  #liveObjects = 0;
  #peakLiveBytes = 0;
  #peakLiveObjects = 0;
  #peakOperation = 0;

  constructor(objectCount: number) {
    this.#seatOf = new Int32Array(objectCount).fill(noSeat);
    this.#bytesOf = new Float64Array(objectCount);
  }

  get operations(): number {
    return this.#sizes.length;
  }

  /** Allocates the object, or reallocates it when it is there already. */
  allocate(object: number, bytes: number): void {
    const isThere = this.#seatOf[object] !== noSeat;
    if (!isThere) {
      this.#seatOf[object] = this.#freeSeats.pop() ?? this.#seatCount++;
      this.#liveObjects++;
    }
    this.#liveBytes += bytes - this.#bytesOf[object];
    this.#bytesOf[object] = bytes;
    this.#push(object, isThere ? -bytes : bytes);
    this.#peakLiveObjects = Math.max(this.#peakLiveObjects, this.#liveObjects);
    if (this.#liveBytes <= this.#peakLiveBytes) return;
    this.#peakLiveBytes = this.#liveBytes;
    this.#peakOperation = this.#sizes.length;
  }

  /** Frees the object, or does nothing when it was passed over. */
  free(object: number): void {
    const seat = this.#seatOf[object];
    if (seat === noSeat) return;
    this.#push(object, 0);
    this.#freeSeats.push(seat);
    this.#seatOf[object] = noSeat;
    this.#liveBytes -= this.#bytesOf[object];
    this.#bytesOf[object] = 0;
    this.#liveObjects--;
  }

  finish(name: string, passedOver: PassedOver): Stream {
    return {
      name,
      sizes: shared(this.#sizes.toArray()),
      seats: shared(this.#seats.toArray()),
      operations: this.operations,
      seatCount: this.#seatCount,
      seatsAtEnd: shared(this.#seatOf.filter((seat) => seat !== noSeat)),
      peakLiveBytes: this.#peakLiveBytes,
      peakLiveObjects: this.#peakLiveObjects,
      peakOperation: this.#peakOperation,
      passedOver,
    };
  }

  #push(object: number, size: number): void {
    this.#sizes.push(size);
    this.#seats.push(this.#seatOf[object]);
  }
}

function shared(values: Numbers): SharedNumbers {
  const memory = new SharedArrayBuffer(values.byteLength);
  const copy = values instanceof Int32Array ? new Int32Array(memory) : new Float64Array(memory);
  copy.set(values);
  return copy;
}
