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

/** A program that runs a file, with the arguments that stand before the file. */
export interface Program {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

/** Heaps in files, as a run is told of them. */
export interface SharedFiles {
  /** What `offheap/process` and `offheap/ring` are to an `import` in `app/`. */
  readonly specifier: string;
  readonly ring: string;
  /** Whether this host can share files, so loaded. */
  readonly areThere: boolean;
  /** Who is to share a heap with this process. */
  readonly programs: readonly Program[];
}

export interface Host {
  readonly name: "node" | "bun" | "deno" | "browser";
  readonly library: Library;
  /** What `offheap/os` is to an `import`. */
  readonly osSpecifier: string;
  /** What is known of heaps in files; undefined where none is to be tried. */
  readonly sharedFiles: SharedFiles | undefined;
  /** Which kind of worker `start` makes. */
  readonly workers: "threads" | "web";
  /** Whether shared memory may be had and posted: everywhere but in a page without cross-origin isolation. */
  readonly isIsolated: boolean;
  /** Whether WebAssembly may be compiled: not under a strict policy of a page, nor without WebAssembly. */
  readonly compiles: boolean;
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
  const [owner, ...keys] = name.split(".") as [string, ...string[]];
  if (keys.length === 0) {
    if (owner in globalThis && !Reflect.deleteProperty(globalThis, owner)) throw new Error(`${owner} stays`);
    return;
  }
  // Well-known symbols cannot be deleted: `Symbol` is replaced by a function that inherits all but those.
  const whole = (globalThis as Record<string, unknown>)[owner] as (...args: unknown[]) => unknown;
  const without = Object.setPrototypeOf((...args: unknown[]) => whole(...args), whole) as object;
  for (const each of keys) Reflect.defineProperty(without, each, { value: undefined });
  Reflect.defineProperty(globalThis, owner, { value: without, writable: true, configurable: true });
}

/** Whether this host compiles the smallest module. */
export function compiles(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) !== undefined;
  } catch {
    return false;
  }
}
