// A process of its own, with `--expose-gc`: allocators that nobody holds any more, whole or but for a part of them. For
// each case it prints how many workers the heap has afterwards, and once more when the part is let go, too.

import { MemoryPool, SlabAllocator } from "offheap";

type Part = (pool: MemoryPool) => unknown;

const gc = (globalThis as unknown as { gc: () => void }).gc;

/** Finalizers run between jobs, some time after the collection. */
async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const parts: Record<string, Part> = {
  nothing: () => undefined,
  "the views": ({ u8, f64, view }) => ({ u8, f64, view }),
  "the allocator": (pool) => pool,
  allocate: ({ allocate }) => allocate,
  deallocate: ({ deallocate }) => deallocate,
  "a region": (pool) => pool.region(),
  "malloc's calls": (pool) => pool.asMalloc(),
  malloc: (pool) => pool.asMalloc().malloc,
  free: (pool) => pool.asMalloc().free,
};

/** Some of everything, so that there are rounds, a large object, and one that stays. */
function use(allocator: SlabAllocator): void {
  for (const size of [8, 64, 4000]) allocator.deallocate(allocator.allocate(size));
  allocator.allocate(100);
}

function usePool(pool: MemoryPool, part: Part): unknown {
  use(pool as unknown as SlabAllocator);
  pool.deallocate(pool.reallocate(pool.allocate(20_000), 600_000));
  pool.region().allocate(100);
  return part(pool);
}

async function ofPool(name: string, part: Part): Promise<void> {
  const first = new MemoryPool({ capacity: 8 << 20, maxWorkers: 2 });
  let kept = usePool(MemoryPool.attach(first.handle), part);
  await collect();
  const held = first.stats().workers.length;
  const isUsable = typeof kept !== "function" || kept.name === "deallocate" || kept.name === "free";
  const usable = isUsable || (kept as (size: number) => number)(64) > 0;
  kept = undefined;
  await collect();
  const { workers, sizeClasses } = first.stats();
  const cached = sizeClasses.reduce((sum, entry) => sum + entry.cached, 0);
  const violations = first.check().length;
  console.log(JSON.stringify({ name, held, usable, left: workers.length, cached, violations }));
}

/** The one who formatted the heap is collected; the other stays. */
async function ofMaker(): Promise<void> {
  const join = () => {
    const first = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 2 });
    use(first);
    return SlabAllocator.attach(first.handle);
  };
  const other = join();
  await collect();
  const violations = other.check().length;
  console.log(JSON.stringify({ name: "the maker", left: other.stats().workers.length, violations }));
}

/** Its books are damaged so that who leaves throws. */
async function ofDamaged(): Promise<void> {
  const first = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 2 });
  let throws = 0;
  const damage = () => {
    const { slow } = SlabAllocator.attach(first.handle) as unknown as { slow: { detach(): void } };
    slow.detach = () => {
      throws++;
      throw new Error("ERR_CORRUPT_HEAP");
    };
  };
  damage();
  await collect();
  console.log(JSON.stringify({ name: "damaged", held: throws, left: first.stats().workers.length }));
}

/** Nobody but this thread could ever join: nothing is kept for others. */
async function ofLoop(): Promise<void> {
  const refs = Array.from({ length: 20 }, () => {
    const heap = new SlabAllocator({ capacity: 4 << 20 });
    use(heap);
    return new WeakRef(heap.u8.buffer);
  });
  // A WeakRef holds what it was made from until the job's end, and so does a compilation in the background until its end.
  let left = refs.length;
  for (let tries = 0; tries < 20 && left > 0; tries++) {
    await collect();
    left = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  console.log(JSON.stringify({ name: "memories", left }));
}

for (const [name, part] of Object.entries(parts)) await ofPool(name, part);
await ofMaker();
await ofDamaged();
await ofLoop();
