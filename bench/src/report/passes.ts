/** Traces by pass: first, second and steady, each over mimalloc's own of the kind, and steady over bare. */
import { geometricMean } from "../measure/summary.ts";
import type { TimeRow } from "../measure/time.ts";
import type { Table } from "./table.ts";

const TRACES = /^(wasm\/)?(replay|whole)\//;
const SUBJECTS = ["offheap", "offheap-fine", "offheap-pool", "c-offheap", "as-offheap"];
export const passKinds = ["first", "second", "steady"] as const;
export type PassKind = (typeof passKinds)[number];

/** One trace, or the mean of several: medians, and the ratio of each to the other peer's of the same kind. */
interface Line {
  readonly name: string;
  readonly ns: readonly (number | undefined)[];
  readonly ratios: readonly (number | undefined)[]; // of `ns`, then steady over bare
}

/** A peer that was stopped has no median, but a bound. */
const median = (row: TimeRow | undefined, kind: PassKind): number | undefined =>
  row?.stopped ? undefined : row?.[kind]?.median;

const over = (ours: number | undefined, theirs: number | undefined): number | undefined =>
  ours === undefined || theirs === undefined ? undefined : ours / theirs;

function line(rows: readonly TimeRow[], workload: string, subject: string): Line {
  const of = (peer: string): TimeRow | undefined =>
    rows.find((row) => row.workload === workload && row.peer === peer);
  const ns = passKinds.map((kind) => median(of(subject), kind));
  const theirs = passKinds.map((kind) => median(of("mimalloc"), kind));
  const bare = over(median(of(subject), "steady"), median(of("bare"), "steady"));
  return { name: workload, ns, ratios: [...ns.map((value, index) => over(value, theirs[index])), bare] };
}

/** The mean of a column is of what stands in it. */
function meanOf(columns: readonly (readonly (number | undefined)[])[]): (number | undefined)[] {
  return columns[0].map((_, index) => {
    const values = columns.flatMap((column) => column[index] ?? []);
    return values.length > 0 ? geometricMean(values) : undefined;
  });
}

const ratio = (value: number | undefined): string => (value === undefined ? "–" : `${value.toFixed(2)}×`);
const time = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(1));

const cells = ({ ns, ratios }: Line): string[] => [
  ...ns.flatMap((value, index) => [time(value), ratio(ratios[index])]),
  ratio(ratios[ns.length]),
];

function subjectLines(rows: readonly TimeRow[], subject: string): string[][] {
  const workloads = rows.filter(({ peer, workload, steady }) => {
    return peer === subject && steady !== undefined && TRACES.test(workload);
  });
  const lines = workloads.map(({ workload }) => line(rows, workload, subject));
  const groups = [...new Set(lines.map(({ name }) => name.slice(0, name.lastIndexOf("/"))))];
  return groups.flatMap((group) => {
    const of = lines.filter(({ name }) => name.startsWith(`${group}/`));
    const mean = {
      name: `mean of ${group}`,
      ns: meanOf(of.map(({ ns }) => ns)),
      ratios: meanOf(of.map(({ ratios }) => ratios)),
    };
    return [...of, ...(of.length > 1 ? [mean] : [])].map((each) => [each.name, subject, ...cells(each)]);
  });
}

export function passesTable(rows: readonly TimeRow[]): Table {
  const kinds = passKinds.flatMap((kind) => [kind, "÷ mimalloc"]);
  return {
    head: ["traces by pass, ns/op", "subject", ...kinds, "steady ÷ bare"],
    body: SUBJECTS.flatMap((subject) => subjectLines(rows, subject)),
  };
}
