/**
 * Builds a stream operation by operation and keeps its facts: which slots are live, with how many
 * bytes, in which order they were allocated, and where the peak of requested bytes was reached.
 */
import { type Section, type SectionSpan, type Stream, sections } from "./format.ts";

const SMALLEST_REQUEST_BYTES = 4;
const SLOT_LIMIT = 2 ** 25;

class Words {
  private items = new Int32Array(1 << 16);
  length = 0;

  push(word: number): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(this.items.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = word;
  }

  done(): Int32Array {
    return this.items.slice(0, this.length);
  }
}

export class StreamBuilder {
  private readonly words = new Words();
  private readonly sizes: number[] = []; // requested bytes of a live slot, 0 = not live
  private readonly born: number[] = []; // number of the allocation that made it live
  private readonly unused: number[] = [];
  private readonly ends: number[] = [];
  private readonly spans = sections.map(() => ({ ops: 0, allocs: 0 }));
  private current = 0;
  private liveBytes = 0;
  private liveCount = 0;
  private allocCount = 0;
  private peakLiveBytes = 0;
  private peakLiveCount = 0;
  private peakWord = 0;
  private maxRequestBytes = 0;
  private passBytes = 0;
  skippedOps = 0;

  /** Sections come in their order and each begins where the one before ended. */
  begin(section: Section): void {
    const index = sections.indexOf(section);
    if (index < this.current) throw new Error(`section ${section} comes too late`);
    while (this.current < index) this.ends[this.current++] = this.words.length;
  }

  /** Allocates into the slot freed last, else into a new one. */
  allocate(size: number): number {
    const slot = this.unused.pop() ?? this.sizes.length;
    this.allocateInto(slot, size);
    return slot;
  }

  allocateInto(slot: number, requestedBytes: number): void {
    const size = Math.max(SMALLEST_REQUEST_BYTES, requestedBytes);
    this.words.push(slot);
    this.words.push(size);
    this.sizes[slot] = size;
    this.born[slot] = this.allocCount++;
    this.spans[this.current].ops++;
    this.spans[this.current].allocs++;
    if (this.current === 1 || this.current === 2) this.passBytes += size;
    this.maxRequestBytes = Math.max(this.maxRequestBytes, size);
    this.liveBytes += size;
    this.peakLiveCount = Math.max(this.peakLiveCount, ++this.liveCount);
    if (this.liveBytes > this.peakLiveBytes) {
      this.peakLiveBytes = this.liveBytes;
      this.peakWord = this.words.length;
    }
  }

  free(slot: number): void {
    this.freeInPlace(slot);
    this.unused.push(slot);
  }

  /** The slot stays the caller's, who allocates into it again. */
  freeInPlace(slot: number): void {
    if (!this.sizes[slot]) throw new Error(`slot ${slot} is not live`);
    this.words.push(~slot);
    this.spans[this.current].ops++;
    this.liveBytes -= this.sizes[slot];
    this.liveCount--;
    this.sizes[slot] = 0;
  }

  replace(slot: number, size: number): void {
    this.freeInPlace(slot);
    this.allocateInto(slot, size);
  }

  /** Live slots in the order of their allocation. */
  live(): Int32Array {
    const keys = new Float64Array(this.liveCount); // number of the allocation, then slot: sorts natively
    let count = 0;
    for (let slot = 0; slot < this.sizes.length; slot++) {
      if (this.sizes[slot]) keys[count++] = this.born[slot] * SLOT_LIMIT + slot;
    }
    return Int32Array.from(keys.sort(), (key) => key % SLOT_LIMIT);
  }

  freeAll(): void {
    for (const slot of this.live()) this.free(slot);
  }

  finish(extra: Int32Array = new Int32Array(0)): Stream {
    this.begin("closing");
    this.freeAll();
    this.ends[this.current] = this.words.length;
    const span = (index: number): SectionSpan => ({
      from: index === 0 ? 0 : this.ends[index - 1],
      to: this.ends[index],
      ...this.spans[index],
    });
    return {
      ...{ setup: span(0), head: span(1), tail: span(2), closing: span(3) },
      words: this.words.done(),
      extra,
      slotCount: Math.max(1, this.sizes.length),
      peakLiveCount: this.peakLiveCount,
      peakLiveBytes: this.peakLiveBytes,
      peakWord: this.peakWord,
      maxRequestBytes: this.maxRequestBytes,
      passBytes: this.passBytes,
      skippedOps: this.skippedOps,
    };
  }
}
