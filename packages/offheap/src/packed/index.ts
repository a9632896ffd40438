// The entries of a frozen map, back to back (core/packed).

export { endPacking, takePacking } from "./claim.ts";
export { packEntries } from "./pack.ts";
export { walkEntries } from "./walk.ts";
export { endPacked } from "./ending.ts";
