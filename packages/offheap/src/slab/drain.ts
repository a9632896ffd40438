// Drain: the oldest rounds of a magazine go home to their slabs, each under a claim held for a moment. What another
// worker holds just now stays in the magazine.
//
//   rounds of the oldest one's slab   in one pass; again for the next, while that sends enough
//   what is scattered over more       chained up by slab first, then sent slab by slab
//
// Loops over hundreds of rounds, at each full magazine: whole numbers throughout, views and constants in variables.

import { noChunk } from "../arena/chunk-set.ts";
import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { ChunkIndex } from "../base/brands.ts";
import { wordsPerRound } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { checkedRounds, setRounds } from "./counters.ts";
import { lineShift, notClaimed, type Slabs } from "./slabs.ts";
import { slotFree } from "./slot-state.ts";

/** A pass over the rounds for one slab is followed by another while it sends at least this part of them. */
const passesWorth = 4;
// Marks of a round in `chain`: the last of its slab's chain; no longer in the magazine.
const unlinked = -1;
const moved = -2;
// Folded into the loops, as a number imported is not (fast-path.ts).
const free = slotFree;
const shiftOfLine = lineShift;
const shiftOfLineWord = lineShift + 5;
const roundWords = wordsPerRound;
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;

export class Drainer {
  private readonly slabs: Slabs;
  /** Takes a free back whose round is not the worker's any more. */
  private readonly uncount: (sizeClass: SizeClass, slot: number) => void;
  /** Rounds of one slab are chained through `chain`; the chains begin in `chainOf`, by chunk. */
  private readonly chain: Int16Array;
  private readonly heads: Int32Array;
  private chainOf = new Int16Array(0);

  constructor(slabs: Slabs, uncount: (sizeClass: SizeClass, slot: number) => void) {
    this.slabs = slabs;
    this.uncount = uncount;
    const most = Math.max(...slabs.heap.layout.roundCounts) + 1;
    this.chain = new Int16Array(most);
    this.heads = new Int32Array(most);
  }

  /** Sends the `count` oldest rounds home; returns how many left the magazine. */
  drain(sizeClass: SizeClass, count: number): number {
    const { heap } = this.slabs;
    const rounds = checkedRounds(heap, sizeClass);
    const oldest = Math.min(count, rounds);
    if (oldest === 0) return 0;
    let kept = oldest;
    let sent = oldest;
    while (kept > 0 && sent * passesWorth >= oldest) {
      sent = kept - this.sendFirst(sizeClass, kept);
      kept -= sent;
    }
    if (kept * 2 > oldest) kept = this.sendScattered(sizeClass, kept);
    const gone = oldest - kept;
    const at = sizeClass.magazineAt;
    if (gone > 0)
      heap.words.copyWithin(at + kept * roundWords, at + oldest * roundWords, at + rounds * roundWords);
    setRounds(heap, sizeClass, rounds - gone);
    return gone;
  }

  /** After an exception in the middle of a drain: what it had chained up is forgotten. */
  reset(): void {
    this.chainOf.fill(unlinked);
  }

  /** Sends home the rounds that share the oldest one's slab; closes the gaps, returns how many are kept. */
  private sendFirst(sizeClass: SizeClass, count: number): number {
    const { slabs } = this;
    const { words, roundStates: states } = slabs.heap;
    const at = sizeClass.magazineAt | 0;
    const head = slabs.headOf((words[at + 1] as number) - 1, sizeClass.index);
    const claim = head === noChunk ? notClaimed : slabs.claim(head);
    if (claim === notClaimed) return count;
    const first = (slabs.firstSlot(head) + 1) | 0;
    const slots = slabs.slotCount(claim) | 0;
    const worker = slabs.worker | 0;
    const linesAt = slabs.linesAt(head) | 0;
    const end = (at + count * roundWords) | 0;
    let freed = 0;
    let line = -1;
    let keptAt = at;
    for (let roundAt = at; roundAt < end; roundAt = (roundAt + roundWords) | 0) {
      const state = words[(roundAt + 1) | 0] as number;
      const index = (state - first) | 0;
      if (index < 0 || index >= slots) {
        words[keptAt] = words[roundAt] as number;
        words[(keptAt + 1) | 0] = state;
        keptAt = (keptAt + roundWords) | 0;
      } else if (states[state] === worker) {
        states[state] = free;
        freed = (freed + 1) | 0;
        // In whatever order, a line is nearly always the last one's, or nearly never: a branch that is foreseen.
        if (index >> shiftOfLine !== line) {
          line = index >> shiftOfLine;
          const word = (linesAt + (index >> shiftOfLineWord)) | 0;
          words[word] = (words[word] as number) | (1 << line);
        }
      } else this.uncount(sizeClass, state - 1);
    }
    slabs.settleFree(head, claim, freed);
    slabs.unclaim(head, claim);
    return (keptAt - at) / roundWords;
  }

