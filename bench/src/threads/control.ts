/**
 * What the workers of one case share beside the heap: a barrier, a ring of addresses, a table for
 * exchanges, everyone's table of addresses, and when each began and ended a pass. As native/threads.c.
 */
export const RING_WORDS = 4096;
export const BATCH = 64;
export const TRANSFER = 1024;
export const CHURN_LIFE = 4; // passes
const SPINS = 20_000;
const NAP_MS = 0.05;

/** Words of `signals`, each on a line of its own; `never` is never written, to wait on. */
const at = { arrived: 0, phase: 16, sent: 32, received: 48, never: 64 } as const;

export interface Control {
  readonly threads: number;
  readonly signals: Int32Array;
  readonly ring: Int32Array;
  readonly transfer: Int32Array;
  readonly first: Int32Array; // objects that one worker allocated side by side
  readonly tables: readonly Int32Array[];
  readonly times: Float64Array; // begun, ended, for each worker of each pass
}

const shared = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4));

export function makeControl(slotCounts: readonly number[], passes: number): Control {
  return {
    threads: slotCounts.length,
    signals: shared(80),
    ring: shared(RING_WORDS),
    transfer: shared(TRANSFER),
    first: shared(16),
    tables: slotCounts.map(shared),
    times: new Float64Array(new SharedArrayBuffer(16 * passes * slotCounts.length)),
  };
}

/** Wall time of a pass: from the first worker's begin to the last one's end. */
export function passNs({ times, threads }: Control, pass: number): number {
  const of = times.subarray(pass * threads * 2, (pass + 1) * threads * 2);
  const begun = of.filter((_, index) => index % 2 === 0);
  const ended = of.filter((_, index) => index % 2 === 1);
  return Math.max(...ended) - Math.min(...begun);
}

/** One clock for all workers, which performance.now() is not. */
export function clockNs(): number {
  return Number(process.hrtime.bigint());
}

/** Spins, and after a while naps between looks: others may want the processor. */
function spin(signals: Int32Array, spins: number): number {
  if (spins > SPINS) Atomics.wait(signals, at.never, 0, NAP_MS);
  return spins + 1;
}

export function barrier({ signals, threads }: Control): void {
  const now = Atomics.load(signals, at.phase);
  if (Atomics.add(signals, at.arrived, 1) === threads - 1) {
    Atomics.store(signals, at.arrived, 0);
    Atomics.store(signals, at.phase, now + 1);
  } else for (let spins = 0; Atomics.load(signals, at.phase) === now; ) spins = spin(signals, spins);
}

/** The producer waits for room for a batch. Counts wrap at 2^32. */
export function awaitRoom({ signals }: Control, sent: number): void {
  let spins = 0;
  while (((sent - Atomics.load(signals, at.received)) | 0) > RING_WORDS - BATCH) spins = spin(signals, spins);
}

export function publish({ signals }: Control, sent: number): void {
  Atomics.store(signals, at.sent, sent);
}

export function awaitBatch({ signals }: Control, received: number): void {
  for (let spins = 0; Atomics.load(signals, at.sent) === received; ) spins = spin(signals, spins);
}

export function release({ signals }: Control, received: number): void {
  Atomics.store(signals, at.received, received);
}
