// What a scenario sees of the host that it runs on.

export type Library = typeof import("offheap");

/** How a thread loads the library: by a module's specifier, or as a global that a classic script has set. */
export interface Loading {
  readonly specifier?: string;
  /** Names of globals, dotted, which are deleted before the library is loaded: an engine that lacks them. */
  readonly without?: readonly string[];
}

/** One end of a conversation between two threads. */
export interface Port {
  post(message: unknown): void;
  /** The next message, in order. Rejects when the other end fails. */
  next(): Promise<unknown>;
}

export interface HostWorker extends Port {
  /** The host's own `Worker`. */
  readonly native: unknown;
  /** Terminates it at once. Resolves when the host says that it is over; in a browser, when it was told to. */
  terminate(): Promise<void>;
}

/** What a worker does: the worker's half of a scenario. It ends when the promise does. */
export type Job = (library: Library, port: Port, data: unknown) => Promise<void> | void;

export interface Host {
  readonly name: "node" | "bun" | "deno" | "browser";
  readonly library: Library;
  /** Which kind of worker `start` makes. */
  readonly workers: "threads" | "web";
  /** Whether shared memory may be had and posted: everywhere but in a page without cross-origin isolation. */
  readonly isIsolated: boolean;
  /** Starts a worker that does the job of that name; `data` is cloned. */
  start(job: string, data: unknown): Promise<HostWorker>;
}

/** The first message to a worker. */
export interface Start {
  readonly job: string;
  readonly loading: Loading;
  readonly data: unknown;
}

/** Loads the library in the calling thread. */
export async function loadLibrary({ specifier, without = [] }: Loading): Promise<Library> {
  for (const name of without) deleteGlobal(name);
  if (specifier !== undefined) return (await import(specifier)) as Library;
  const { offheap } = globalThis as { offheap?: Library };
  if (offheap === undefined) throw new Error("no script has set the global offheap");
  return offheap;
}

function deleteGlobal(name: string): void {
  const path = name.split(".");
  const last = path.pop() as string;
  const owner = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], globalThis);
  if (!Reflect.deleteProperty(owner as object, last) || last in (owner as object)) {
    // `process` of Deno, `Symbol.dispose`: not configurable, or inherited. Hidden is all that can be had.
    const hidden = Reflect.defineProperty(owner as object, last, { value: undefined });
    if (!hidden) throw new Error(`${name} cannot be taken away on this host`);
  }
}
