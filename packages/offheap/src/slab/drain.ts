// Drain: the oldest rounds of a magazine go home to their slabs, each under a claim held for a moment. What another
// worker holds just now stays in the magazine.
//
//   rounds of the oldest one's slab   in one pass; again for the next, while that sends enough
//   what is scattered over more       in one pass that claims each slab where it is met, and lets all go at the end
//
// Loops over hundreds of rounds, at each full magazine: whole numbers throughout, views and constants in variables. What
// an instruction counts for here is an access to a view, some seven machine instructions each (docs/measurements.md).

import { noChunk } from "../arena/chunk-set.ts";
import { classOf, lengthOf } from "../arena/claim.ts";
import type { ChunkIndex } from "../base/brands.ts";
import { slotsPerLine, wordsPerRound, wordsPerSlabInfo } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { checkedRounds, setRounds, straysOf } from "./counters.ts";
import { slotOfRound } from "./rounds.ts";
import { lineShift, notClaimed, type Slabs } from "./slabs.ts";
import { slotFree } from "./slot-state.ts";
import { countStates, freeStates } from "./state-scan.ts";

/** A pass over the rounds for one slab is followed by another while it sends at least this part of them. */
const passesWorth = 4;
/** Fewer rounds are not looked at before a pass. */
const fewRounds = 16;
/** A line is swept, four slots at a time, where a row of rounds is at least this part of it. */
const lineWorth = 3;
/** Slabs that a worker holds at a time. Rounds of more of them stay for the next drain. */
const mostHeld = 64;
// In `headOf`, in place of the head of a slab that is held. A chunk that no round has led to yet; one whose slab cannot
// be had; one in no slab of the class.
const unmet = -1;
const passed = -2;
const foreign = -3;
// Folded into the loops, as a number imported is not (fast-path.ts).
const free = slotFree;
const shiftOfLine = lineShift;
const slotsOfLine = slotsPerLine;
const shiftOfLineWord = lineShift + 5;
const roundWords = wordsPerRound;
const infoWords = wordsPerSlabInfo;

export class Drainer {
  private readonly slabs: Slabs;
  /** Takes a free back whose round is not the worker's any more. */
  private readonly uncount: (sizeClass: SizeClass, slot: number) => void;
  /** Slabs that are held, and their claims. */
  private readonly heads = new Int32Array(mostHeld);
  private readonly claims = new Int32Array(mostHeld);
  private heldCount = 0;
  /** Chunks that have been met. */
  private readonly met: Int32Array;
  private metCount = 0;
  /** By chunk: the head of its slab, or why not. By head: slots freed. */
  private headOf = new Int32Array(0);
  private freedOf = new Int32Array(0);

  constructor(slabs: Slabs, uncount: (sizeClass: SizeClass, slot: number) => void) {
    this.slabs = slabs;
    this.uncount = uncount;
    this.met = new Int32Array(2 * (Math.max(...slabs.heap.layout.roundCounts) + 1));
  }

