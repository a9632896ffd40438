// A page without cross-origin isolation: shared memory would not reach a worker, and is refused where it is asked for.

import { ok, throwsCode } from "../expect.ts";
import type { Scenarios } from "../harness.ts";

export const scenarios: Scenarios = {
  "shared memory without isolation: refused at construction": ({ library }) => {
    for (const create of [
      () => new library.SlabAllocator({ capacity: 2 * 2 ** 20 }),
      () => new library.SlabAllocator({ capacity: 2 * 2 ** 20, memory: "shared" }),
      () => new library.MemoryPool({ capacity: 2 * 2 ** 20 }),
    ]) {
      const error = throwsCode(library, "ERR_INVALID_OPTION", create);
      ok(/isolat/i.test(error.message), `the message speaks of isolation: ${error.message}`);
      ok(/local/.test(error.message), `the message names the way out: ${error.message}`);
    }
  },
};
