/**
 * What all stores answer. A process opens one of them, so V8 inlines its calls.
 */
export interface Store {
  get(key: string): string | undefined;
  has(key: string): boolean;
  set(key: string, value: string): unknown;
  delete(key: string): unknown;
  /** Sees a value in place; its first byte and one, 0 where there is none. */
  readonly read?: (key: string) => number;
  /** From now on it takes no sets. */
  readonly freeze?: () => unknown;
  readonly getInto?: (key: string, bytes: Uint8Array) => number;
  /** Until what was set is there for others, where that takes a turn of the event loop. */
  readonly committed?: () => Promise<unknown>;
  /** Where entries lie in a file. */
  readonly fileBytes?: () => number;
  /** Whether the next new key drives another out. */
  readonly isFull?: () => boolean;
  /** To be posted to another worker, that opens the same store. */
  readonly place?: unknown;
  close(): unknown;
}

export interface StoreSpec {
  readonly count: number;
  readonly valueBytes: number;
  /** Where processes share a store. */
  readonly folder?: string;
  /** Of a store that another worker has made. */
  readonly place?: unknown;
}
