/** What a worker, or a process of its own, does with a store when it is told: call for a while, and say how often it did. */

import { filled, setAll, valuesFor } from "./calls.ts";
import { drawn, keyText } from "./content.ts";
import { openStore } from "./open.ts";
import type { StorePeer } from "./protocol.ts";
import type { Store, StoreSpec } from "./store.ts";
import { threadTime } from "./thread-time.ts";

export interface AgentOrders {
  readonly peer: StorePeer;
  readonly spec: StoreSpec;
  readonly number: number; // of the agent: 0 or 1
  /** Whether it makes a copy of its own, as nothing is shared. */
  readonly fills: boolean;
}

export interface WindowOrders {
  readonly does: "get" | "set" | "end";
  readonly keys: "all" | "own" | "hot";
  readonly ms: number;
  readonly clock: "wall" | "cpu";
}

export interface WindowAnswer {
  readonly callNs: number; // by the wall's clock, or the thread's
}

const MOST_KEYS = 2 ** 18;
const HOT = 64;
const SLICE = 512;

export interface Agent {
  run(orders: WindowOrders): Promise<WindowAnswer>;
  close(): unknown;
}

/** The keys of one agent: all, every other one, or the first few. */
function keysFor(keys: readonly string[], number: number) {
  const shuffled = Array.from(drawn(keys.length, keys.length, 31), (at) => keys[at] as string);
  const own = keys.filter((_, at) => at % 2 === number);
  return {
    all: shuffled,
    own: Array.from(drawn(keys.length, own.length, 32 + number), (at) => own[at] as string),
    hot: Array.from(drawn(SLICE * 8, Math.min(HOT, keys.length), 33), (at) => keys[at] as string),
  };
}

function slicesOf(keys: readonly string[]): string[][] {
  const slices: string[][] = [];
  for (let at = 0; at < keys.length; at += SLICE) slices.push(keys.slice(at, at + SLICE));
  return slices;
}

function getSlice({ get }: Store, keys: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) sum += get(keys[i] as string)?.length ?? 0;
  return sum;
}

export async function agentOf({ peer, spec, number, fills }: AgentOrders): Promise<Agent> {
  const store = await openStore(peer, spec);
  const { count, valueBytes } = spec;
  const most = Math.min(count, MOST_KEYS);
  const stride = Math.ceil(count / most);
  const known = fills
    ? await filled(store, count, valueBytes, most)
    : Array.from({ length: Math.ceil(count / stride) }, (_, at) => keyText(at * stride));
  const { all, own, hot } = keysFor(known, number);
  const rows = { all: slicesOf(all), own: slicesOf(own), hot: slicesOf(hot) };
  const values = valuesFor(valueBytes);
  return {
    async run({ does, keys, ms, clock }) {
      const slices = rows[keys];
      let [calls, sum] = [0, 0];
      const [ranBefore] = threadTime();
      const began = performance.now();
      let now = began;
      for (let at = 0; now - began < ms; at = (at + 1) % slices.length) {
        const slice = slices[at] as string[];
        if (does === "get") sum += getSlice(store, slice);
        else setAll(store, slice, 1, values);
        if (does === "set") await store.committed?.();
        calls += slice.length;
        now = performance.now();
      }
      if (does === "get" && sum !== calls * valueBytes)
        throw new Error(`${sum} characters in ${calls} calls`);
      const ns = clock === "cpu" ? threadTime()[0] - ranBefore : (now - began) * 1e6;
      return { callNs: ns / calls };
    },
    close: () => store.close(),
  };
}
