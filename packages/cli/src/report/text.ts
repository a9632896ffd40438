// The report for people: one section a trace, and a table of all traces at the end.

import { mostCapacityBytes, type RequestLimit } from "../allocators/adapter.ts";
import type { FillViolation } from "../replay/protocol.ts";
import type { Run } from "../replay/replay.ts";
import {
  isCut,
  isGood,
  isSound,
  type ReplayResults,
  type StreamFacts,
  type TraceFacts,
  type TraceResult,
} from "../results.ts";
import type { Tally } from "../trace/trace.ts";
import { bytes, count, nanoseconds, plural, ratio, table } from "./format.ts";

const allSound = "Every object kept its fill, and check() found nothing.";
/** Violations of one run are many when there is one. */
const violationsShown = 10;

/** `limit` is undefined when nothing could be replayed. */
export function traceText(result: TraceResult, limit: RequestLimit | undefined): string {
  const { trace, stream, runs, error } = result;
  const lines = [trace ? `${trace.name}  (${result.path})` : result.path];
  if (trace && stream) lines.push(...operationLines(trace, stream, limit?.reason), ...problemLines(trace));
  if (runs.length > 0) lines.push("", runTable(runs));
  for (const run of runs) lines.push(...violationLines(run));
  const last = runs.at(-1);
  if (last?.space) {
    const { objects, bytes: held } = last.space.largeAtPeak;
    lines.push("", `  slabs at the peak, ${plural(last.workers, "worker")}`, classTable(last));
    if (objects > 0) lines.push(`  and ${plural(objects, "larger object")} in ${bytes(held)}`);
  }
  if (error) lines.push(`  failed: ${error.message}`);
  return `${lines.join("\n")}\n`;
}

export function summaryText({ traces }: ReplayResults): string {
  const head = [
    "trace",
    "workers",
    "operations",
    "first pass",
    "steady",
    "footprint / peak",
    "fragmentation",
    "verdict",
  ];
  const rows = traces.flatMap(({ runs, path, trace, stream }) =>
    runs.length === 0
      ? [[trace?.name ?? path, "", "", "", "", "", "", "failed"]]
      : runs.map((run) => [
          trace?.name ?? path,
          count(run.workers),
          count(stream?.operations ?? 0),
          nanoseconds(run.firstPassNs),
          nanoseconds(run.steadyMedianNs),
          ratio(run.space?.footprintRatio ?? Number.NaN),
          ratio(run.space?.internalFragmentation ?? Number.NaN),
          isSound(run) ? "ok" : "VIOLATED",
        ]),
  );
  const bad = traces.filter((result) => !isGood(result)).length;
  const sound = bad > 0 ? `${plural(bad, "trace")} of ${traces.length} not replayed soundly.` : allSound;
  const cut = traces.filter(isCut).length;
  const verdict =
    cut > 0
      ? `${sound}\n${plural(cut, "trace")} of ${traces.length} damaged or cut off, replayed up to there.`
      : sound;
  const note =
    "ns an operation, the write of one word into each object included; a reallocation is one operation.";
  return `${table([head, ...rows])}\n\n${verdict}\n${note}\n`;
}

function operationLines(trace: TraceFacts, stream: StreamFacts, limitReason = ""): string[] {
  const { passedOver } = stream;
  const lines = [
    `  ${plural(trace.operations, "operation")}: ${plural(trace.allocations, "allocation")}, ` +
      `${plural(trace.frees, "free")}, ${plural(trace.reallocations, "reallocation")}; ` +
      `${count(trace.liveAtEnd)} live at the end`,
  ];
  const { requests, limitBytes, largestBytes, beyondAnyHeap } = passedOver;
  if (requests > 0) {
    lines.push(
      `  ${plural(requests, "request")} over ${bytes(limitBytes)} passed over ${limitReason} ` +
        `(the largest ${bytes(largestBytes)}; ${plural(passedOver.operations, "operation")} less)`,
    );
    if (beyondAnyHeap > 0)
      lines.push(
        `    ${count(beyondAnyHeap)} of them over ${bytes(mostCapacityBytes)}, which no heap serves`,
      );
  } else lines.push("  no request passed over");
  lines.push(
    `  live at the peak, for each worker: ${bytes(stream.peakLiveBytes)}; the most objects: ${count(stream.peakLiveObjects)}`,
  );
  return lines;
}

