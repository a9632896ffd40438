// The operating system, where the host lets a program call it: whatever there is or is not, nothing throws.

import { isWhole, ok } from "../expect.ts";
import type { Scenarios } from "../harness.ts";

/** @param memory as the host allows it */
export function osScenarios(memory: "shared" | "local"): Scenarios {
  return {
    "offheap/os: what there is, or why not": async ({ library, osSpecifier }) => {
      const { loadOs } = (await import(osSpecifier)) as typeof import("offheap/os");
      const os = loadOs();
      for (const name of ["hugePages", "decommit", "residency"] as const) {
        const { available, reason } = os[name];
        ok(available || reason !== "", `${name} says why it is not there`);
      }
      const heap = new library.SlabAllocator({ capacity: 4 * 2 ** 20, memory, os });
      const addresses = Array.from({ length: 1000 }, () => heap.allocate(1000));
      for (const address of addresses) heap.deallocate(address);
      const { decommittedBytes } = heap.cleanup({ all: true });
      ok(os.decommit.available || decommittedBytes === 0, "bytes given back without a way to");
      isWhole(heap);
      heap.destroy();
    },
  };
}
