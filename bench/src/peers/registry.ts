/** JavaScript peers by id, each loaded only in the process that runs it. */
import type { ModuleId } from "../native/modules.ts";
import type { JsPeer } from "./peer.ts";

const byId = (list: readonly JsPeer[], id: string): JsPeer => {
  const peer = list.find((candidate) => candidate.id === id);
  if (!peer) throw new Error(`no peer ${id}`);
  return peer;
};

const offheap = (id: string) => async (): Promise<JsPeer> =>
  byId((await import("./offheap.ts")).offheapPeers, id);
const object = (id: string) => async (): Promise<JsPeer> =>
  byId((await import("./objects.ts")).objectPeers, id);

const wasm = (id: string, title: string) => async (): Promise<JsPeer> =>
  (await import("./wasm.ts")).wasmPeer(id, title);

const inside = (id: ModuleId) => async (): Promise<JsPeer> => (await import("./modules.ts")).modulePeer(id);

export const peers: Readonly<Record<string, () => Promise<JsPeer>>> = {
  floor: async () => (await import("./floor.ts")).floorPeer,
  bare: async () => (await import("./bare.ts")).barePeer,
  offheap: offheap("offheap"),
  "offheap-fine": offheap("offheap-fine"),
  "offheap-huge": offheap("offheap-huge"),
  "offheap-pool": offheap("offheap-pool"),
  uint8array: object("uint8array"),
  buffer: object("buffer"),
  "buffer-slow": object("buffer-slow"),
  object: object("object"),
  "thi.ng": async () => (await import("./thing.ts")).thingPeer,
  assemblyscript: wasm("assemblyscript", "AssemblyScript rt/tlsf"),
  dlmalloc: wasm("dlmalloc", "dlmalloc in WebAssembly"),
  emmalloc: wasm("emmalloc", "emmalloc in WebAssembly"),
  "c-offheap": inside("c-offheap"),
  "c-dlmalloc": inside("c-dlmalloc"),
  "c-emmalloc": inside("c-emmalloc"),
  "as-offheap": inside("as-offheap"),
  "as-tlsf": inside("as-tlsf"),
};
