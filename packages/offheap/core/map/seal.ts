// A map that is frozen takes no change any more, also of who was about to make one: each cell of the list gets a new stamp.
//
//   who changes the map    looks at a cell; looks whether the map is frozen; exchanges the cell
//   who freezes it         says so; exchanges each cell by itself
//
// So of a cell that was seen before the map was frozen, the exchange fails, or it took place before the cell was sealed. What was put in
// behind a sealed cell was not: entries that are not marked stay, and the walk holds on to nothing but the next one.
//
// Plain loads: none.

import { mostTries } from "../buckets/index.ts";
import { isReady, notAtRest } from "./edit.ts";
import {
  absent,
  aHead,
  anEntry,
  beginFor,
  foundOrder,
  foundValue,
  holdEntry,
  isBlocked,
  isMarked,
  letGoEntry,
  lost,
  meetNext,
  passEntry,
  passHead,
  present,
  sealSeen,
  seenCell,
  seenValue,
  theEnd,
} from "./steps.ts";

/** The highest order whose cell is sealed. */
let sealedUpTo: i32 = 0;

/** Gives all cells of a frozen map new stamps. `notAtRest`: the shell is to look first. */
export function sealMap(map: i32): i32 {
  if (!isReady(map)) return notAtRest;
  sealedUpTo = 0;
  for (let left = mostTries; left > 0; left--) {
    beginFor(map, sealedUpTo);
    if (sealOn(map) === absent) break;
  }
  letGoEntry();
  return present;
}

/** From the cell that was seen to the end: `absent`; `lost` where others have changed it meanwhile. */
function sealOn(map: i32): i32 {
  let met = seenCell === 0 ? absent : present;
  while (met === present) met = sealSeen() ? toNext(map) : lost;
  return met;
}

/** To the next cell that is not marked. */
function toNext(map: i32): i32 {
  let link = seenValue;
  while (true) {
    let met = meetNext(link);
    if (met === aHead) {
      met = passHead(map);
      if (met === aHead && !isBlocked()) return present;
    } else if (met === anEntry && !isMarked()) {
      if (!holdEntry()) return lost;
      sealedUpTo = foundOrder;
      passEntry();
      return present;
    }
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    link = met === aHead ? foundValue : passEntry();
  }
}
