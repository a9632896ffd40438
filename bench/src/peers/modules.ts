/** Modules that run the stream inside: every call of the allocator is made from WebAssembly. */
import { readFileSync } from "node:fs";
import { MemoryPool, SizeClasses } from "offheap";
import { HEAP_AT, type ModuleId, modulePath, modulePeers } from "../native/modules.ts";
import type { Stream } from "../stream/format.ts";
import { capacityFor } from "./offheap.ts";
import type { JsPeer, Runner } from "./peer.ts";

interface StreamExports {
  readonly run: (words: number, from: number, to: number, table: number) => number;
  readonly reserve: (bytes: number) => number;
  /** The C modules have it. */
  readonly churn?: (seed: number, steps: number) => bigint;
  readonly memory?: WebAssembly.Memory;
  readonly _initialize?: () => void;
}

const PAGE_BYTES = 65_536;

/** The memory that a module imports and, for those over a pool, the calls it imports with it. */
function imports(id: ModuleId, stream: Stream): { memory: WebAssembly.Memory; calls: object } {
  if (!id.endsWith("-offheap")) {
    return { memory: new WebAssembly.Memory({ initial: 1, maximum: 32_000 }), calls: {} };
  }
  const capacity = Math.min(capacityFor(stream, 0) + stream.words.byteLength * 2, 2 ** 32 - HEAP_AT);
  const pages = Math.ceil((HEAP_AT + capacity) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: PAGE_BYTES, shared: true });
  const pool = new MemoryPool({ memory, offset: HEAP_AT, sizeClasses: SizeClasses.malloc });
  return { memory, calls: pool.asMalloc({ direct: true }) };
}

async function open(id: ModuleId, stream: Stream): Promise<Runner> {
  const { memory: given, calls } = imports(id, stream);
  const abort = (): never => {
    throw new Error(`${id} aborted`);
  };
  const module = await WebAssembly.compile(readFileSync(modulePath(id)));
  const instance = await WebAssembly.instantiate(module, { env: { memory: given, abort, ...calls } });
  const { run, reserve, churn, _initialize, memory } = instance.exports as unknown as StreamExports;
  _initialize?.();
  const { words, slotCount } = stream;
  const wordsAt = reserve(words.byteLength) >>> 0;
  const tableAt = reserve(slotCount * 4) >>> 0;
  if (wordsAt === 0 || tableAt === 0) throw new Error("no memory for the stream");
  const bytes = (memory ?? given).buffer;
  new Int32Array(bytes, wordsAt, words.length).set(words);
  new Int32Array(bytes, tableAt, slotCount).fill(1); // touched before anything is timed
  const onlyTimed = (): never => {
    throw new Error(`${id} is timed only`);
  };
  return {
    ownMemory: true,
    run: (from, to) => run(wordsAt, from, to, tableAt),
    fill: onlyTimed,
    walker: onlyTimed,
    ...(churn ? { program: (seed: number, steps: number) => void churn(seed, steps) } : {}),
  };
}

export const modulePeer = (id: ModuleId): JsPeer => ({
  ...{ id, title: modulePeers[id] },
  refuses: (_stream, mode) => (mode === "program" && id.startsWith("as-") ? "is a program in C" : undefined),
  open: (stream) => open(id, stream),
});
