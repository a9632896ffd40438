/** The plain claims: what a JavaScript program does today, the same with offheap, and the factor between. */
import type { Results } from "../measure/plan.ts";

export interface Claim {
  readonly what: string;
  readonly today: string; // peer
  readonly before: number;
  readonly after: number;
  readonly unit: string;
  readonly factor: number;
}

const today = ["uint8array", "buffer", "buffer-slow", "object", "thi.ng"];
const timed = [
  ["one object of 64 B", "pair/64"],
  ["one object of 1 KiB", "pair/1k"],
  ["frequent allocate and free, 64 B, 4,096 live", "replace/4096/64"],
  ["frequent allocate and free, 8–1,007 B, 65,536 live", "replace/65536/mixed"],
] as const;

function timeClaims({ time }: Results): Claim[] {
  const steady = (workload: string, peer: string): number | undefined => {
    const row = time.find((each) => each.workload === workload && each.peer === peer);
    return row?.steady?.median; // a lower bound where the peer was stopped, and so is the factor then
  };
  return timed.flatMap(([what, workload]) => {
    const after = steady(workload, "offheap");
    if (after === undefined) return [];
    return today.flatMap((peer) => {
      const before = steady(workload, peer);
      return before === undefined
        ? []
        : [{ what, today: peer, before, after, unit: "ns/op", factor: before / after }];
    });
  });
}

/** Fragmentation: bytes held beyond those requested, for each requested one, after a long mixed run. */
function spaceClaims({ space }: Results): Claim[] {
  const workload = "space/replace/65536/mixed";
  const excess = (peer: string): number | undefined => {
    const row = space.find((each) => each.workload === workload && each.peer === peer);
    const { highestBytes, peakRequestedBytes } = row ?? {};
    return highestBytes && peakRequestedBytes ? highestBytes / peakRequestedBytes - 1 : undefined;
  };
  return ["offheap", "offheap-fine", "offheap-pool"].flatMap((ours) => {
    const after = excess(ours);
    if (after === undefined) return [];
    const what = `bytes lost for each requested one, long mixed run (${ours})`;
    return today.flatMap((peer) => {
      const before = excess(peer);
      return before === undefined
        ? []
        : [{ what, today: peer, before, after, unit: "B", factor: before / after }];
    });
  });
}

export function claims(results: Results): Claim[] {
  return [...timeClaims(results), ...spaceClaims(results)];
}
