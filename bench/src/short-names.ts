/** What `--only` takes beside ids of parts: names for several of them. */

interface ShortName {
  readonly parts: readonly string[];
  /** Who takes part unless `--peers` says; absent: all. */
  readonly peers?: readonly string[];
}

/** One loop of each kind and size that ends within minutes, and no peer that no goal is measured against. */
const goals: ShortName = {
  parts: [
    ...["pair", "batch/1000", "batch/65536", "replace/256", "replace/4096", "replace/65536"],
    ...["replay", "heaps/replay", "large", "threads/xmalloc", "threads/larson", "threads/churn"],
    ...["wasm/pair", "wasm/replace", "wasm/replay", "space/replay"],
  ],
  peers: [
    ...["offheap", "offheap-fine", "offheap-pool", "bare", "glibc", "mimalloc", "jemalloc", "gperftools"],
    ...["c-offheap", "as-offheap", "c-dlmalloc"],
  ],
};

export const shortNames: Readonly<Record<string, ShortName>> = {
  claims: { parts: ["pair/", "replace/4096/64", "replace/65536/mixed", "space/replace/65536/mixed"] },
  goals,
};

/** The parts that a filter names. */
export function partsNamed(only: readonly string[]): string[] {
  return only.flatMap((part) => shortNames[part]?.parts ?? [part]);
}

/** Empty where all take part. */
export function peersNamed(only: readonly string[]): readonly string[] {
  const sets = only.map((part) => shortNames[part]?.peers);
  return sets.every((peers) => peers !== undefined) ? [...new Set(sets.flat())] : [];
}
