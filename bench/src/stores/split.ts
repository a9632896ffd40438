/**
 * Two workers take the requests of one stream in turn. Counted, not timed, so one thread asks for both.
 *
 *   hits of a hundred requests, of the later half: the first fills the caches
 */
import { LRUCache } from "lru-cache";
import { SharedCache } from "offheap/cache";
import { Random } from "offheap-tools";
import { zipf } from "../hit-rates/streams.ts";
import { keyBytes, keyText, valueText } from "./content.ts";
import type { SplitAnswer, SplitRequest } from "./protocol.ts";

/** What an entry of lru-cache was found to take besides its value (docs/measurements.md). */
const RESIDENT_BYTES = 190;
const SEED = 30_017;

interface Cache {
  get(key: string): string | undefined;
  set(key: string, value: string): unknown;
}

function hitsOf(caches: readonly Cache[], { requests, count, valueBytes, exponent }: SplitRequest): number {
  const draw = zipf(count, exponent, new Random(SEED));
  let hits = 0;
  for (let at = 0; at < requests; at++) {
    const number = draw();
    const key = keyText(number);
    const cache = caches[at % caches.length] as Cache;
    if (cache.get(key) === undefined) cache.set(key, valueText(number, valueBytes));
    else if (at * 2 >= requests) hits++;
  }
  return (100 * hits) / (requests - Math.ceil(requests / 2));
}

function privateHits(request: SplitRequest, bytes: number, entryBytes: number): number {
  const max = Math.floor(bytes / entryBytes);
  return hitsOf(
    [0, 1].map(() => new LRUCache<string, string>({ max })),
    request,
  );
}

function sharedHits(request: SplitRequest): number {
  const first = new SharedCache({ maxBytes: request.totalBytes });
  const second = SharedCache.attach(first.handle);
  const hits = hitsOf([first, second], request);
  if (first.bytes > request.totalBytes) throw new Error(`${first.bytes} bytes are taken`);
  second[Symbol.dispose]();
  first.destroy();
  return hits;
}

export function splitCase(request: SplitRequest): SplitAnswer {
  const { peer, totalBytes, valueBytes } = request;
  if (peer === "shared-cache") {
    const hits = sharedHits(request);
    return { hits, hitsResident: hits };
  }
  const bytes = peer === "lru-half" ? totalBytes / 2 : totalBytes;
  return {
    hits: privateHits(request, bytes, keyBytes + valueBytes),
    hitsResident: privateHits(request, bytes, RESIDENT_BYTES + valueBytes),
  };
}
