/** How often caches of several policies have what is asked for. Streams are seeded: one process for each policy is enough. */
import { fileURLToPath } from "node:url";
import type { HitRatesAnswer, HitRatesRequest } from "../case/protocol.ts";
import { type PolicyName, policyNames } from "../hit-rates/policies.ts";
import { arcTrace, bundledStreams, type RequestStream } from "../hit-rates/streams.ts";
import { type Options, peerSelected } from "../options.ts";
import { runRounds } from "./rounds.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));
const shares = [0.01, 0.1];

export interface HitRatesRow {
  readonly workload: string;
  readonly peer: PolicyName;
  readonly refused?: string;
  readonly share?: number; // of the keys: the cache's size
  readonly capacity?: number;
  readonly hitRate?: number;
}

interface Named {
  readonly stream: RequestStream;
  readonly name: string; // by which the case finds it
}

export const hitRateStreams = ({ cacheTraces }: Options): Named[] => [
  ...bundledStreams.map((stream) => ({ stream, name: stream.id })),
  ...cacheTraces.map((path) => ({ stream: arcTrace(path), name: path })),
];

export const takingPart = (options: Options): PolicyName[] =>
  policyNames.filter((name) => peerSelected(options, name));

export async function measureHitRates(
  options: Options,
  { stream, name }: Named,
  tick: (peer: string) => void,
): Promise<HitRatesRow[]> {
  const contestants = takingPart(options).map((peer) => {
    const count = options.quick ? 200_000 : 2_000_000;
    const request: HitRatesRequest = { mode: "hit-rates", peer, stream: name, count, shares };
    const args = ["--max-old-space-size=4096", caseMain, JSON.stringify(request)];
    return { id: peer, command: { program: options.node, args } };
  });
  const outcomes = await runRounds<HitRatesAnswer>(contestants, { rounds: 1, tick, timeoutMs: 600_000 });
  return outcomes.flatMap(({ peer, answers, refused }): HitRatesRow[] => {
    const row = { workload: `hit-rates/${stream.id}`, peer: peer as PolicyName };
    if (refused !== undefined) return [{ ...row, refused }];
    return answers[0].rates.map(({ capacity, hits, requests }, index) => ({
      ...{ ...row, share: shares[index], capacity, hitRate: hits / requests },
    }));
  });
}
