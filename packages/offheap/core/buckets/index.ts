// Where the entries of a map begin: the order of a key, and the heads of buckets in that order.

// Made.
export { formatFirst, formatMap, formatPiece, freezeMap, mapBytes, pieceBytes } from "./make.ts";

// The order of a key, and of a head.
export { isSameKey, orderOf, turnRound } from "./hash.ts";

// Heads, and the pieces that they stand in.
export {
  bucketOf,
  headStamp,
  headValue,
  isOpen,
  isOpenHead,
  isWithin,
  mostTries,
  parentOf,
  pieceIn,
  pieceMask,
  pieceOfBucket,
  readHead,
  swapCell,
  tableOfBucket,
  tableShift,
  toHead,
} from "./heads.ts";
