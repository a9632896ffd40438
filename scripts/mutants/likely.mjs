// What is likeliest to find a mutant, by the place it stands in: tried first, so that most die within a second.
// A test file, or a scenario of the explorer by its name.

import { placeInCore } from "./rooms.mjs";

const strays = "frees that become strays, against another's";
const corpse = "second death: death in a reap that frees objects, of a worker that died at rest";
const scattered = "a drain that passes a claimed slab by, against allocations";
const leftovers = "what a worker left behind is brought home by two clean-ups";

const moved = "slot moved to another class and back, against allocate";
const foreign = "another's slot moved while its slab is drained into";
const dueByRuns = "clean-up that frees of page runs make due, against a page run";
const roomy = "free chunk that is said to be a span of pages with room, against its becoming one";

const places = [
  ["allocator/slow-path.js countFreed", ["cleanup.test.ts", `exception: ${dueByRuns}`]],
  ["allocator/slow-path.js buildReusing", ["cut-short.test.ts", "footprint.test.ts"]],
  ["allocator/reclaimer.js settleBetween", ["cut-short.test.ts"]],
  ["allocator/slab-allocator.js deallocateSlow", ["meanwhile.test.ts", "cut-short.test.ts"]],
  ["allocator/slab-allocator.js allocateSlow", ["meanwhile.test.ts", "cut-short.test.ts"]],
  ["allocator/slab-allocator.js reopen", ["memory-kinds.test.ts"]],
  ["core.js takeSlots: drop: words.copyWithin", ["refill.test.ts"]],
  ["core.js forgetSlot", ["cut-short.test.ts"]],
  ["recovery/recover.js freeObject: drop: foldGauge", ["unused-magazines.test.ts"]],
  ["allocator/slow-path.js cleanUpWhenDue", ["decommit.test.ts", "cleanup.test.ts"]],
  ["allocator/slow-path.js cleanUp: ", [`exception: ${leftovers}`, leftovers]],
  ["allocator/reclaimer.js search", ["meanwhile.test.ts"]],
  ["allocator/reclaimer.js reclaim", ["the last slots are what a worker left behind"]],
  ["allocator/slow-path.js dropForeignRounds", ["overlapping-frees.test.ts"]],
  ["core.js wipe", ["overlapping-frees.test.ts"]],
  ["core.js describe", ["overlapping-frees.test.ts"]],
  ["core.js freeStray", ["cut-short.test.ts", `second death: ${strays}`, `exception: ${strays}`]],
  ["core.js turnIntoStray", [corpse]],
  ["core.js meet", ["overlapping-frees.test.ts", "hints.test.ts"]],
  ["core.js releaseIfEmpty", ["clean-up of a slab in use that is said to be empty, against its refill"]],
  ["recovery/recover.js freeObject", [corpse, "reap that frees objects against adopt", "statistics.test.ts"]],
  ["recovery/recover.js settle", ["statistics.test.ts"]],
  ["recovery/recover.js loosen", ["reap against free of the dead worker's objects"]],
  ["recovery/recover.js", ["hints.test.ts", `exception: ${strays}`]],
  [
    "recovery/reaper.js collectLeftovers",
    [leftovers, "what a worker left behind is brought home, against attach to its place"],
  ],
  [
    "recovery/reaper.js",
    ["reap of a reaper against allocate", "second death: reap of a reaper against allocate"],
  ],
  [
    "allocator/slow-path.js ensureSpace",
    ["an exception, then frees", "an exception, then the other call", "statistics.test.ts"],
  ],
  [
    "allocator/slow-path.js ensureRound",
    ["an exception, then allocations", "an exception, then the other call"],
  ],
  [
    "allocator/slow-path.js",
    [
      "hints.test.ts",
      "an exception in a reap, then allocations",
      "an exception in a reap, then a detach",
      "an exception, then a reap",
      `exception: ${leftovers}`,
    ],
  ],
  ["core.js build", ["destroy against attach"]],
  ["core.js repairEmpty", ["clean-up of a free chunk that is said to be an empty slab, against its use"]],
  [
    "arena/clean",
    [
      "spans of two chunks against each other",
      "decommit.test.ts",
      "free chunks to the OS against a span taken",
    ],
  ],
  [
    "arena/decommit",
    [
      "decommit.test.ts",
      "delayed decommit against a span taken",
      "two workers give the same chunks to the OS",
      "runs of chunks to the OS against spans of two chunks",
    ],
  ],
  ["core.js clearUpper", ["clean-up against allocate"]],
  ["core.js heedDestroy", ["meanwhile.test.ts"]],
  ["core.js storeClaim", ["a drain whose only home slab is claimed"]],
  ["arena/", ["hints.test.ts"]],
  ["allocator/slab-allocator.js adopt", ["adopt against free, and against another adopt"]],
  [
    "allocator/slab-allocator.js destroy",
    ["destroy against attach", "after-the-end.test.ts", "decommit.test.ts"],
  ],
  ["allocator/slab-allocator.js", ["after-the-end.test.ts"]],
  [
    "allocator/fast-path.js",
    [
      "cut-short.test.ts",
      "accesses.test.ts",
      "death of worker 1: allocate and hand over, against receive and free",
    ],
  ],
  ...["allocator/", "recovery/", "slab/", "worker/"].map((room) => [room, ["statistics.test.ts"]]),
  [
    "large/reset.js",
    [
      "an exception in a reset, then allocations",
      "an exception in a reap that ends a reset",
      "reset.test.ts",
      "death in a reset, and of its reaper",
    ],
  ],
  [
    "pool/moves.js",
    [
      `death of worker 0: ${moved}`,
      `exception: ${moved}`,
      "pool-calls.test.ts",
      "an exception, then a move",
      `death of worker 0: ${foreign}`,
    ],
  ],
  ["pool/moves.js freeSlot: drop: this.close()", ["moves.test.ts"]],
  ["pool/moves.js freeLarge: drop: this.close()", ["moves.test.ts"]],
  ["pool/moves.js freeSlot", ["a move whose old slot becomes a stray, against another's free"]],
  ["pool/moves.js close", ["moves.test.ts"]],
  ["pool/moves.js finish: drop: this.end()", ["moves.test.ts"]],
  ["pool/moves.js end", ["moves.test.ts"]],
  ["pool/moves.js own", ["another's slot moved while a reap frees what that one had"]],
  ["pages/page-", ["page-hints.test.ts", "page-runs.test.ts"]],
  ["large/large", ["large-spans.test.ts", "page-hints.test.ts"]],
  ["pages/large-record", ["large-spans.test.ts", "page-hints.test.ts"]],
  ["large/large.js adopt", ["adopt of large objects against a reap that frees them"]],
  ["large/large.js repair", ["free-runs.model.test.ts"]],
  [
    "pages/page-runs.js free",
    [
      "free of a page beside a longer free run, against allocate",
      "free of a page run against free of its neighbour",
    ],
  ],
  ["pages/page-spans.js collectPending", ["empty span of pages given back against a page run"]],
  ["pages/page-hints.js repairHint", [roomy]],
  ["pool/memory-pool.js", ["pool-calls.test.ts", "pool.test.ts"]],
  ["pool/memory-pool.js reallocate", ["an exception, then resizes of large objects"]],
  [
    "pool/memory-pool.js detach",
    ["an exception in a move, then a detach", "an exception in a move of a large object, then a detach"],
  ],
  [
    "pool/memory-pool.js deallocateSlow",
    ["pool-calls.test.ts", "an exception, then allocations and frees of large objects"],
  ],
  [
    "pool/memory-pool.js placeLarge",
    ["pool-calls.test.ts", "an exception, then allocations and frees of large objects"],
  ],
  [
    "pool/memory-pool.js reset",
    [
      "an exception in a reset, then allocations",
      "an exception in a reap, then a reset",
      "pool-calls.test.ts",
      "reset.test.ts",
    ],
  ],
  ["pool/memory-pool.js finishReset", ["an exception in a reset, then allocations", "reset.test.ts"]],
  [
    "pool/memory-pool.js open",
    ["an exception in a reset, then allocations", `exception: ${moved}`, "reset.test.ts"],
  ],
  ["pool/region.js", ["pool-calls.test.ts"]],
  ["pool/malloc.js", ["malloc.test.ts"]],
  ["structure/kit.js", ["kit.test.ts", "roots.test.ts"]],
  ["structure/roots.js", ["roots.test.ts", "names: new, against set"]],
  ["ring/", ["ring.test.ts"]],
  ["map/", ["map.test.ts", "cache.test.ts"]],
  ["generations/", ["records.test.ts", "death in the end of a record, which its reaper then ends"]],
  ["records/", ["records.test.ts"]],
];

