// Numbers and tables for people.

import Table from "cli-table3";
import prettyBytes from "pretty-bytes";

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function bytes(value: number): string {
  return prettyBytes(value, { binary: true, maximumFractionDigits: 2 });
}

export function nanoseconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(1)} ns`;
}

export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : "–";
}

/** `1 request`, `2 requests`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Columns without lines: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const none = "";
  const columns = Math.max(...rows.map((row) => row.length));
  const layout = new Table({
    // biome-ignore format: one table
    chars: {
      top: none, "top-mid": none, "top-left": none, "top-right": none,
      bottom: none, "bottom-mid": none, "bottom-left": none, "bottom-right": none,
      left: "  ", "left-mid": none, mid: none, "mid-mid": none, right: none, "right-mid": none, middle: "   ",
    },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    colAligns: Array.from({ length: columns }, (_, column) => (column === 0 ? "left" : "right")),
  });
  layout.push(...rows.map((row) => [...row]));
  return layout
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
