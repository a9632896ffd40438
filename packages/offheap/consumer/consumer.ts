// A program of somebody else: it uses every public name, and compiles with nothing but the language's own
// library. scripts/check-consumer.mjs compiles it against the packed declarations, and runs it.

import {
  type Address,
  type AllocateOptions,
  AllocatorError,
  type ErrorCode,
  type HeapHandle,
  type HeapOptions,
  type LargeStats,
  type MallocImports,
  type MallocOptions,
  type MemoryKind,
  MemoryPool,
  type MemorySource,
  type MemoryViews,
  type NamedStructure,
  type Os,
  type OsAbility,
  type PoolRegion,
  type PoolStats,
  type ReapReport,
  type Residency,
  type Roots,
  SizeClasses,
  type SizeClassStats,
  SlabAllocator,
  type SlabStats,
  type StructureHandle,
  type TrackedWorker,
  type Violation,
  type WasmMemory,
  type WorkerId,
  type WorkerStats,
} from "offheap";
import {
  type AnyValues,
  type CacheHandle,
  type CacheOptions,
  type CacheStats,
  type GetOrSetOptions,
  type SetOptions,
  SharedCache,
} from "offheap/cache";
import {
  type KeyvCapabilities,
  type KeyvEntry,
  KeyvOffheap,
  type KeyvOptions,
  type TextCache,
} from "offheap/keyv";
import {
  type AnyCodec,
  type Codec,
  type KeyName,
  type KeyOf,
  type KeyTypes,
  type MapHandle,
  type MapOptions,
  SharedMap,
  type ValueName,
  type ValueOf,
  type ValueTypes,
} from "offheap/map";
import { type OsAbility as AbilityOfEntry, loadOs, type Os as OsOfEntry } from "offheap/os";
import {
  closeHeap,
  type FileEnd,
  fileOf,
  type HeapFile,
  handleIn,
  heapOffset,
  leaveHeap,
  type OpenHeapOptions,
  type OpenMemoryOptions,
  openHeap,
  openMemory,
  type ProcessStats,
  removeHeap,
} from "offheap/process";
import {
  type AtomicNumber,
  array,
  atomic,
  bool,
  bytes,
  type Column,
  type Elements,
  type FieldType,
  type FieldView,
  f32,
  f64,
  type Init,
  type IntegerType,
  i8,
  i16,
  i32,
  i64,
  type OwnedRecord,
  type RecordHandle,
  type RecordSpan,
  Records,
  type RecordsHandle,
  ref,
  type Struct,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf8,
  type Values,
} from "offheap/records";
import {
  type Message,
  type Outgoing,
  Ring,
  type RingHandle,
  type RingOptions,
  type WaitOptions,
} from "offheap/ring";

const options: HeapOptions = {
  capacity: 16 * 2 ** 20,
  memory: "shared",
  offset: 0,
  sizeClasses: SizeClasses.fine,
  maxWorkers: 4,
  cleanupInterval: 100,
};

export function live(heap: SlabAllocator): number {
  const stats: SlabStats = heap.stats();
  const kind: MemoryKind = stats.memory;
  const classes: readonly SizeClassStats[] = stats.sizeClasses;
  const workers: readonly WorkerStats[] = stats.workers;
  for (const { objectSize, objectsPerSlab, totalSlabs, totalObjects, allocated, cached, free } of classes) {
    const counts: number[] = [objectSize, objectsPerSlab, totalSlabs, totalObjects, allocated, cached, free];
    if (counts.some((count) => count < 0)) throw new Error("a negative count");
  }
  const here = classes.reduce((sum, { allocs, deallocs }) => sum + allocs - deallocs, 0);
  if (here !== stats.liveObjects) throw new Error("numbers disagree");
  const ours = workers.map(({ workerId, allocs, deallocs, cached }) => [workerId, allocs, deallocs, cached]);
  const threads: readonly (number | undefined)[] = workers.map(({ threadId }) => threadId);
  const bytes: number[] = [
    stats.capacity,
    stats.spanBytes,
    stats.peakSpanBytes,
    stats.bookBytes,
    stats.liveBytes,
  ];
  if (kind === "ArrayBuffer") throw new Error("a heap that nobody can join");
  if (ours.length === 0 || threads.length !== ours.length || bytes.some((count) => count < 0))
    throw new Error("no numbers");
  return stats.allocs - stats.deallocs;
}