/** The same for the core's functions, by their file in it. */
const placesInCore = [
  ["arena/", ["free-runs.model.test.ts", "hints.test.ts"]],
  ["arena/spans.ts", ["hints.test.ts", "pool-calls.test.ts", "large-spans.test.ts"]],
  ["arena/clean-chunks.ts", ["decommit.test.ts", "spans of two chunks against each other"]],
  ["slab/", ["overlapping-frees.test.ts", "refill.test.ts", "hints.test.ts"]],
  ["slab/choice.ts", ["homes.test.ts"]],
  ["slab/state-scan.ts", ["state-scan.test.ts"]],
  ["magazine/", ["overlapping-frees.test.ts", "refill.test.ts", "unused-magazines.test.ts", "hints.test.ts"]],
  ["magazine/drain.ts", ["drain.test.ts", scattered]],
  ["magazine/strays.ts", [`exception: ${strays}`]],
  ["magazine/rounds.ts", ["cut-short.test.ts"]],
  ["magazine/gauge.ts", ["statistics.test.ts"]],
  ["worker/", ["malloc.test.ts", "meanwhile.test.ts", "pool-calls.test.ts", "statistics.test.ts"]],
  ["worker/calls.ts", ["malloc-direct.test.ts"]],
  ["worker/settle.ts", ["cut-short.test.ts"]],
  ["worker/slow.ts", ["cut-short.test.ts", "hints.test.ts"]],
  ["worker/moves.ts", ["pool-calls.test.ts", "moves.test.ts"]],
  ["pages/", ["page-hints.test.ts", "kept-runs.test.ts", "page-runs.test.ts"]],
  ["pages/kept.ts", ["kept-runs.test.ts", "a page run kept and taken again, against a search for space"]],
  ["large/kept.ts", ["kept-spans.test.ts", "a span kept and taken again, against a search for space"]],
  ["large/", ["pool-calls.test.ts", "page-hints.test.ts", "large-spans.test.ts"]],
  ["structure/", ["ring.test.ts", "disown.test.ts", "roots.test.ts", "kit.test.ts", "kit-deaths.test.ts"]],
  ["ring/", ["ring.test.ts"]],
  ["ring/give-back.ts", ["death of worker 0: ring: take and done, against receive"]],
  ["map/", ["map.test.ts", "cache.test.ts"]],
  ["map/cache.ts", ["cache.test.ts"]],
  ["map/hands.ts", ["cache.test.ts"]],
  ["map/standing.ts", ["cache.test.ts"]],
  ["map/ways.ts", ["map-recent.test.ts"]],
  [
    "map/resize.ts",
    ["map-shrink.test.ts", "map: a bucket closed by two, the second of which puts an object in its place"],
  ],
];

