/** ns an operation, one line for each workload and one column for each peer: steady, and first pass behind it. */
import type { Spread } from "../measure/summary.ts";
import type { TimeRow } from "../measure/time.ts";
import { textTable } from "./text-table.ts";

const number = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

const withSpread = ({ median, min, max }: Spread): string =>
  `${number(median)} ±${((Math.max(max - median, median - min) / median) * 100).toFixed(0)}%`;

function cell(row: TimeRow | undefined): string {
  if (!row || row.refused !== undefined || !row.steady) return "–";
  if (row.stopped) return `>${number(row.steady.median)}`;
  return `${withSpread(row.steady)} (${number(row.first?.median ?? 0)})`;
}

export function timeTable(rows: readonly TimeRow[]): string {
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const peers = [...new Set(rows.map((row) => row.peer))];
  const body = workloads.map((workload) => [
    workload,
    ...peers.map((peer) => cell(rows.find((row) => row.workload === workload && row.peer === peer))),
  ]);
  return textTable(["ns/op, steady ±spread (first)", ...peers], body);
}

/** Why cells are empty, each reason once. */
export function refusalLines(rows: readonly { peer: string; refused?: string }[]): string[] {
  const reasons = new Set(rows.flatMap((row) => (row.refused ? [`${row.peer}: ${row.refused}`] : [])));
  return [...reasons];
}