export function codeOf(call: () => unknown): ErrorCode | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof AllocatorError) return error.code;
    // An error that was posted is none any more, but was one.
    const posted: AllocatorError | undefined = AllocatorError.from(error);
    if (posted !== undefined) return posted.code;
    throw error;
  }
  return undefined;
}

/** Somebody's code that takes memories and views as values. */
export function bytesOf(source: MemorySource): number {
  const wasm = (source as Partial<WasmMemory>).buffer;
  return wasm === undefined ? (source as ArrayBufferLike).byteLength : wasm.byteLength;
}

export function follow(heap: SlabAllocator, worker: TrackedWorker | number): WorkerId {
  heap.track(worker);
  return heap.workerId;
}

/** All views and calls of one worker; returns how many objects it left behind. */
export function use(heap: SlabAllocator): number {
  const views: MemoryViews = heap;
  const address: Address = heap.allocate(100);
  const plain: number = address;
  views.u8[plain] = 255;
  heap.i8[address] = -1;
  heap.u16[address / 2] = 1;
  heap.i16[address / 2] = -1;
  heap.u32[address / 4] = 1;
  heap.i32[address / 4] = -1;
  heap.f32[address / 4] = 0.5;
  heap.f64[address / 8] = 0.5;
  heap.u64[address / 8] = 1n;
  heap.i64[address / 8] = -1n;
  heap.view.setUint16(address, 1, true);
  heap.adopt(address);
  if (heap.sizeOf(address) < 100) throw new Error("too small");
  const bytes: Uint8Array = new Uint8Array([1, 2, 3]);
  heap.copyIn(address, bytes);
  if (heap.copyOut(address, 3)[2] !== 3) throw new Error("other bytes");
  const written: number = heap.writeText(address + 3, "some text", 8) + heap.writeText(address, "");
  const text: string = heap.readText(address + 3, written);
  if (text !== "some tex") throw new Error("another text");
  heap.deallocate(address, 100);
  heap.deallocate(heap.allocate(8));
  const { slabs, decommittedBytes }: { slabs: number; decommittedBytes: number } = heap.cleanup({
    all: true,
  });
  heap.cleanup();
  const violations: readonly Violation[] = heap.check();
  if (violations.length > 0 || slabs < 0 || decommittedBytes < 0) throw new Error("the heap is damaged");
  return live(heap);
}

/** A heap with all that the operating system offers here, which may be nothing. */
export function withOs(): number {
  const os: Os = loadOs();
  const same: OsOfEntry = os;
  const abilities: readonly (OsAbility & AbilityOfEntry)[] = [os.hugePages, os.decommit, same.residency];
  if (abilities.some(({ reason }) => reason === "")) throw new Error("no reason is given");
  const heap = new SlabAllocator({ capacity: 2 ** 24, os, hugePages: os.hugePages.available });
  const joined = SlabAllocator.attach(heap.handle, { os });
  joined.deallocate(joined.allocate(64));
  joined.detach();
  const { decommittedBytes } = heap.cleanup({ all: true });
  const resident: Residency | undefined = os.residency.available ? heap.residency() : undefined;
  heap.destroy();
  return decommittedBytes + (resident?.total ?? 0);
}

