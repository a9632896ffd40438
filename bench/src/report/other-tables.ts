/** Tables of memory held, of single operations, of the collector's time, and of a loop's heaps. */
import type { GcRow } from "../measure/gc.ts";
import type { HeapsRow } from "../measure/heaps.ts";
import type { MessagesRow } from "../measure/messages.ts";
import type { PauseRow } from "../measure/pause.ts";
import type { ProcessesRow } from "../measure/processes.ts";
import type { RecordsRow } from "../measure/records.ts";
import type { SpaceRow } from "../measure/space.ts";
import type { Table } from "./table.ts";

const MIB = 2 ** 20;
const mib = (bytes: number | undefined): string => (bytes === undefined ? "" : (bytes / MIB).toFixed(1));
const ratio = (value: number): string => `${value.toFixed(2)}×`;
const ms = (value: number | undefined): string =>
  value === undefined ? "–" : value.toFixed(value < 10 ? 1 : 0);
const ns = (value: number | undefined): string =>
  value === undefined ? "–" : Math.round(value).toLocaleString("en");

/** What was not measured is named below the tables, with the reason. */
function measured<T extends { refused?: string }>(rows: readonly T[]): T[] {
  return rows.filter((row) => row.refused === undefined);
}

export function spaceTable(rows: readonly SpaceRow[]): Table {
  const head = [
    "memory held, MiB",
    "peer",
    "requested",
    "highest",
    "ratio",
    "books",
    "freed",
    "cleaned",
    "in slabs",
  ];
  const body = measured(rows).map((row) => {
    const { workload, peer, peakRequestedBytes = 0, highestBytes = 0 } = row;
    const cells = [mib(peakRequestedBytes), mib(highestBytes), ratio(highestBytes / peakRequestedBytes)];
    const ends = [row.touchedBookBytes, row.freedBytes, row.cleanedBytes, row.cleanedSpanBytes].map(mib);
    return [workload, peer, ...cells, ...ends];
  });
  return { head, body };
}

export function pauseTable(rows: readonly PauseRow[]): Table {
  const head = ["one operation, ns (clock included)", "peer", "p50", "p99", "p99.9", "max", "worst"];
  const body = measured(rows).map(({ workload, peer, p50, p99, p999, max, worst }) => [
    ...[workload, peer],
    ...[p50, p99, p999, max, worst].map(ns),
  ]);
  return { head, body };
}

export function gcTable(rows: readonly GcRow[]): Table {
  const head = [
    "ms",
    "peer",
    "fill",
    "of it GC",
    "work",
    "of it GC",
    "longest GC",
    "full GC",
    "resident MiB",
  ];
  const body = measured(rows).map((row) => [
    ...[row.workload, row.peer],
    ...[row.fillMs, row.fillGcMs, row.workMs, row.workGcMs, row.longestGcMs, row.fullGcMs].map(ms),
    mib(row.residentBytes),
  ]);
  return { head, body };
}

export function heapsTable(rows: readonly HeapsRow[]): Table {
  const head = ["one loop, steady ns/op", "peer", "first heap", "second", "third", "third ÷ first"];
  const body = measured(rows).map(({ workload, peer, heaps = [] }) => {
    const medians = heaps.map(({ median }) => median);
    return [workload, peer, ...medians.map((median) => median.toFixed(1)), ratio(medians[2] / medians[0])];
  });
  return { head, body };
}

export function recordsTable(rows: readonly RecordsRow[]): Table {
  const head = [
    "ns a record",
    "peer",
    "create",
    "read",
    "write",
    "look up, read",
    "look up, write",
    "iterate",
    "free",
    "resident MiB",
    "GC in create, ms",
    "full GC, ms",
  ];
  const body = measured(rows).map((row) => {
    const times = [
      row.createNs,
      row.readNs,
      row.writeNs,
      row.lookUpNs,
      row.lookUpWriteNs,
      row.iterateNs,
      row.freeNs,
    ];
    return [
      ...[row.workload, row.peer],
      ...times.map((time) => time?.toFixed(1) ?? "–"),
      ...[mib(row.residentBytes), ms(row.fillGcMs), ms(row.fullGcMs)],
    ];
  });
  return { head, body };
}

export function messagesTable(rows: readonly MessagesRow[]): Table {
  const head = ["messages", "peer", "ns each", "there and back, ns: p50", "p99", "GC of a pass, ms"];
  const body = measured(rows).map(({ workload, peer, messageNs, p50Ns, p99Ns, gcMs }) => [
    ...[workload, peer],
    ...[messageNs, p50Ns, p99Ns].map(ns),
    ms(gcMs),
  ]);
  return { head, body };
}

export function processesTable(rows: readonly ProcessesRow[]): Table {
  const head = ["processes", "peer", "ns", "there and back, ns: p50", "p99"];
  const body = measured(rows).map((row) => [
    ...[row.workload, row.peer],
    ...[row.ns, row.p50Ns, row.p99Ns].map(ns),
  ]);
  return { head, body };
}
