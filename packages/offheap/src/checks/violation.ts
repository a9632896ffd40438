// What check() finds.

/** A broken invariant: which one, where, and what stood there. */
export interface Violation {
  readonly invariant:
    | "header"
    | "claim"
    | "map"
    | "state"
    | "slab-info"
    | "chunk-set"
    | "clean"
    | "magazine"
    | "counter"
    | "worker"
    | "journal"
    | "generation"
    | "structure";
  readonly message: string;
}

export type Report = (invariant: Violation["invariant"], message: string) => void;