  /** Sends home the first `count` rounds, slab by slab; closes the gaps, returns how many are kept. */
  private sendScattered(sizeClass: SizeClass, count: number): number {
    const { words } = this.slabs.heap;
    const headCount = this.chainUp(sizeClass, count);
    for (let i = 0; i < headCount; i++) this.sendHome(sizeClass, this.heads[i] as ChunkIndex);
    const { chain } = this;
    const at = sizeClass.magazineAt | 0;
    let keptAt = at;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      if (chain[i] === moved) continue;
      const roundAt = (at + i * roundWords) | 0;
      words[keptAt] = words[roundAt] as number;
      words[(keptAt + 1) | 0] = words[(roundAt + 1) | 0] as number;
      keptAt = (keptAt + roundWords) | 0;
    }
    return (keptAt - at) / roundWords;
  }

  /** Chains the oldest rounds by the slab they belong to; returns the number of slabs, in `heads`. */
  private chainUp(sizeClass: SizeClass, count: number): number {
    const { chain, heads } = this;
    const { words, layout } = this.slabs.heap;
    if (this.chainOf.length === 0) this.chainOf = new Int16Array(layout.chunkCount).fill(unlinked);
    const { chainOf } = this;
    const index = sizeClass.index | 0;
    const mapAt = layout.mapAt | 0;
    const shift = layout.stateShift | 0;
    const at = (sizeClass.magazineAt + 1) | 0;
    let headCount = 0;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const slot = ((words[(at + i * roundWords) | 0] as number) - 1) | 0;
      const chunk = slot >>> shift;
      const entry = chunk < layout.chunkCount ? (words[(mapAt + chunk) | 0] as number) : 0;
      const head = (chunk - (entry >>> distanceShift)) | 0;
      if ((entry & classMask) !== index || head < 0) {
        this.uncount(sizeClass, slot);
        chain[i] = moved;
        continue;
      }
      const last = chainOf[head] as number;
      if (last === unlinked) {
        heads[headCount] = head;
        headCount = (headCount + 1) | 0;
      }
      chain[i] = last;
      chainOf[head] = i;
    }
    return headCount;
  }

  /** Frees the chained rounds of one slab under its claim; marks them moved. */
  private sendHome(sizeClass: SizeClass, head: ChunkIndex): void {
    const { slabs, chain } = this;
    const { words, roundStates: states } = slabs.heap;
    let round = this.chainOf[head] as number;
    this.chainOf[head] = unlinked;
    const claim = slabs.claim(head);
    if (claim === notClaimed) return;
    const first = (slabs.firstSlot(head) + 1) | 0;
    const linesAt = slabs.linesAt(head) | 0;
    const worker = slabs.worker | 0;
    const at = (sizeClass.magazineAt + 1) | 0;
    let freed = 0;
    while (round !== unlinked) {
      const state = words[(at + round * roundWords) | 0] as number;
      const next = chain[round] as number;
      chain[round] = moved;
      if (states[state] === worker) {
        states[state] = free;
        const index = (state - first) | 0;
        const word = (linesAt + (index >> shiftOfLineWord)) | 0;
        words[word] = (words[word] as number) | (1 << (index >> shiftOfLine));
        freed = (freed + 1) | 0;
      } else this.uncount(sizeClass, state - 1);
      round = next;
    }
    slabs.settleFree(head, claim, freed);
    slabs.unclaim(head, claim);
  }
}
