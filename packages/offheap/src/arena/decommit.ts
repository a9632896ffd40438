// Free chunks go back to the OS: those that have been free for a while, some at a time, or all at once. A run of
// at most 32 chunks is held as a span being built while its pages go, so nobody can take it meanwhile; a kill
// leaves such a span to the reaper, and what the OS had not been told yet to the next pass.
//
//   candidate = free and not clean        delayed: a candidate at the last pass already, not taken since

import { chunksPerHugePage } from "../../core/layout/index.ts";
import { type ChunkIndex, clamp, type Os, trailingZeros, type WorkerPlace } from "../base/index.ts";
import { chunkBytes, header } from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";
import { noChunk } from "./chunk-set.ts";
import type { Spans } from "./spans.ts";

/** Between two passes; a chunk is free for one to two of these before its pages go. */
const restMs = 500;
/** A pass that had to stop goes on after this. */
const pauseMs = 50;
/** Chunks that one pass gives back at most: 16 MiB, under 2 ms of the caller's time. */
const passChunks = 256;
const wholeWord = -1;
/** Chunks held at a time: few where the heap is small, so that others find something meanwhile. */
const mostHeld = chunksPerHugePage;
const heldFraction = 8;

export class Decommitter {
  private readonly heap: Heap;
  private readonly spans: Spans;
  private readonly worker: WorkerPlace;
  private readonly most: number;

  constructor(spans: Spans, heap: Heap, worker: WorkerPlace) {
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
    this.most = clamp(Math.floor(heap.layout.chunkCount / heldFraction), 1, mostHeld);
  }

  /** Gives back what has been free for a while, if a pass is due; returns bytes. */
  pass(): number {
    const os = this.usable();
    if (os === undefined || !this.isDue(os)) return 0;
    const { free, clean } = this.spans;
    const isHuge = this.heap.layout.hugePad > 0;
    let chunks = 0;
    let bytes = 0;
    for (let word = 0; word < free.wordCount(); word++) {
      const candidates = free.wordAt(word) & ~clean.wordAt(word);
      const aged = candidates & clean.agedAtWord(word);
      if (aged === 0) continue;
      // A huge page is given back whole or not at all: in parts it would be split up for good.
      if (isHuge && (aged | (free.wordAt(word) & clean.wordAt(word))) !== wholeWord) continue;
      if (chunks >= passChunks) {
        this.heap.atomics.store(this.heap.words, header.decommitDue, (os.now() + pauseMs) | 0);
        return bytes;
      }
      chunks += chunksPerHugePage;
      bytes += this.giveBackWord(os, word, aged);
    }
    for (let word = 0; word < free.wordCount(); word++)
      clean.age(word, free.wordAt(word) & ~clean.wordAt(word));
    return bytes;
  }

  /** Gives every free chunk back at once; returns bytes. */
  all(): number {
    const os = this.usable();
    if (os === undefined) return 0;
    const { free, clean } = this.spans;
    let bytes = 0;
    for (let word = 0; word < free.wordCount(); word++) {
      const candidates = free.wordAt(word) & ~clean.wordAt(word);
      if (candidates !== 0) bytes += this.giveBackWord(os, word, candidates);
    }
    return bytes;
  }

  private usable(): Os | undefined {
    const { os } = this.heap;
    return os?.decommit.available === true ? os : undefined;
  }

  /** One worker wins a pass. A time that lies further ahead than any pass sets is from before a long rest. */
  private isDue(os: Os): boolean {
    const { words, atomics } = this.heap;
    const now = os.now() | 0;
    const due = atomics.load(words, header.decommitDue);
    const wait = (due - now) | 0;
    if (wait > 0 && wait <= restMs) return false;
    return atomics.swap(words, header.decommitDue, due, (now + restMs) | 0);
  }

  /** Gives back the runs among 32 chunks; one that is taken meanwhile is left out. */
  private giveBackWord(os: Os, word: number, candidates: number): number {
    let bytes = 0;
    let left = candidates;
    while (left !== 0) {
      const first = trailingZeros(left);
      const length = Math.min(trailingZeros(~(left >>> first)), this.most);
      const head = ((word << 5) + first) as ChunkIndex;
      const clash = this.spans.borrow(this.worker, head, length);
      if (clash === noChunk) {
        bytes += this.giveBackRun(os, head, length);
        this.spans.putBack(head, length);
        left &= ~((length === 32 ? wholeWord : (1 << length) - 1) << first);
      } else left &= ~(1 << (clash & 31));
    }
    return bytes;
  }

  /** Of a run that this worker holds. Nobody reads its state bytes as they stand: their pages go, too. */
  private giveBackRun(os: Os, head: ChunkIndex, length: number): number {
    const { source, dataAt, layout, offset } = this.heap;
    const { clean } = this.spans;
    // Another worker may have given it back since the hints were read.
    let dirty = 0;
    for (let i = 0; i < length; i++) if (!clean.has(head + i)) dirty++;
    if (dirty === 0) return 0;
    const buffer = bufferOf(source);
    const at = dataAt + head * chunkBytes;
    const resident = os.residency.available ? os.residentBytes(buffer, at, length * chunkBytes) : -1;
    if (!os.decommitRange(buffer, at, length * chunkBytes)) return 0;
    const statesAt = offset + layout.statesAt + head * 2 ** layout.stateShift;
    os.decommitRange(buffer, statesAt, length * 2 ** layout.stateShift);
    clean.add(head, length);
    return resident < 0 ? dirty * chunkBytes : resident;
  }
}
