/** Two agents, alone and together: workers of one process, or two processes over a file. */
import { fork } from "node:child_process";
import type { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { AgentOrders, WindowAnswer, WindowOrders } from "./agent.ts";
import { filled } from "./calls.ts";
import { openStore } from "./open.ts";
import type { StoreRequest, TwoAnswer } from "./protocol.ts";
import type { StoreSpec } from "./store.ts";

const WINDOWS = 3;
const agentMain = new URL("./agent-main.js", import.meta.url);

interface Told {
  tell(orders: WindowOrders): Promise<WindowAnswer>;
  readonly ready: Promise<unknown>;
}

/** What it says next; it may as well fail, or end. */
function said(from: EventEmitter): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (done: () => void): void => {
      for (const event of ["message", "error", "exit"] as const) from.off(event, listeners[event]);
      done();
    };
    const listeners = {
      message: (message: unknown) => end(() => resolve(message)),
      error: (error: Error) => end(() => reject(error)),
      exit: (code: number) => end(() => reject(new Error(`it has ended: ${code}`))),
    };
    for (const event of ["message", "error", "exit"] as const) from.on(event, listeners[event]);
  });
}

function start(orders: AgentOrders, isProcess: boolean): Told {
  if (isProcess) {
    const child = fork(fileURLToPath(agentMain), [JSON.stringify(orders)]);
    return {
      ready: said(child),
      tell: (window) => {
        child.send(window);
        return said(child) as Promise<WindowAnswer>;
      },
    };
  }
  const worker = new Worker(agentMain, { workerData: orders });
  return {
    ready: said(worker),
    tell: (window) => {
      worker.postMessage(window);
      return said(worker) as Promise<WindowAnswer>;
    },
  };
}

const lowest = (values: readonly number[]): number => Math.min(...values);
/** ns a call of several that run beside each other. */
const together = (answers: readonly WindowAnswer[]): number =>
  1 / answers.reduce((sum, { callNs }) => sum + 1 / callNs, 0);

async function compare(agents: readonly Told[], { windowMs: ms, clock }: StoreRequest): Promise<TwoAnswer> {
  const [first, second] = agents as [Told, Told];
  const rows: TwoAnswer[] = [];
  const both = (keys: WindowOrders["keys"]) =>
    Promise.all([
      first.tell({ does: "get", keys, ms, clock }),
      second.tell({ does: "get", keys, ms, clock }),
    ]);
  const alone = async (keys: WindowOrders["keys"]) =>
    (await first.tell({ does: "get", keys, ms, clock })).callNs;
  for (let window = 0; window <= WINDOWS; window++) {
    const oneNs = await alone("own");
    const twoNs = together(await both("own"));
    const hotOneNs = await alone("hot");
    const hotTwoNs = together(await both("hot"));
    const [reader, writer] = await Promise.all([
      first.tell({ does: "get", keys: "all", ms, clock }),
      second.tell({ does: "set", keys: "all", ms, clock }),
    ]);
    const row = { oneNs, twoNs, hotOneNs, hotTwoNs, besideNs: reader.callNs, writerNs: writer.callNs };
    // The first one compiles.
    if (window > 0) rows.push(row);
  }
  const best = (key: keyof TwoAnswer): number => lowest(rows.map((row) => row[key]));
  return {
    ...{ oneNs: best("oneNs"), twoNs: best("twoNs") },
    ...{ hotOneNs: best("hotOneNs"), hotTwoNs: best("hotTwoNs") },
    ...{ besideNs: best("besideNs"), writerNs: best("writerNs") },
  };
}

export async function twoCase(request: StoreRequest, folder: string): Promise<TwoAnswer> {
  const { peer, count, valueBytes, what } = request;
  const isProcess = what === "processes";
  const spec: StoreSpec = { count, valueBytes, ...((isProcess || peer === "lmdb") && { folder }) };
  const isShared = peer === "lmdb" || peer.startsWith("shared");
  const store = isShared ? await openStore(peer, spec) : undefined;
  if (store !== undefined) await filled(store, count, valueBytes, 1);
  const place = store?.place;
  const agents: Told[] = [];
  for (const number of [0, 1]) {
    const orders = {
      peer,
      number,
      fills: !isShared,
      spec: { ...spec, ...(place !== undefined && { place }) },
    };
    const agent = start(orders, isProcess);
    await agent.ready;
    agents.push(agent);
  }
  const answer = await compare(agents, request);
  await Promise.all(
    agents.map((agent) => agent.tell({ does: "end", keys: "all", ms: 0, clock: "wall" }).catch(() => {})),
  );
  await store?.close();
  return answer;
}
