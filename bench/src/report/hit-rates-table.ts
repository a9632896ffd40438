/** A row for each stream and size of the cache, a column for each policy: hits of a hundred requests. */
import type { HitRatesRow } from "../measure/hit-rates.ts";
import type { Table } from "./table.ts";

export function hitRatesTable(rows: readonly HitRatesRow[]): Table {
  const measured = rows.filter(({ hitRate }) => hitRate !== undefined);
  const peers = [...new Set(measured.map(({ peer }) => peer))];
  const lines = new Map(measured.map((row) => [`${row.workload} ${row.share}`, row]));
  const body = [...lines.values()].map(({ workload, share = 0, capacity }) => {
    const cells = peers.map((peer) => {
      const row = measured.find(
        (each) => each.workload === workload && each.share === share && each.peer === peer,
      );
      return row?.hitRate === undefined ? "–" : (100 * row.hitRate).toFixed(1);
    });
    return [workload, `${100 * share} %`, `${capacity}`, ...cells];
  });
  return { head: ["hits, %", "of the keys", "entries", ...peers], body };
}