  /** Sends the `count` oldest rounds home; returns how many left the magazine. */
  drain(sizeClass: SizeClass, count: number): number {
    const { heap } = this.slabs;
    const rounds = checkedRounds(heap, sizeClass);
    const oldest = Math.min(count, rounds);
    if (oldest === 0) return 0;
    let kept = oldest;
    let sent = oldest;
    while (kept > 0 && sent * passesWorth >= oldest && this.isWorthAPass(sizeClass, kept)) {
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

  /** After an exception in the middle of a drain: what it had noted is forgotten. */
  reset(): void {
    this.headOf.fill(unmet);
    this.freedOf.fill(0);
    this.heldCount = 0;
    this.metCount = 0;
  }

  /** Whether the oldest round's slab has one of three others, too. */
  private isWorthAPass(sizeClass: SizeClass, count: number): boolean {
    if (count < fewRounds) return true;
    const head = this.headOfRound(sizeClass, 0);
    for (let quarter = 1; quarter < 4; quarter++) {
      if (this.headOfRound(sizeClass, (count * quarter) >> 2) === head) return true;
    }
    return false;
  }

  private headOfRound(sizeClass: SizeClass, round: number): ChunkIndex {
    return this.slabs.headOf(slotOfRound(this.slabs.heap, sizeClass, round), sizeClass.index);
  }

  /** Sends home the rounds that share the oldest one's slab; closes the gaps, returns how many are kept. */
  private sendFirst(sizeClass: SizeClass, count: number): number {
    const { slabs } = this;
    const { words, roundStates: states } = slabs.heap;
    const worker = slabs.worker | 0;
    const at = sizeClass.magazineAt | 0;
    const head = slabs.headOf((words[at + 1] as number) - 1, sizeClass.index);
    const claim = head === noChunk ? notClaimed : slabs.claim(head);
    if (claim === notClaimed) return count;
    const first = (slabs.firstSlot(head) + 1) | 0;
    const slots = slabs.slotCount(claim) | 0;
    const linesAt = slabs.linesAt(head) | 0;
    const end = (at + count * roundWords) | 0;
    let freed = 0;
    let keptAt = at;
    for (let roundAt = at; roundAt < end; ) {
      const oldest = words[(roundAt + 1) | 0] as number;
      const index = (oldest - first) | 0;
      if (index < 0 || index >= slots) {
        words[keptAt] = words[roundAt] as number;
        words[(keptAt + 1) | 0] = oldest;
        keptAt = (keptAt + roundWords) | 0;
        roundAt = (roundAt + roundWords) | 0;
      } else {
        // Whatever the order of the frees, the rounds of a line mostly stand in a row.
        const line = index >> shiftOfLine;
        const lineFirst = (first + (line << shiftOfLine)) | 0;
        const lineSlots = Math.min(slotsOfLine, slots - (line << shiftOfLine)) | 0;
        let next = (roundAt + roundWords) | 0;
        while (next < end && ((words[(next + 1) | 0] as number) - lineFirst) >>> 0 < lineSlots)
          next = (next + roundWords) | 0;
        const word = (linesAt + (line >> 5)) | 0;
        words[word] = (words[word] as number) | (1 << line);
        const rounds = ((next - roundAt) / roundWords) | 0;
        if (rounds * lineWorth >= lineSlots && this.sweepLine(sizeClass, lineFirst - 1, lineSlots, rounds)) {
          freed = (freed + rounds) | 0;
          roundAt = next;
        }
        for (; roundAt < next; roundAt = (roundAt + roundWords) | 0) {
          const state = words[(roundAt + 1) | 0] as number;
          if (states[state] === worker) {
            states[state] = free;
            freed = (freed + 1) | 0;
          } else this.uncount(sizeClass, state - 1);
        }
      }
    }
    slabs.settleFree(head, claim, freed);
    slabs.unclaim(head, claim);
    return (keptAt - at) / roundWords;
  }

  /**
   * Frees what this worker has cached in a line of a slab that it holds, if that are as many slots as `rounds` in a row
   * lead to. Else one of these is not ours any more, or there is another besides: false, nothing is done.
   */
  private sweepLine(sizeClass: SizeClass, slot: number, slots: number, rounds: number): boolean {
    const { heap, worker } = this.slabs;
    if (straysOf(heap, sizeClass) !== 0 || countStates(heap, slot, slot + slots, worker) !== rounds)
      return false;
    freeStates(heap, slot, slot + slots, worker);
    return true;
  }

  /** Sends home the first `count` rounds, whatever their slabs; closes the gaps, returns how many are kept. */
  private sendScattered(sizeClass: SizeClass, count: number): number {
    const { words, roundStates: states, layout } = this.slabs.heap;
    const chunkCount = layout.chunkCount | 0;
    if (this.headOf.length === 0) {
      this.headOf = new Int32Array(chunkCount).fill(unmet);
      this.freedOf = new Int32Array(chunkCount);
    }
    const { headOf, freedOf } = this;
    const shift = layout.stateShift | 0;
    const linesAt = this.slabs.linesAt(0 as ChunkIndex) | 0;
    const worker = this.slabs.worker | 0;
    const at = sizeClass.magazineAt | 0;
    const end = (at + count * roundWords) | 0;
    let keptAt = at;
    for (let roundAt = at; roundAt < end; roundAt = (roundAt + roundWords) | 0) {
      const state = words[(roundAt + 1) | 0] as number;
      const slot = (state - 1) | 0;
      const chunk = slot >>> shift;
      let head = chunk < chunkCount ? (headOf[chunk] as number) : foreign;
      if (head === unmet) head = this.meet(sizeClass, chunk as ChunkIndex);
      if (head >= 0 && states[state] === worker) {
        states[state] = free;
        freedOf[head] = ((freedOf[head] as number) + 1) | 0;
        const index = (slot - (head << shift)) | 0;
        const word = (linesAt + head * infoWords + (index >> shiftOfLineWord)) | 0;
        words[word] = (words[word] as number) | (1 << (index >> shiftOfLine));
      } else if (head === passed) {
        words[keptAt] = words[roundAt] as number;
        words[(keptAt + 1) | 0] = state;
        keptAt = (keptAt + roundWords) | 0;
      } else this.uncount(sizeClass, slot);
    }
    this.letGo();
    return (keptAt - at) / roundWords;
  }

  /** A round leads to a chunk for the first time: claims its slab, unless another chunk led there before. */
  private meet(sizeClass: SizeClass, chunk: ChunkIndex): number {
    const { slabs, headOf } = this;
    const head = slabs.headOf(chunk << slabs.heap.layout.stateShift, sizeClass.index);
    if (head < 0) return this.note(chunk, foreign);
    let found = headOf[head] as number;
    if (found === unmet) found = this.note(head, this.hold(sizeClass, head));
    if (head === chunk) return found;
    const isWithin = found !== head || chunk - head < lengthOf(slabs.spans.claimOf(head));
    return this.note(chunk, isWithin ? found : foreign);
  }

  private note(chunk: ChunkIndex, found: number): number {
    this.headOf[chunk] = found;
    this.met[this.metCount++] = chunk;
    return found;
  }

  private hold(sizeClass: SizeClass, head: ChunkIndex): number {
    const claim = this.heldCount < mostHeld ? this.slabs.claim(head) : notClaimed;
    if (claim === notClaimed) return passed;
    if (classOf(claim) !== sizeClass.index) {
      this.slabs.unclaim(head, claim);
      return foreign;
    }
    this.heads[this.heldCount] = head;
    this.claims[this.heldCount++] = claim;
    return head;
  }

  /** Counts what was freed of each slab that is held, and lets it go. */
  private letGo(): void {
    const { slabs, heads, claims, headOf, freedOf, met } = this;
    for (let i = 0; i < this.heldCount; i++) {
      const head = heads[i] as ChunkIndex;
      slabs.settleFree(head, claims[i] as number, freedOf[head] as number);
      freedOf[head] = 0;
      slabs.unclaim(head, claims[i] as number);
    }
    for (let i = 0; i < this.metCount; i++) headOf[met[i] as number] = unmet;
    this.heldCount = 0;
    this.metCount = 0;
  }
}
