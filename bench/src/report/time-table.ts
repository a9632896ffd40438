/** ns an operation: one line for each workload, one column for each peer. */
import type { Spread } from "../measure/summary.ts";
import type { TimeRow } from "../measure/time.ts";
import type { Table } from "./table.ts";

const DETAILED_COLUMNS = 8; // with more, a table for each kind of pass

const number = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

const withSpread = ({ median, min, max }: Spread): string =>
  `${number(median)} ±${((Math.max(max - median, median - min) / median) * 100).toFixed(0)}%`;

type Cell = (row: TimeRow) => string;

const steady: Cell = (row) => `${row.stopped ? ">" : ""}${row.steady ? number(row.steady.median) : "–"}`;
const first: Cell = (row) => (row.first ? number(row.first.median) : "–");
const second: Cell = (row) => (row.second ? number(row.second.median) : "–");
const early: Cell = (row) => (row.second ? `${first(row)}, ${second(row)}` : first(row));
const detailed: Cell = (row) =>
  row.steady && !row.stopped ? `${withSpread(row.steady)} (${early(row)})` : steady(row);

function oneTable(title: string, rows: readonly TimeRow[], cell: Cell): Table {
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const peers = [...new Set(rows.map((row) => row.peer))];
  const find = (workload: string, peer: string): TimeRow | undefined =>
    rows.find((row) => row.workload === workload && row.peer === peer);
  const body = workloads.map((workload) => {
    const cells = peers.map((peer) => find(workload, peer));
    return [workload, ...cells.map((row) => (row ? cell(row) : ""))];
  });
  return { head: [title, ...peers], body };
}

/** For a page: each cell with its spread and early passes, whatever the width. */
export function detailedTable(title: string, rows: readonly TimeRow[]): Table {
  return oneTable(title, rows, detailed);
}

export function timeTables(rows: readonly TimeRow[]): Table[] {
  if (rows.length === 0) return [];
  const peers = new Set(rows.map((row) => row.peer));
  if (peers.size <= DETAILED_COLUMNS)
    return [detailedTable("ns/op: steady ±spread (first, second pass)", rows)];
  const seconds = rows.filter((row) => row.second);
  return [
    oneTable("ns/op, steady passes", rows, steady),
    oneTable("ns/op, first pass", rows, first),
    ...(seconds.length > 0 ? [oneTable("ns/op, second pass", seconds, second)] : []),
  ];
}

/** Why cells are empty, each reason once. */
export function refusalLines(rows: readonly { peer: string; refused?: string }[]): string[] {
  const reasons = new Set(rows.flatMap((row) => (row.refused ? [`${row.peer}: ${row.refused}`] : [])));
  return [...reasons];
}
