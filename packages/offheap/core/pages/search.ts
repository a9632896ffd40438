// Where a page run goes: a span whose longest free run is long enough, of the bin where the shortest such are, and
// in it the best fit. All that is read without the span's claim is a hint, looked at again under it.
//
// Plain loads: page info, under the claim.

import { claimOf, lengthOf, setHasAny, setNext, storeClaim, swapClaim, tagOf } from "../arena/index.ts";
import {
  binCount,
  claimWorkerShift,
  infoFreePages,
  infoLongest,
  infoLongestAt,
  infoSecond,
  noChunk,
  noPage,
  tagPages,
  tagPagesHeld,
} from "../layout/index.ts";
import { infoAt, isChunk, worker } from "../places/index.ts";
import { assert, glance32, lessUnsigned, load32, most } from "../target/index.ts";
import { binOf, binSet, repairBins, repairPagesHint } from "./bins.ts";
import { longestAtWithout, longestWithout, scannedAll, scanPages, secondWithout } from "./bits.ts";
import { freeFrom } from "./marks.ts";
import { pagesOf } from "./state.ts";

/** Spans of one bin that an allocation tries before it goes on to the next. */
const spanTries = 8;
/** No claim word of a held span is this. */
export const noClaim = 0;

// What the last claim found: the span, the bin it was in, the page, and its longest free run when the run is taken.
export let foundSpan: i32 = noChunk;
export let foundIn: i32 = 0;
export let foundFrom: i32 = noPage;
export let foundLeft: i32 = 0;
/** Where that begins then, and pages of the second longest; −1: not known. */
export let foundLeftAt: i32 = noPage;
export let foundSecond: i32 = -1;

/** Claims a span with a free run of `pages`, aligned to `align` pages; its claim word, or 0 when none can be had. */
export function claimRun(pages: i32, align: i32): i32 {
  assert(pages > 0 && align > 0);
  for (foundIn = binOf(pages); foundIn < binCount; foundIn++) {
    if (!setHasAny(binSet(foundIn))) continue;
    const claim = claimIn(pages, align);
    if (claim !== noClaim) return claim;
  }
  return noClaim;
}

/** Under the claim: whether a run fits, and where. */
export function fitRun(span: i32, claim: i32, pages: i32, align: i32): bool {
  assert(isChunk(span));
  const info = infoAt(span);
  // Nobody but the holder writes these.
  const longest = load32((info + infoLongest) | 0);
  if (longest === pagesOf(claim)) {
    findInEmpty(span, pages, longest);
    return longest >= pages;
  }
  const at = load32((info + infoLongestAt) | 0);
  const second = load32((info + infoSecond) | 0);
  foundSpan = span;
  // The longest alone serves: no other is looked at. Where it begins is believed if the bits say so, too.
  const isKnown = lessUnsigned(at, pagesOf(claim)) && second >= 0;
  const isAlone = isKnown && align === 1 && second < pages && longest >= pages;
  if (isAlone && freeFrom((info + infoFreePages) | 0, lengthOf(claim), at) === longest) {
    const rest = longest - pages;
    foundFrom = at;
    foundLeft = most(rest, second);
    foundLeftAt = rest >= second ? at + pages : noPage;
    foundSecond = rest >= second ? second : -1;
    return true;
  }
  foundFrom = scanPages(span, lengthOf(claim), pages, align, longest);
  if (foundFrom === noPage) return false;
  foundLeft = longestWithout(pages, longest);
  foundLeftAt = scannedAll() ? longestAtWithout(pages, foundLeft) : at;
  foundSecond = scannedAll() ? secondWithout(pages, foundLeft) : -1;
  return true;
}

/** Takes the first page of a span of which all pages are free. */
function findInEmpty(span: i32, pages: i32, all: i32): void {
  foundSpan = span;
  foundFrom = 0;
  foundLeft = all - pages;
  foundLeftAt = pages;
  foundSecond = 0;
}

/** The same of a span that the caller has just built, which is in no bin. */
export function findInNew(span: i32, pages: i32, all: i32): void {
  findInEmpty(span, pages, all);
  foundIn = binCount;
}

function claimIn(pages: i32, align: i32): i32 {
  const set = binSet(foundIn);
  let span = setNext(set, 0);
  for (let tries = 0; tries < spanTries && span !== noChunk; tries++) {
    const longest = glance32((infoAt(span) + infoLongest) | 0);
    // One that has become too short for its bin is put where it belongs.
    if (longest >= pages || longest >>> foundIn === 0) {
      const seen = claimOf(span);
      const claim = seen | tagPagesHeld | (worker << claimWorkerShift);
      if (tagOf(seen) !== tagPages || !swapClaim(span, seen, claim)) repairPagesHint(set, span);
      else if (longest >= pages && fitRun(span, claim, pages, align)) return claim;
      else {
        repairBins(span, pagesOf(claim));
        storeClaim(span, seen);
      }
    }
    span = setNext(set, span + 1);
  }
  return noClaim;
}
