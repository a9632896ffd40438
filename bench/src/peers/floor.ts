/**
 * The floor: a bump pointer that never frees. What a stream costs before any allocator does anything.
 * Between slices it begins again once it is past the bytes that the stream has live at its peak, so
 * it touches no more memory than any allocator has to.
 */
import type { JsPeer } from "./peer.ts";
import { addressRunner } from "./runners.ts";

const SPARE_BYTES = 2 ** 26; // more than one slice can ask for
const FIRST_ADDRESS = 8;

class Bump {
  top = FIRST_ADDRESS;

  allocate(size: number): number {
    const address = this.top;
    this.top = address + ((size + 7) & ~7);
    return address;
  }

  deallocate(_address: number): void {}
}

export const floorPeer: JsPeer = {
  id: "floor",
  title: "floor: bump pointer, never frees",
  open(stream) {
    const pages = Math.ceil((stream.peakLiveBytes * 1.2 + SPARE_BYTES) / 65_536); // 1.2: rounding to 8
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const allocator = new Bump();
    const runner = addressRunner(stream, {
      allocator,
      bytes: new Uint8Array(buffer),
      memory: new Uint32Array(buffer),
    });
    return {
      ...runner,
      run(from, to) {
        if (allocator.top > stream.peakLiveBytes) allocator.top = FIRST_ADDRESS;
        return runner.run(from, to);
      },
    };
  },
};