function problemLines({ problems }: TraceFacts): string[] {
  const { truncated, malformedLines, unknownFrees, missingFrees, failedRequests, zeroByteRequests } =
    problems;
  const lines: string[] = [];
  if (truncated) lines.push(`  truncated: ${truncated}; replayed as far as it goes`);
  lines.push(...tallyLines(malformedLines, "malformed line", ""));
  lines.push(...tallyLines(unknownFrees, "free", " of an unknown address"));
  lines.push(...tallyLines(missingFrees, "allocation", " of an address that was live, freed before"));
  if (failedRequests > 0) lines.push(`  ${plural(failedRequests, "request")} that had failed, left out`);
  if (zeroByteRequests > 0)
    lines.push(`  ${plural(zeroByteRequests, "request")} of zero bytes, taken as one byte`);
  return lines;
}

function tallyLines(tally: Tally, noun: string, what: string): string[] {
  if (tally.count === 0) return [];
  const lines = tally.first.map(({ line, reason }) => `    line ${count(line)}: ${reason}`);
  const more = tally.count - tally.first.length;
  if (more > 0) lines.push(`    and ${count(more)} more`);
  return [`  ${plural(tally.count, noun)}${what}`, ...lines];
}

function runTable(runs: readonly Run[]): string {
  const row = (label: string, cell: (run: Run) => string) => [label, ...runs.map(cell)];
  const space = (label: string, cell: (space: NonNullable<Run["space"]>) => string) =>
    row(label, (run) => (run.space ? cell(run.space) : "–"));
  return table([
    row("", (run) => plural(run.workers, "worker")),
    row("first pass, an operation", (run) => nanoseconds(run.firstPassNs)),
    row("steady median, an operation", (run) => nanoseconds(run.steadyMedianNs)),
    row("  of steady passes", (run) => count(Math.max(run.passNs.length - 1, 0))),
    row("  from", (run) => nanoseconds(run.steadyMinNs)),
    row("  to", (run) => nanoseconds(run.steadyMaxNs)),
    row("each object read before its free", (run) => nanoseconds(run.checkedMedianNs)),
    space("peak live bytes", (each) => bytes(each.peakLiveBytes)),
    space("footprint", (each) => bytes(each.footprintBytes)),
    space("footprint / peak", (each) => ratio(each.footprintRatio)),
    space("internal fragmentation", (each) => ratio(each.internalFragmentation)),
    space("held after all is freed", (each) => bytes(each.heldBytes)),
    row("fill of every object", (run) => (run.fillViolations.length === 0 ? "kept" : "LOST")),
    row("check()", (run) =>
      run.heapViolations.length === 0 ? "[]" : plural(run.heapViolations.length, "violation"),
    ),
  ]);
}

function classTable(run: Run): string {
  const classes = run.space?.classesAtPeak ?? [];
  const rows = classes.map(({ objectSize, slabs, live, cached, free }) =>
    [objectSize, slabs, live, cached, free].map(count),
  );
  return table([["object size", "slabs", "live", "cached", "free"], ...rows]);
}

function violationLines(run: Run): string[] {
  const all = [...run.fillViolations.map(fillText), ...run.heapViolations];
  const lines = all
    .slice(0, violationsShown)
    .map((text) => `  VIOLATION (${plural(run.workers, "worker")}): ${text}`);
  return all.length > violationsShown
    ? [...lines, `  and ${count(all.length - violationsShown)} more`]
    : lines;
}

export function fillText({ worker, pass, from, to, address }: FillViolation): string {
  const when =
    from === to ? "freed after the last operation" : `freed by the operations ${count(from)} to ${count(to)}`;
  const which = address === undefined ? "an object" : `the object at ${address}`;
  return `worker ${worker}, ${pass} pass: ${which} ${when} had lost its fill`;
}
