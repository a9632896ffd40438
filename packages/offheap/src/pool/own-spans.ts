// What a pool hands to the allocator for its spans that are no slabs, and keeps of it. Apart from the pool: a closure
// made in the pool's constructor would lead to the pool, and keep it from being collected (allocator/presence.ts).

import { Large } from "../large/index.ts";
import type { OtherSpansOf } from "../slab/index.ts";

export interface OwnSpans {
  readonly of: OtherSpansOf;
  /** The first that was made: the pool's own. Others are for reapers that stand in. */
  made: Large | undefined;
}

export function ownSpans(): OwnSpans {
  const own: OwnSpans = {
    made: undefined,
    of: (heap, spans, worker) => {
      const large = new Large(heap, spans, worker);
      own.made ??= large;
      return large;
    },
  };
  return own;
}
