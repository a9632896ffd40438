// What a pool hands to the slab layer for its spans that are no slabs, and keeps of it. Apart from the pool: a closure
// made in the pool's constructor would lead to the pool, and keep it from being collected (slab/presence.ts).

import type { OtherSpansOf } from "../slab/other-spans.ts";
import { Large } from "./large.ts";

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
