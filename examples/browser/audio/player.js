// The audio worklet. Its thread has 3 ms for a block of 128 samples: so it receives one if there is one, and plays silence if
// there is none. `receive` and `deallocate` neither wait nor make garbage.

import { MemoryPool } from "/offheap/index.js"; // worklets know nothing of the page's import map
import { Ring } from "/offheap/ring/index.js";

registerProcessor(
  "player",
  class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.heap = MemoryPool.attach(processorOptions.heap);
      this.ring = Ring.attach(this.heap, processorOptions.ring);
      this.received = 0;
      this.underruns = 0;
      this.astray = 0;
    }

    process(_inputs, outputs) {
      const message = this.ring.receive();
      if (message === undefined) return this.playNothing();
      const { address, length, tag } = message;
      if (tag !== this.received) this.astray++;
      this.received++;
      const samples = outputs[0][0];
      const first = address / 4;
      for (let i = 0; i < length / 4; i++) samples[i] = this.heap.f32[first + i];
      this.heap.deallocate(address);
      return true;
    }

    /** Silence; the end where the maker has closed the ring. */
    playNothing() {
      if (!this.ring.isClosed || this.ring.size > 0) {
        this.underruns++;
        return true;
      }
      const { received, underruns, astray } = this;
      this.heap.detach();
      this.port.postMessage({ received, underruns, astray });
      return false;
    }
  },
);
