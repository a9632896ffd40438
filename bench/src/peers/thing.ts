/** @thi.ng/malloc: a heap in an ArrayBuffer with sorted free lists. */
import { MemPool } from "@thi.ng/malloc";
import type { JsPeer } from "./peer.ts";
import { addressRunner } from "./runners.ts";

const GIB = 2 ** 30;

export const thingPeer: JsPeer = {
  id: "thi.ng",
  title: "@thi.ng/malloc",
  open(stream) {
    const size = Math.min(2 * GIB - 65_536, Math.max(GIB / 4, stream.peakLiveBytes * 3));
    const buf = new ArrayBuffer(size);
    const pool = new MemPool({ buf });
    return addressRunner(stream, {
      allocator: {
        allocate: (bytes) => pool.malloc(bytes),
        deallocate: (address) => void pool.free(address),
      },
      bytes: new Uint8Array(buf),
      memory: new Uint32Array(buf, 0, size >> 2),
    });
  },
};
