// Entries of a frozen map, packed: found, written.

export { findPacked, packEntry, packedBytes, packedOf, wordOfBucket } from "./find.ts";
