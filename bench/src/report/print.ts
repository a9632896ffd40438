/** A run's report: for the terminal as text, and as a page of Markdown from which the README takes its tables. */
import type { Peer } from "../measure/cases.ts";
import type { Results } from "../measure/plan.ts";
import { javascriptIds } from "../peers/ids.ts";
import { claims } from "./claims.ts";
import { goals } from "./goals.ts";
import { hitRatesTable } from "./hit-rates-table.ts";
import type { Machine } from "./machine.ts";
import {
  gcTable,
  heapsTable,
  messagesTable,
  pauseTable,
  processesTable,
  recordsTable,
  spaceTable,
} from "./other-tables.ts";
import { passesTable } from "./passes.ts";
import { ratioLines } from "./ratios.ts";
import { storeTables } from "./store-tables.ts";
import { asMarkdown, asText, type Table } from "./table.ts";
import { detailedTable, refusalLines, timeTables } from "./time-table.ts";

function claimsTable(results: Results): Table {
  const body = claims(results).map(({ what, today, before, after, unit, factor }) => [
    ...[what, today, `${before.toFixed(2)} ${unit}`, `${after.toFixed(2)} ${unit}`, `${factor.toFixed(1)}×`],
  ]);
  return { head: ["the plain claims", "today", "before", "after", "factor"], body };
}

const ratio = (value: number): string => `${value.toFixed(2)}×`;

function goalsTable(results: Results): Table {
  const body = goals(results).map((goal) => [
    ...[goal.what, goal.subject, `${goal.ours.toFixed(1)} ${goal.unit}`],
    ...[goal.against, `${goal.theirs.toFixed(1)} ${goal.unit}`],
    ...[ratio(goal.ratio), `≤ ${ratio(goal.limit)}`, goal.met ? "met" : "missed"],
    goal.workloads > 1 ? `worst of ${goal.workloads}: ${goal.worst} ${ratio(goal.worstRatio)}` : goal.worst,
  ]);
  return { head: ["goal", "subject", "median", "against", "median", "ratio", "limit", "", ""], body };
}

const otherTables = (results: Results): Table[] =>
  [
    passesTable(results.time),
    heapsTable(results.heaps),
    spaceTable(results.space),
    pauseTable(results.pause),
    gcTable(results.gc),
    recordsTable(results.records),
    messagesTable(results.messages),
    processesTable(results.processes),
    hitRatesTable(results.hitRates),
    ...storeTables(results.stores),
    claimsTable(results),
    goalsTable(results),
  ].filter(({ body }) => body.length > 0);

function reasons(
  { time, space, pause, gc, heaps, records, messages, processes, hitRates, stores }: Results,
  mark: string,
): string[] {
  return [
    refusalLines([
      ...time,
      ...space,
      ...pause,
      ...gc,
      ...heaps,
      ...records,
      ...messages,
      ...processes,
      ...hitRates,
      ...stores,
    ])
      .map((line) => `${mark} ${line}`)
      .join("\n"),
  ];
}

export function asTerminal(results: Results): string {
  const blocks = [
    ...timeTables(results.time).map(asText),
    ...["offheap", "offheap-fine", "offheap-pool", "c-offheap", "as-offheap"].map((subject) =>
      ratioLines(results.time, subject).join("\n"),
    ),
    ...otherTables(results).map(asText),
    ...reasons(results, "–"),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

export function asPage(results: Results, machine: Machine, peers: readonly Peer[], command: string): string {
  const javascript = new Set<string>(javascriptIds);
  const native = results.time.filter(({ peer }) => !javascript.has(peer));
  const today = results.time.filter(
    ({ peer }) => javascript.has(peer) || peer === "offheap" || peer === "floor",
  );
  const loops = today.filter(({ workload }) => /^(pair|batch|replace|replay)/.test(workload));
  const { cpu, cores, system, node, compiler, transparentHugePages, load } = machine;
  const where = [
    `${cpu}, ${cores} cores`,
    system,
    `Node ${node}`,
    compiler,
    `huge pages: ${transparentHugePages}`,
  ];
  const blocks = [
    `Measured with \`${command}\` on ${where.join("; ")}; load average ${load.join(" at the start, ")} at the end.`,
    "Cells: median of the steady passes in ns an operation, ± the spread over the rounds, (first and second pass).",
    peers.map(({ id, title }) => `${id}: ${title}`).join("; "),
    ...(native.length > 0 ? [asMarkdown(detailedTable("against native allocators", native))] : []),
    ...(loops.length > 0 ? [asMarkdown(detailedTable("against what JavaScript uses", loops))] : []),
    ...otherTables(results).map(asMarkdown),
    ...reasons(results, "-"),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}
