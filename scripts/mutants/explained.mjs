// Why a mutant survives, in groups that docs/proof.md describes. A pattern is the beginning of its name.

const groups = [
  {
    group: "loads",
    of: [
      "arena/chunk-set.js clearUpper: downgrade: this.heap.atomics.load",
      "arena/spans.js claimOf: downgrade",
      "arena/spans.js countSpan: downgrade: atomics.load",
      "arena/decommit.js isDue: downgrade: atomics.load",
      "slab/workers.js load: downgrade",
    ],
  },
  {
    group: "unseen order",
    of: [
      "arena/decommit.js giveBackRun: swap",
      "arena/spans.js giveBack: swap: this.countSpan",
      "pool/memory-pool.js finishReset: swap: writeJournal",
      "pool/memory-pool.js reset: swap: this.open()",
      "slab/counters.js prepareTotals: swap",
      "slab/counters.js setWide: swap",
      "slab/drain.js sendFirst: swap: words[keptAt]",
      "slab/drain.js sendScattered: swap",
      "slab/fast-path.js deallocate: swap: words[roundAt] = address",
      "slab/fast-path.js tableOf: swap",
      "slab/magazines.js freeStray: swap",
      "slab/magazines.js turnIntoStray: swap",
      "slab/reaper.js finish: swap",
      "slab/recover.js freeObject: swap",
      "slab/recover.js emptyMagazines: swap",
      "slab/rounds.js clearRound: swap",
      "slab/rounds.js setRound: swap",
      "slab/slab-allocator.js deallocateSlow: swap: words[above] = address",
      "slab/slab-allocator.js detach: swap",
      "slab/slab-allocator.js reopen: swap",
      "slab/slabs.js build: swap: this.describe",
      "slab/slabs.js describe: swap",
      "slab/slabs.js release: swap",
      "slab/slabs.js rebuild: swap",
      "slab/slow-path.js ensureRoom: swap",
      "slab/slow-path.js ensureRound: swap",
      "slab/slow-path.js mend: swap",
      "slab/slow-path.js detach: swap: this.reaper.resume",
      "slab/take-slots.js takeSlots: swap",
    ],
  },
  {
    group: "said twice",
    of: [
      "pool/moves.js move: drop: this.slow.mend()",
      "slab/magazines.js freeStray: drop: words[journalAt] = moving",
      "slab/magazines.js turnIntoStray: drop: this.forgetSlot",
      "slab/recover.js freeObject: drop: writeJournal(heap, worker, journal.moving)",
      "slab/rounds.js clearRound: drop: heap.words[at] = 0",
      "slab/slow-path.js ensureRound: drop: settleTotals",
      "slab/reaper.js takeOver: pretend: this.workers.win",
    ],
  },
  {
    group: "only time",
    of: [
      "arena/spans.js mendFree: skip: this.claimOf(chunk) === claimFree #1",
      "arena/spans.js mendFree: skip: this.claimOf(chunk) === claimFree #2",
      "arena/spans.js borrow: drop: this.free.removeRun",
      "pool/memory-pool.js placeLarge: swap: this.slow.cleanUp(false)",
      "slab/reaper.js collectLeftovers: skip",
      "slab/slabs.js keep: drop: set.remove",
      "slab/slabs.js mendEmpty: skip: isSlab(this.spans.claimOf(head)) #1",
      "slab/slow-path.js cleanUpWhenDue: swap",
      "slab/slow-path.js reclaim: drop: this.releaseEmpty",
      "slab/slow-path.js reclaim: swap",
    ],
  },
  {
    group: "lost hint",
    of: [
      "arena/clean-chunks.js forget: downgrade: atomics.and(words, this.agedAt",
      "arena/clean-chunks.js age: downgrade",
      "arena/decommit.js pass: downgrade",
      "arena/decommit.js isDue: downgrade: atomics.swap",
      "arena/spans.js countSpan: downgrade: atomics.swap",
    ],
  },
];

/** The group that explains a survivor; undefined when none does. */
export function reasonOf(name) {
  return groups.find(({ of }) => of.some((pattern) => name.startsWith(pattern)))?.group;
}
