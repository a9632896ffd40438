// What the processes that share a heap in a file know of each other.

/** What a process of `heap-process.ts` is told, as JSON. */
export interface ProcessOrders {
  /** What `offheap/process` and `offheap/ring` are to an `import`. */
  readonly specifier: string;
  readonly ring: string;
  readonly path: string;
  readonly seed: number;
}

/** An object with a name, which is there before any other process comes. */
export const kept = { name: "kept", bytes: 5000, id: 4711 } as const;
