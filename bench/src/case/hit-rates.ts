/** One policy at one stream of requests, with a cache of each size in turn. */
import { policies } from "../hit-rates/policies.ts";
import { countHits } from "../hit-rates/policy.ts";
import { arcTrace, bundledStreams } from "../hit-rates/streams.ts";
import type { HitRatesAnswer, HitRatesRequest } from "./protocol.ts";

export function hitRatesCase({ peer, stream: id, count, shares }: HitRatesRequest): HitRatesAnswer {
  const stream = bundledStreams.find((each) => each.id === id) ?? arcTrace(id);
  const { keyCount } = stream.build(count, 0);
  const hot = stream.hot ?? keyCount;
  const rates = shares.map((share) => {
    const capacity = Math.max(1, Math.floor(hot * share));
    const requests = stream.build(count, capacity);
    const policy = policies[peer](capacity, requests.keyCount, requests.keys);
    return { capacity, hits: countHits(policy, requests.keys), requests: requests.keys.length };
  });
  return { keyCount: hot, rates };
}