/** A pool, its regions, and its malloc, as a module would call it. */
export function usePool(pool: MemoryPool): number {
  const options: AllocateOptions = { align: 64, zeroed: true };
  pool.deallocate(pool.reallocate(pool.allocate(20_000, options), 40_000));
  const region: PoolRegion = pool.region();
  region.allocate(100);
  region.end();
  pool.region()[Symbol.dispose]();
  const direct: MallocOptions = { direct: true };
  pool.asMalloc(direct).free(0);
  const { malloc, free, calloc, realloc, reallocarray, ...aligned }: MallocImports = pool.asMalloc();
  const { aligned_alloc, memalign, posix_memalign, malloc_usable_size } = aligned;
  const [cell, array] = [calloc(2, 8), reallocarray(realloc(malloc(10), 20), 4, 10)];
  if (posix_memalign(cell, 64, malloc_usable_size(array)) !== 0) throw new Error("no memory");
  for (const address of [pool.u32[cell / 4] ?? 0, cell, array, aligned_alloc(32, 64), memalign(8, 8), 0])
    free(address);
  const { large }: PoolStats = pool.stats();
  const { allocs, deallocs, objects, bytes, pageSpans, freeBytes }: LargeStats = large;
  if (allocs !== deallocs || bytes > 0 || pageSpans < 0 || freeBytes < 0) throw new Error("numbers disagree");
  return objects;
}

