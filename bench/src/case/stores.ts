/** A store of keys and values: its calls, its memory and pauses, two workers or processes with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { callsOn } from "../stores/calls.ts";
import { collectionSpans } from "../stores/collections.ts";
import { liveIn } from "../stores/live.ts";
import { openStore } from "../stores/open.ts";
import type { StoreFigures, StoreRequest, StoresRequest } from "../stores/protocol.ts";
import { splitCase } from "../stores/split.ts";
import { twoCase } from "../stores/two.ts";
import { residentBytes } from "./memory-map.ts";
import { shareFolder } from "./processes-lines.ts";

async function alone(request: StoreRequest, folder: string): Promise<StoreFigures> {
  const { peer, count, valueBytes, what } = request;
  const store = await openStore(peer, { count, valueBytes, ...(peer === "lmdb" && { folder }) });
  const answer =
    what === "calls"
      ? await callsOn(store, request)
      : await liveIn(store, request, { residentBytes, collections: collectionSpans() });
  await store.close();
  return answer;
}

export async function storesCase(request: StoresRequest): Promise<StoreFigures> {
  if (request.what === "split") return splitCase(request);
  const folder = mkdtempSync(join(shareFolder(), "offheap-bench-"));
  try {
    const isTwo = request.what === "workers" || request.what === "processes";
    return await (isTwo ? twoCase(request, folder) : alone(request, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
