/** SVG plots of a run, drawn without a browser. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Results } from "../measure/plan.ts";
import type { TimeRow } from "../measure/time.ts";
import { javascriptIds } from "../peers/ids.ts";

const { document } = parseHTML("<html><body></body></html>");

/** No legend and no title: with them the plot would be a page, not a drawing. */
function svg(options: Plot.PlotOptions): string {
  const figure = Plot.plot({
    ...{ width: 1000, style: { background: "white" }, color },
    ...options,
    document: document as unknown as Document,
  });
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${figure.outerHTML}\n`;
}

const ORDER = ["offheap", "offheap-fine", "offheap-pool", "glibc", "mimalloc", "jemalloc", "gperftools"];

/** A peer has the same colour in every plot: the subject stands out, the floors are grey. */
const color: Plot.ScaleOptions = {
  domain: [...ORDER, ...javascriptIds, "floor", "floor-native", "bare"],
  range: [
    ...["#d62728", "#ff7f0e", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#7f7f00"],
    ...["#1f77b4", "#17becf", "#7fc3d6", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#bcbd22"],
    ...["#999999", "#bbbbbb", "#666666"],
  ],
};

const LEGEND_HEIGHT = 40;
const LEGEND_STEP = 112;
const LEGEND_COLUMNS = 7;

/** The peers' names in their colours, in a row above the frame. */
function legend(data: readonly { readonly peer: string }[]): Plot.Text[] {
  const peers = [...new Set(data.map(({ peer }) => peer))];
  return peers.map((peer, index) =>
    Plot.text([{ peer }], {
      ...{ text: () => `● ${peer}`, fill: "peer", fontSize: 11, textAnchor: "start" as const },
      ...{
        frameAnchor: "top-left" as const,
        dx: (index % LEGEND_COLUMNS) * LEGEND_STEP,
        dy: 5 - LEGEND_HEIGHT + Math.floor(index / LEGEND_COLUMNS) * 16,
      },
    }),
  );
}

interface Point {
  readonly workload: string;
  readonly peer: string;
  readonly ns: number;
  readonly low: number;
  readonly high: number;
}

function points(rows: readonly TimeRow[]): Point[] {
  return rows.flatMap(({ workload, peer, steady, stopped }) =>
    steady && !stopped ? [{ workload, peer, ns: steady.median, low: steady.min, high: steady.max }] : [],
  );
}

/** Logarithmic dots with their spread: a line for each workload, a colour for each peer. */
function dots(rows: readonly TimeRow[], label: string): string | undefined {
  const data = points(rows).filter(({ peer }) => peer !== "floor-native");
  const workloads = [...new Set(data.map(({ workload }) => workload))];
  if (workloads.length === 0) return undefined;
  const y = "workload";
  return svg({
    ...{
      marginLeft: 170,
      marginTop: LEGEND_HEIGHT,
      height: 40 + LEGEND_HEIGHT + workloads.length * 26,
      grid: true,
    },
    x: { type: "log", label: `${label}: ns an operation →`, tickFormat: "~s" },
    y: { label: null, domain: workloads },
    marks: [
      Plot.ruleY(data, { x1: "low", x2: "high", y, stroke: "peer", strokeWidth: 3, strokeOpacity: 0.4 }),
      Plot.dot(data, {
        x: "ns",
        y,
        stroke: "peer",
        fill: "peer",
        r: (d: Point) => (d.peer.startsWith("offheap") ? 5 : 3),
      }),
      ...legend(data),
    ],
  });
}

function bars(
  rows: readonly { workload: string; peer: string; value: number }[],
  label: string,
): string | undefined {
  if (rows.length === 0) return undefined;
  const peers = new Set(rows.map(({ peer }) => peer));
  const workloads = new Set(rows.map(({ workload }) => workload));
  return svg({
    ...{ marginLeft: 110, marginRight: 190, height: 40 + workloads.size * (peers.size * 14 + 16) },
    x: { label, grid: true },
    y: { label: null, domain: [...peers] },
    fy: { label: null },
    marks: [
      Plot.barX(rows, { x: "value", y: "peer", fy: "workload", fill: "peer" }),
      Plot.text(rows, {
        x: "value",
        y: "peer",
        fy: "workload",
        text: (d) => d.value.toFixed(2),
        dx: 14,
        fontSize: 9,
      }),
    ],
  });
}

function growthLines(rows: readonly TimeRow[]): string | undefined {
  const data = points(rows).flatMap((point) => {
    const live = Number(point.workload.split("/")[1]);
    return Number.isNaN(live) ? [] : [{ ...point, live }];
  });
  if (data.length === 0) return undefined;
  return svg({
    ...{ height: 420, marginTop: LEGEND_HEIGHT, grid: true },
    x: { type: "log", label: "live objects →", tickFormat: "~s" },
    y: { type: "log", label: "↑ ns an operation" },
    marks: [Plot.line(data, { x: "live", y: "ns", stroke: "peer", marker: true }), ...legend(data)],
  });
}

/** A plot for each part that was measured, by name. */
export async function plots({ time, space, pause }: Results): Promise<Record<string, string>> {
  const native = (pattern: RegExp): TimeRow[] =>
    time.filter(({ workload, peer }) => pattern.test(workload) && (ORDER.includes(peer) || peer === "floor"));
  const beside: readonly string[] = [...ORDER.slice(0, 3), ...javascriptIds, "floor", "bare"];
  const javascript = time.filter(
    ({ workload, peer }) => /^(pair|batch|replace)/.test(workload) && beside.includes(peer),
  );
  const held = space.flatMap(({ workload, peer, highestBytes, peakRequestedBytes }) =>
    highestBytes && peakRequestedBytes && ORDER.includes(peer)
      ? [{ workload, peer, value: highestBytes / peakRequestedBytes }]
      : [],
  );
  const tails = pause.flatMap(({ workload, peer, p999 }) =>
    p999 ? [{ workload, peer, value: p999 / 1000 }] : [],
  );
  const drawn = {
    loops: dots(native(/^(pair|batch|replace)\//), "Loops against native allocators"),
    javascript: dots(javascript, "Loops against what JavaScript uses instead"),
    replay: dots(native(/^replay\//), "Traces of real programs"),
    threads: dots(native(/^threads\//), "Two workers against two native threads"),
    growth: growthLines(native(/^growth\//)),
    space: bars(held, "memory held ÷ peak of requested bytes →"),
    pauses: bars(tails, "p99.9 of one operation, µs →"),
  };
  return Object.fromEntries(Object.entries(drawn).flatMap(([name, text]) => (text ? [[name, text]] : [])));
}
