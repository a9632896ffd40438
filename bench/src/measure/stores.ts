/** What keys and values cost in a shared map or cache, in what JavaScript has, and in what npm offers. */
import { fileURLToPath } from "node:url";
import { type Options, peerSelected } from "../options.ts";
import type { SplitPeer, StoreFigures, StorePeer, StoreRequest, StoresRequest } from "../stores/protocol.ts";
import { splitPeers } from "../stores/protocol.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));
const usualBytes = 100;
const MILLION = 1_000_000;

export interface StoreRow {
  readonly workload: string;
  readonly peer: string;
  readonly what: StoresRequest["what"];
  readonly refused?: string;
  readonly figures?: StoreFigures;
}

/** What all peers of a part are asked. */
type Asked<R> = R extends StoresRequest ? Omit<R, "peer"> : never;

export interface StoreWorkload {
  readonly id: string;
  readonly title: string;
  readonly peers: readonly (StorePeer | SplitPeer)[];
  readonly asks: Asked<StoresRequest>;
  readonly large?: boolean;
  /** Processes for each peer at most. */
  readonly rounds?: number;
}

/** All of them keep every entry. lru-cache is in both groups, for the goals are measured against it. */
const mapPeers: readonly StorePeer[] = ["map", "lru-cache", "lmdb", "shared-map"];
const cachePeers: readonly StorePeer[] = ["lru-cache", "quick-lru", "cacheable", "shared-cache"];
const groups = [
  { group: "map", peers: mapPeers, ours: "shared-map" },
  { group: "cache", peers: cachePeers, ours: "shared-cache" },
] as const;

type Common = Pick<StoreRequest, "mode" | "steps" | "budgetMs" | "clock" | "windowMs">;

const common = ({ quick, budgetMs, cpu }: Options): Common => ({
  mode: "stores",
  steps: quick ? 2 ** 17 : 2 ** 20,
  ...{ budgetMs, clock: cpu ? "cpu" : "wall", windowMs: quick ? 150 : 500 },
});

const entries = (count: number): string => `${count.toLocaleString("en")} entries`;

/** Counts of entries, by the bytes of a value. */
function callSizes(quick: boolean): [count: number, valueBytes: number][] {
  const small: [number, number][] = [16, usualBytes, 1024].map((bytes) => [10_000, bytes]);
  const usual: [number, number] = [MILLION, usualBytes];
  if (quick) return [...small, usual];
  return [...small, usual, [MILLION, 16], [MILLION, 1024], [10 * MILLION, usualBytes]];
}

/** A map that is frozen answers looks alone. */
const callPeers = (group: string, peers: readonly StorePeer[]): readonly StorePeer[] =>
  group === "map" ? [...peers, "frozen-map"] : peers;

function callWorkloads(options: Options): StoreWorkload[] {
  return groups.flatMap(({ group, peers }) =>
    callSizes(options.quick).map(([count, valueBytes]) => ({
      id: `${group}/calls/${count}/${valueBytes}`,
      title: `each call of a ${group}: ${entries(count)}, values of ${valueBytes} bytes`,
      peers: callPeers(group, peers).filter((peer) => count <= MILLION || peer !== "cacheable"),
      asks: { ...common(options), what: "calls", count, valueBytes } as const,
      ...(count * valueBytes > 2e8 ? { large: true, rounds: 2 } : {}),
    })),
  );
}

function liveWorkloads(options: Options): StoreWorkload[] {
  const count = options.quick ? MILLION / 2 : 5 * MILLION;
  return groups.map(({ group, peers }) => ({
    id: `${group}/live/${count}`,
    title: `memory and pauses while a ${group} of ${entries(count)} lives`,
    ...{ peers, rounds: 3, large: !options.quick },
    asks: { ...common(options), what: "live", count, valueBytes: usualBytes } as const,
  }));
}

function sharedWorkloads(options: Options): StoreWorkload[] {
  const count = options.quick ? MILLION / 10 : MILLION;
  return groups.flatMap(({ group, peers, ours }) =>
    (["workers", "processes"] as const).map((what) => ({
      id: `${group}/${what}/${count}`,
      title: `two ${what} with a ${group} of ${entries(count)}`,
      peers: what === "workers" ? peers : peers.filter((peer) => peer === "lmdb" || peer === ours),
      rounds: 3,
      asks: { ...common(options), what, count, valueBytes: usualBytes } as const,
    })),
  );
}

function splitWorkloads(options: Options): StoreWorkload[] {
  return [0.8, 1].map((exponent) => ({
    id: `cache/equal-bytes/${exponent.toFixed(1)}`,
    title: `hit rate of two workers, Zipf ${exponent.toFixed(1)}: a cache for both, or one in each`,
    ...{ peers: splitPeers, rounds: 1 },
    asks: {
      ...{ mode: "stores", what: "split", exponent, count: 200_000, valueBytes: usualBytes },
      ...{ requests: options.quick ? 2 * MILLION : 8 * MILLION, totalBytes: 2 ** 23 },
    } as const,
  }));
}

/** As many as no Map holds; with values as small as lets them fit into 4 GiB. */
const ceiling = (options: Options): StoreWorkload => ({
  ...{ id: "map/ceiling", title: "30,000,000 entries, values of 16 bytes" },
  ...{ peers: ["shared-map"], rounds: 1, large: true },
  asks: { ...common(options), what: "live", count: 30 * MILLION, valueBytes: 16 },
});

export const storeWorkloads = (options: Options): StoreWorkload[] =>
  [
    ...callWorkloads(options),
    ...liveWorkloads(options),
    ...sharedWorkloads(options),
    ...splitWorkloads(options),
    ...(options.quick ? [] : [ceiling(options)]),
  ].sort((a, b) => Number(a.id.startsWith("cache/")) - Number(b.id.startsWith("cache/")));

export const storePeersOf = (options: Options, { peers }: StoreWorkload): (StorePeer | SplitPeer)[] =>
  peers.filter((peer) => peerSelected(options, peer));

export const storeRounds = ({ rounds }: Options, workload: StoreWorkload): number =>
  Math.min(rounds, workload.rounds ?? rounds);

function medians(answers: readonly StoreFigures[]): StoreFigures {
  const keys = Object.keys(answers[0] ?? {}) as (keyof StoreFigures)[];
  return Object.fromEntries(keys.map((key) => [key, median(answers.flatMap((answer) => answer[key] ?? []))]));
}

export async function measureStores(
  options: Options,
  workload: StoreWorkload,
  tick: (peer: string) => void,
): Promise<StoreRow[]> {
  const contestants = storePeersOf(options, workload).map((peer) => {
    const request = { ...workload.asks, peer } as StoresRequest;
    const args = ["--expose-gc", "--max-old-space-size=12288", caseMain, JSON.stringify(request)];
    return { id: peer, command: { program: options.node, args } };
  });
  const outcomes = await runRounds<StoreFigures>(contestants, {
    rounds: storeRounds(options, workload),
    tick,
    timeoutMs: workload.large ? 1_800_000 : 600_000,
  });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: workload.id, peer, what: workload.asks.what };
    return refused === undefined ? { ...row, figures: medians(answers) } : { ...row, refused };
  });
}