/** What only schedules tell: that an access is no atomic, or that two stores are swapped. By the room. */
const schedulesOfRoom = {
  arena: [
    "spans of two chunks against each other",
    "the last chunk taken against the first given back",
    "death of worker 0: clean-up against allocate",
  ],
  slab: [
    "refill of a slab against drain into it",
    "death of worker 0: refill of a slab against drain into it",
    "death of worker 0: span given back against span taken for another class",
  ],
  magazine: [
    "death of worker 0: drain against drain",
    "death of worker 0: refill of a slab against drain into it",
    `exception: ${strays}`,
  ],
  worker: [
    "death of worker 0: calls of a module against a remote free and an allocation",
    "exception: calls of a module against a remote free and an allocation",
    `death of worker 0: ${moved}`,
  ],
  pages: [
    "page run against page run for the last pages of a span",
    "death of worker 0: free of a page run against free of its neighbour",
    "death of worker 0: page run against page run for the last pages of a span",
  ],
  large: [
    "large object against large object for the same chunks",
    "death of worker 0: large object made longer and shorter against a slot",
  ],
  structure: [
    "stack: pop of a top that another reads",
    "death of worker 0: names: replaced, against delete",
    "death of worker 0: stack: push, pop",
  ],
};

const named = (list, name) => list.filter(([place]) => name?.startsWith(place));

/** The finders to try first: of the closest place before the others. */
export function likelyFor(name) {
  const inCore = placeInCore(/^core\.js (\w+):/.exec(name)?.[1]);
  const schedules = /: (?:downgrade|swap): /.test(name) ? schedulesOfRoom[inCore?.split("/")[0]] : undefined;
  if (schedules !== undefined) return schedules;
  const found = [...named(placesInCore, inCore), ...named(places, name)]
    .sort(([a], [b]) => b.length - a.length)
    .flatMap(([, finders]) => finders);
  return [...new Set(found)].slice(0, 5);
}
