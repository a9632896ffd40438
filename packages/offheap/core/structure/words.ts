// Words of objects, for structures that the shell writes. An object is written before the exchange that publishes it. Who
// reads one that may have gone out meanwhile, and serve somebody else, looks at the cell again: an atomic load stays before that.

import { atomicLoad32, loadCell, stampLoaded, store32 } from "../target/index.ts";

export function getWord(at: i32): i32 {
  return atomicLoad32(at);
}
export function putWord(at: i32, value: i32): void {
  store32(at, value);
}

/** The value of a cell; its stamp is `stampSeen` then. */
export function seeCell(at: i32): i32 {
  return loadCell(at);
}
export function stampSeen(): i32 {
  return stampLoaded();
}
