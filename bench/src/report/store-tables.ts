/** Tables of maps and caches: each kind of call, memory and pauses, two at once, and hit rates at equal bytes. */
import type { StoreRow } from "../measure/stores.ts";
import type { StoreFigures } from "../stores/protocol.ts";
import type { Table } from "./table.ts";

type Column = readonly [title: string, show: (figures: StoreFigures) => string];

const none = "–";
const whole = (value: number): string => Math.round(value).toLocaleString("en");
const short = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

const ns = (title: string, key: keyof StoreFigures): Column => [
  title,
  ({ [key]: value }) => (value === undefined ? none : whole(value)),
];
const ms = (title: string, key: keyof StoreFigures): Column => [
  title,
  ({ [key]: value }) => (value === undefined ? none : short(value)),
];
/** How many times as many calls two make as one. */
const scaling = (one: keyof StoreFigures, two: keyof StoreFigures): Column => [
  "two ÷ one",
  ({ [one]: alone = 0, [two]: both = 1 }) => `${(alone / both).toFixed(2)}×`,
];

const callColumns: readonly Column[] = [
  ...[ns("get, known key", "hitNs"), ns("get, fresh key", "freshNs"), ns("its slice alone", "sliceNs")],
  ...[ns("get, miss", "missNs"), ns("has", "hasNs"), ns("read", "readNs"), ns("getInto", "intoNs")],
  ...[ns("set, replaces", "replaceNs"), ns("set, new", "newNs")],
];

const liveColumns: readonly Column[] = [
  ns("bytes an entry", "entryBytes"),
  ...[ms("longest set of the fill, ms", "fillLongestMs"), ms("own", "fillOwnMs")],
  ...[ms("… without GC", "fillCallMs"), ms("GC", "fillGcMs")],
  ...[ns("a call, ns: p50", "p50Ns"), ns("p99.9", "p999Ns")],
  ...[
    ms("longest, ms", "longestMs"),
    ms("own", "ownMs"),
    ms("… without GC", "callMs"),
    ms("GC", "gcMs"),
    ms("full GC", "fullGcMs"),
  ],
];

const twoColumns: readonly Column[] = [
  ...[ns("get, one", "oneNs"), ns("two, other keys", "twoNs"), scaling("oneNs", "twoNs")],
  ...[ns("get of 64 keys, one", "hotOneNs"), ns("two, the same", "hotTwoNs")],
  ...[scaling("hotOneNs", "hotTwoNs"), ns("get beside a writer", "besideNs"), ns("its set", "writerNs")],
];

const splitColumns: readonly Column[] = [
  ["an entry counts its key and value", ({ hits = 0 }) => hits.toFixed(1)],
  ["… what it takes", ({ hitsResident = 0 }) => hitsResident.toFixed(1)],
];

function tableOf(
  title: string,
  columns: readonly Column[],
  kinds: readonly StoreRow["what"][],
  rows: readonly StoreRow[],
): Table {
  const body = rows.flatMap(({ workload, peer, what, figures }) =>
    figures && kinds.includes(what) ? [[workload, peer, ...columns.map(([, show]) => show(figures))]] : [],
  );
  return { head: [title, "peer", ...columns.map(([name]) => name)], body };
}

/** In a column where no peer has a figure there is nothing to read: `read` of a cache. */
function withoutEmpty({ head, body }: Table): Table {
  const taken = head.map((_, column) => body.some((row) => row[column] !== none));
  const keep = (row: readonly string[]): string[] => row.filter((_, column) => taken[column]);
  return { head: keep(head), body: body.map(keep) };
}

export function storeTables(rows: readonly StoreRow[]): Table[] {
  return [
    tableOf("ns a call", callColumns, ["calls"], rows),
    tableOf("while all live", liveColumns, ["live"], rows),
    tableOf("two at once, ns a call", twoColumns, ["workers", "processes"], rows),
    tableOf("hits, %", splitColumns, ["split"], rows),
  ].map(withoutEmpty);
}
