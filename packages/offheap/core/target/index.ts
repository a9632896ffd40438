// The verbs through which the core reaches its memory, and arithmetic of 32 bits. Each file exists once for each target.

// Loads, stores, atomics, copies.
export {
  load32,
  store32,
  load8,
  store8,
  loadQuad,
  storeQuad,
  glance32,
  constant32,
  constant8,
  atomicLoad32,
  atomicStore32,
  compareExchange32,
  compareExchange8,
  or32,
  and32,
  add32,
  loadCell,
  stampLoaded,
  exchangeCell,
  wake,
  moveDown,
  copyBytes,
  clearBytes,
  mallocSlow,
  freeSlow,
  callocSlow,
  reallocSlow,
  alignedSlow,
  cleanUpSlow,
  bindOwn,
  ownLoad32,
  ownStore32,
  ownLoad8,
  ownStore8,
} from "./access.ts";

// What must hold at the entry of a call, in test builds.
export { assert } from "./assert.ts";

// What means the same on both targets.
export {
  multiply,
  divide,
  lessUnsigned,
  rotateRight,
  leadingZeros,
  trailingZeros,
  least,
  most,
} from "./arithmetic.ts";
