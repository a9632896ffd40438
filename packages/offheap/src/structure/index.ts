// What structures are built with, and the names that they are found by.

// Fresh objects, exchanges, objects that end when nobody reads them.
export { Kit, type KitHost, kitOf } from "./kit.ts";

// Names.
export type { NamedStructure, StructureHandle } from "./names.ts";
export { Roots } from "./roots.ts";
