/** The parts of a run: what each is called, what it takes, and what it adds to the results. */
import { type Options, peerSelected, selected } from "../options.ts";
import { partsNamed } from "../short-names.ts";
import { growth, locality } from "../workloads/growth.ts";
import { moduleLoops, moduleProgram } from "../workloads/modules.ts";
import { timedWorkloads } from "../workloads/registry.ts";
import { threadedWorkloads } from "../workloads/threaded.ts";
import { slabSubjects, type Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { chase, chasePeers, measureChase } from "./chase.ts";
import { type GcRow, gcPeers, measureGc } from "./gc.ts";
import { type HeapsRow, heapsPeers, measureHeaps } from "./heaps.ts";
import { type HitRatesRow, hitRateStreams, measureHitRates, takingPart as policiesOf } from "./hit-rates.ts";
import { type MessagesRow, measureMessages, messageBytes, messagePeers } from "./messages.ts";
import { measureProgram } from "./modules.ts";
import { measurePause, type PauseRow } from "./pause.ts";
import {
  measureProcesses,
  type ProcessesRow,
  processesWorkloads,
  takingPart as takingPartIn,
} from "./processes.ts";
import { measureRecords, type RecordsRow, recordPeers } from "./records.ts";
import { measureSpace, type SpaceRow } from "./space.ts";
import { measureStores, type StoreRow, storePeersOf, storeRounds, storeWorkloads } from "./stores.ts";
import { measureThreads } from "./threads.ts";
import { measureTime, type TimeRow } from "./time.ts";
import { measureWalk } from "./walk.ts";

export interface Results {
  readonly time: TimeRow[];
  readonly space: SpaceRow[];
  readonly pause: PauseRow[];
  readonly gc: GcRow[];
  readonly heaps: HeapsRow[];
  readonly records: RecordsRow[];
  readonly messages: MessagesRow[];
  readonly processes: ProcessesRow[];
  readonly hitRates: HitRatesRow[];
  readonly stores: StoreRow[];
}

export const noResults = (): Results => ({
  time: [],
  space: [],
  pause: [],
  gc: [],
  heaps: [],
  records: [],
  messages: [],
  processes: [],
  hitRates: [],
  stores: [],
});

export interface Part {
  readonly id: string;
  readonly title: string;
  readonly processes: number; // in all rounds, for the progress bar
  readonly large?: boolean;
  run(results: Results, tick: (peer: string) => void): Promise<void>;
}

const PAUSES = ["replace/65536/mixed", "replace/65536/64", "replay/lua", "replay/python"];
/** Its free looks through a list: minutes for one pass of a trace. It takes part in the loops only. */
const SLOW = "thi.ng";
/** Smaller ones say more of the process than of the allocator. */
const SPACES = [
  "batch/65536/shuffled",
  "replace/65536/64",
  "replace/65536/mixed",
  "replace/1000000/mixed",
  "large/replace",
  "replay/",
  "whole/",
];

function takingPart(peers: readonly Peer[], workload: Workload): Peer[] {
  const { javascript, subjects = slabSubjects } = workload;
  return peers.filter(({ id, kind }) => {
    if (kind === "subject") return subjects.includes(id);
    if (kind === "bare") return subjects.some((subject) => slabSubjects.includes(subject)); // small objects only
    return kind !== "javascript" || !javascript || javascript.includes(id);
  });
}

function timeParts(options: Options, peers: readonly Peer[], workloads: readonly Workload[]): Part[] {
  return workloads.map((workload) => {
    const taking = takingPart(peers, workload);
    return {
      ...{ id: workload.id, title: workload.title, large: workload.large ?? false },
      processes: taking.length * options.rounds,
      run: async (results, tick) =>
        void results.time.push(...(await measureTime(options, workload, taking, tick))),
    };
  });
}

function threadParts(options: Options): Part[] {
  return threadedWorkloads.map((workload) => ({
    ...{ id: workload.id, title: workload.title },
    processes: 5 * options.rounds,
    run: async (results, tick) => void results.time.push(...(await measureThreads(options, workload, tick))),
  }));
}

function spaceParts(options: Options, peers: readonly Peer[], workloads: readonly Workload[]): Part[] {
  const holding = peers.filter(({ id, kind }) => kind !== "floor" && kind !== "bare" && id !== SLOW);
  return workloads
    .filter(({ id }) => SPACES.some((prefix) => id.startsWith(prefix)))
    .map((workload) => ({ workload, taking: takingPart(holding, workload) }))
    .map(({ workload, taking }) => ({
      ...{
        id: `space/${workload.id}`,
        title: `memory held: ${workload.title}`,
        large: workload.large ?? false,
      },
      processes: taking.length * Math.min(3, options.rounds),
      run: async (results, tick) =>
        void results.space.push(...(await measureSpace(options, workload, taking, tick))),
    }));
}

const JAVASCRIPT_PAUSES = ["uint8array", "buffer", "object"];

function pauseParts(options: Options, peers: readonly Peer[], workloads: readonly Workload[]): Part[] {
  const taking = peers.filter(({ id, kind }) => kind !== "javascript" || JAVASCRIPT_PAUSES.includes(id));
  return workloads
    .filter(({ id }) => PAUSES.includes(id))
    .map((workload) => ({
      ...{ id: `pause/${workload.id}`, title: `single operations: ${workload.title}` },
      processes: taking.length * options.rounds,
      run: async (results, tick) =>
        void results.pause.push(...(await measurePause(options, workload, taking, tick))),
    }));
}

function heapsParts(options: Options, peers: readonly Peer[], workloads: readonly Workload[]): Part[] {
  const taking = peers.filter(({ id }) => heapsPeers.includes(id));
  return workloads
    .filter(({ id }) => id === "pair/64" || id.startsWith("replay/"))
    .map((workload) => ({
      ...{ id: `heaps/${workload.id}`, title: `a loop's first, second and third heap: ${workload.title}` },
      processes: taking.length * options.rounds,
      run: async (results, tick) =>
        void results.heaps.push(...(await measureHeaps(options, workload, taking, tick))),
    }));
}

function otherParts(options: Options, peers: readonly Peer[]): Part[] {
  const walking = peers.filter(
    ({ id, kind }) => kind !== "floor" && (kind !== "javascript" || id === "object"),
  );
  return [
    {
      ...{ id: locality.id, title: locality.title, processes: walking.length * options.rounds },
      run: async (results, tick) =>
        void results.time.push(...(await measureWalk(options, locality, walking, tick))),
    },
    {
      ...{ ...chase, processes: chasePeers.length * Math.min(3, options.rounds), large: true },
      run: async (results, tick) => void results.time.push(...(await measureChase(options, tick))),
    },
    {
      ...{ id: "gc/5M-records", title: "a program that keeps 5,000,000 small records" },
      processes: gcPeers.filter((id) => peerSelected(options, id)).length * Math.min(3, options.rounds),
      run: async (results, tick) => void results.gc.push(...(await measureGc(options, tick))),
    },
  ];
}

function recordParts(options: Options): Part[] {
  return [1_000_000, 10_000_000].map((count) => ({
    ...{
      id: `records/${count}`,
      title: `${count.toLocaleString("en")} records of eight fields`,
      large: count > 1e6,
    },
    processes: recordPeers.filter((id) => peerSelected(options, id)).length * options.rounds,
    run: async (results, tick) => void results.records.push(...(await measureRecords(options, count, tick))),
  }));
}

function messageParts(options: Options): Part[] {
  return messageBytes.map((bytes) => ({
    ...{
      id: `messages/${bytes}`,
      title: `messages of ${bytes.toLocaleString("en")} bytes to another worker`,
    },
    processes: messagePeers.filter((id) => peerSelected(options, id)).length * options.rounds,
    run: async (results, tick) =>
      void results.messages.push(...(await measureMessages(options, bytes, tick))),
  }));
}

function processParts(options: Options): Part[] {
  return processesWorkloads.map((workload) => ({
    ...{
      id: workload.id,
      title: workload.title,
      processes: takingPartIn(options, workload).length * options.rounds,
    },
    run: async (results, tick) =>
      void results.processes.push(...(await measureProcesses(options, workload, tick))),
  }));
}

function hitRateParts(options: Options): Part[] {
  return hitRateStreams(options).map((named) => ({
    ...{ id: `hit-rates/${named.stream.id}`, title: `hit rates of caches: ${named.stream.title}` },
    processes: policiesOf(options).length,
    run: async (results, tick) =>
      void results.hitRates.push(...(await measureHitRates(options, named, tick))),
  }));
}

function storeParts(options: Options): Part[] {
  return storeWorkloads(options).map((workload) => ({
    ...{ id: workload.id, title: workload.title, large: workload.large ?? false },
    processes: storePeersOf(options, workload).length * storeRounds(options, workload),
    run: async (results, tick) => void results.stores.push(...(await measureStores(options, workload, tick))),
  }));
}

/** Inside modules, and beside them the pool called from JavaScript and natives called from C. */
function moduleParts(options: Options, peers: readonly Peer[]): Part[] {
  const programs = peers.filter(({ id, kind }) => kind === "module" && id.startsWith("c-"));
  const beside = peers.filter(({ kind }) => kind === "subject" || kind === "native" || kind === "module");
  return [
    ...timeParts(options, beside, moduleLoops(options)),
    {
      ...{ id: moduleProgram.id, title: moduleProgram.title, processes: programs.length * options.rounds },
      run: async (results, tick) =>
        void results.time.push(...(await measureProgram(options, moduleProgram, programs, tick))),
    },
  ];
}

export function allParts(options: Options, all: readonly Peer[]): Part[] {
  const peers = all.filter(({ kind }) => kind !== "module");
  const workloads = timedWorkloads(options);
  return [
    ...timeParts(options, peers, workloads),
    ...heapsParts(options, peers, workloads),
    ...threadParts(options),
    ...spaceParts(options, peers, workloads),
    ...pauseParts(options, peers, workloads),
    ...timeParts(options, peers, growth),
    ...otherParts(options, peers),
    ...recordParts(options),
    ...messageParts(options),
    ...processParts(options),
    ...hitRateParts(options),
    ...storeParts(options),
    ...moduleParts(options, all),
  ];
}

/** What the filter takes; a quick run without one leaves the largest sets out. */
export function chosenParts(options: Options, parts: readonly Part[]): Part[] {
  const { only, quick } = options;
  if (only.length === 0) return parts.filter((part) => !(quick && part.large));
  return parts.filter(({ id }) => selected({ only: partsNamed(only) }, id));
}