const Point = struct({ x: f32, y: f32 });
const Connection = struct({
  id: u32,
  bytesIn: f64,
  state: u8.wrap,
  isOpen: bool,
  peer: ref(() => Connection),
  name: utf8(24, { cut: true }),
  raw: bytes(4),
  tags: array(u16, 8),
  seen: atomic(u64),
  at: Point,
  path: array(Point, 2),
  signed: struct({ a: i8, b: i16, c: i32, d: i64 }, { packed: true }),
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Row = FieldView<(typeof Connection)["fields"]>;
type Plain = Values<(typeof Connection)["fields"]>;
/** Each compiles only while a field has the type that it should have. */
const inferred: true[] = [
  true satisfies Same<Row["id"], number>,
  true satisfies Same<Row["isOpen"], boolean>,
  true satisfies Same<Row["name"], string>,
  true satisfies Same<Row["raw"], Uint8Array>,
  true satisfies Same<Row["tags"], Elements<number, number>>,
  true satisfies Same<Row["seen"], AtomicNumber<bigint>>,
  true satisfies Same<Row["at"]["x"], number>,
  true satisfies Same<Plain["signed"]["d"], bigint>,
  true satisfies Same<Plain["tags"], readonly number[]>,
  true satisfies Same<Parameters<(typeof Connection)["get"]>[2], keyof Row>,
  true satisfies Same<(typeof Connection)["offsets"]["id"], number>,
];

/** Whether a record of each kind of field comes back as it was set. */
export function useRecords(heap: SlabAllocator | MemoryPool): number {
  const init: Init<(typeof Connection)["fields"]> = { id: 7, name: "λ", at: { x: 1 }, tags: [1, 2] };
  const type: Struct<(typeof Connection)["fields"]> = Connection;
  const connections = new Records(heap, type);
  const posted: RecordsHandle = connections.handle;
  const there = Records.attach(heap, posted, Connection);
  const handle: RecordHandle = connections.create(init);
  const row: Row = there.at(handle);
  row.bytesIn += 10;
  row.peer = handle;
  row.tags.set(2, row.tags.get(0));
  row.seen.add(1n);
  row.path.get(1).y = 0.5;
  row.signed.d = -1n;
  const wrong: readonly (() => unknown)[] = [
    () => {
      // @ts-expect-error a text is no number
      row.id = "7";
    },
    () => {
      // @ts-expect-error an array is not assigned
      row.tags = [];
    },
    // @ts-expect-error there is no such field
    () => connections.create({ ids: 1 }),
  ];
  if (wrong.some((call) => codeOf(call) !== "ERR_INVALID_OPTION")) throw new Error("a wrong value was taken");
  const address: Address = connections.at(handle).address;
  const text: string = Connection.get(heap, address, "name");
  Connection.set(heap, address, "id", Connection.get(heap, address, "id") + 1);
  const integer: IntegerType<number> = u32;
  const field: FieldType = integer;
  const spans: RecordSpan<keyof Row>[] = [...connections.spans()];
  const columns: Column<Float64Array>[] = spans.map((span) => span.f64("bytesIn"));
  const ids = [...connections].map((each) => each.id);
  const owner: OwnedRecord = connections.own(connections.createMany(2)[0] ?? 0);
  owner[Symbol.dispose]();
  if (
    text !== "λ" ||
    ids[0] !== 8 ||
    field.size !== 4 ||
    columns.length !== spans.length ||
    inferred.length === 0
  )
    throw new Error("a record is not what it was");
  connections.publish(handle);
  connections.adopt(handle);
  const left = connections.size;
  connections.free(handle);
  if (codeOf(() => connections.at(handle)) !== "ERR_STALE_HANDLE") throw new Error("a stale handle");
  connections.destroy();
  return left;
}

/** Opens a heap for several processes where the host can; else says why not. */
export function useProcesses(path: string): FileEnd | string {
  const { available, reason } = loadOs().processes;
  const open: Omit<OpenHeapOptions, "kind"> = { capacity: 2 ** 21, maxWorkers: 4, live: true, check: true };
  const mapped: OpenMemoryOptions = { bytes: 2 ** 21, timeout: 100 };
  if (!available) return codeOf(() => openHeap(path, open)) ?? reason;
  const heap = openHeap(path, open);
  const file: HeapFile = fileOf(heap);
  const processes: ProcessStats[] = heap.processes();
  closeHeap(heap);
  const slabs: SlabAllocator = openHeap(`${path}.slabs`, { ...open, kind: "slab" });
  leaveHeap(slabs);
  const memory = openMemory(`${path}.memory`, mapped);
  new MemoryPool({ memory, offset: heapOffset, maxWorkers: 2 }).detach();
  const joined = MemoryPool.attach(handleIn(memory));
  closeHeap(joined);
  const removed = [path, file.path, `${path}.slabs`, `${path}.memory`].map((each) => removeHeap(each));
  if (processes.length !== 1 || removed.filter(Boolean).length !== 3) throw new Error("other files");
  return file.was;
}

async function takeAll(ring: Ring): Promise<number> {
  let tags = 0;
  for await (const { tag } of ring) tags += tag;
  return tags;
}

function useRing(heap: SlabAllocator): number {
  const options: RingOptions = { capacity: 4 };
  const ring = new Ring(heap, options);
  const roots: Roots = heap.roots;
  roots.set("jobs", ring.handle);
  const isFirst: boolean = roots.setIfAbsent("jobs", ring.handle);
  if (isFirst) throw new Error("a name that was set twice");
  const named: StructureHandle | undefined = roots.get("jobs");
  const [first]: NamedStructure[] = roots.list();
  if (named === undefined || first?.name !== "jobs") throw new Error("a name that leads nowhere");
  const handle: RingHandle = ring.handle;
  const there = Ring.attach(heap, handle);
  const address: Address = heap.allocate(64);
  if (!ring.send(address, 64, 7) || !ring.write("text", 1)) throw new Error("a ring that is full");
  const waiting: WaitOptions = { timeout: 1 };
  const message: Message | undefined = there.wait(waiting) ? there.take() : undefined;
  if (message?.tag !== 7) throw new Error("another message");
  there.done();
  const batch: Outgoing[] = [{ address: heap.allocate(64) }];
  const received: Message[] = [{ address: 0, length: 0, tag: 0 }];
  if (ring.sendMany(batch) !== 1 || there.receiveMany(received) !== 1) throw new Error("none of some");
  for (const { address: text, length } of received) if (length === 4) heap.deallocate(text);
  let seen = 0;
  while (there.read((bytes: Uint8Array, tag: number) => (seen += bytes.length + tag)));
  ring.close();
  void takeAll(there);
  roots.delete("jobs");
  heap.disown(heap.allocate(8));
  return seen;
}

function useMap(heap: SlabAllocator): number {
  const codec: Codec<number> = { encode: (value) => Uint8Array.of(value), decode: ([first]) => first ?? 0 };
  const options: MapOptions<"text", Codec<number>> = { values: codec };
  const map = new SharedMap<"text", Codec<number>>(heap, options);
  const handle: MapHandle = map.handle;
  const there = SharedMap.attach<"text", Codec<number>>(heap, handle, options);
  const names: [KeyName, ValueName | AnyCodec] = ["integer", codec];
  const key: KeyTypes["text"] & KeyOf<"text"> = names[0];
  const value: ValueTypes["f64"] & ValueOf<Codec<number>> = 7;
  map.set(key, value);
  const seen = there.read(
    key,
    (view: Uint8Array, address: number, length: number) => view[address + length - 1],
  );
  let sum = there.get(key) === seen ? there.increment(key) : 0;
  for (const [, each] of map) sum += each;
  map.destroy();
  return sum;
}

function useCache(): number {
  const values: AnyValues = "json";
  const options: CacheOptions<"integer", "json"> = { maxBytes: 2 ** 22, keys: "integer", values };
  const cache = new SharedCache<"integer", "json">(options);
  const handle: CacheHandle = cache.handle;
  const there = SharedCache.attach<"integer", "json">(handle);
  const lives: SetOptions = { ttl: 1000 };
  const asks: GetOrSetOptions = { ...lives, others: "compute" };
  there.set(7, [1, 2], lives);
  void cache.getOrSet(7, () => [], asks);
  const bytes: number | undefined = there.getInto(7, new Uint8Array(16));
  const shown: number | undefined = there.read(
    7,
    (view, address, length) => view[address + length - 1] as number,
  );
  if (bytes === undefined || shown === undefined) throw new Error("it was set");
  const { hits, size }: CacheStats = cache.stats();
  there[Symbol.dispose]();
  return hits + size;
}

/** Any cache of texts will do. */
function useKeyv(cache: TextCache): KeyvCapabilities {
  const options: KeyvOptions = { keyv: 6 };
  const store = new KeyvOffheap(cache, options);
  const entry: KeyvEntry = { key: "a", value: "text", expires: Date.now() + 1000 };
  void store.setMany([entry]);
  return store.capabilities;
}

export function main(): void {
  if (withOs() < 0) throw new Error("less than nothing was given back");
  const heap = new SlabAllocator(options);
  const handle: HeapHandle = heap.handle;
  const other = SlabAllocator.attach(handle);
  if (use(heap) + use(other) !== 0) throw new Error("something is left");
  if (useRing(heap) !== 64) throw new Error("other messages");
  if (useCache() !== 4) throw new Error("other counts");
  if (useMap(heap) !== 16) throw new Error("other entries");
  if (useRecords(other) !== 2) throw new Error("other records");
  const address = other.allocate(64);
  other.detach();
  const texts = new Map<string, string>();
  if (!useKeyv(texts).expires) throw new Error("no dates");
  const report: ReapReport = heap.reap(other.workerId, { live: true });
  if (report.reaped || bytesOf(handle.memory) < 2 ** 24) throw new Error("detached is not dead");
  if (codeOf(() => heap.allocate(0)) !== "ERR_INVALID_SIZE") throw new Error("no error");
  heap.deallocate(address, 64);
  new SlabAllocator({ ...options, sizeClasses: SizeClasses.powersOfTwo, memory: "local" }).destroy();
  new SlabAllocator({ ...options, sizeClasses: [16, 48], memory: new SharedArrayBuffer(2 ** 24) }).destroy();
  new SlabAllocator({ capacity: 2 ** 22, memory: new ArrayBuffer(2 ** 23), offset: 2 ** 16 }).destroy();
  heap.destroy();
  heap[Symbol.dispose]();
  const pool = new MemoryPool({ capacity: 2 ** 24, sizeClasses: SizeClasses.malloc });
  if (usePool(pool) + use(pool) !== 0) throw new Error("something is left");
  MemoryPool.attach(pool.handle).detach();
  pool.destroy();
}
