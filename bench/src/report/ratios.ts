/** One line for each workload: every peer's time beside the subject's, and means over all of them. */
import { geometricMean } from "../measure/summary.ts";
import type { TimeRow } from "../measure/time.ts";

export function ratioLines(rows: readonly TimeRow[], subject: string): string[] {
  const lines: string[] = [];
  const ratios = new Map<string, number[]>();
  for (const workload of new Set(rows.map((row) => row.workload))) {
    const of = rows.filter((row) => row.workload === workload);
    const ours = of.find((row) => row.peer === subject)?.steady?.median;
    if (ours === undefined) continue;
    const parts = of.flatMap((row) => {
      if (!row.steady || row.peer === subject || row.peer.startsWith("floor") || row.stopped) return [];
      const ratio = ours / row.steady.median;
      ratios.set(row.peer, [...(ratios.get(row.peer) ?? []), ratio]);
      return [`${ratio.toFixed(2)}× ${row.peer}`];
    });
    lines.push(
      `${workload.padEnd(24)} ${subject} ${ours.toFixed(1).padStart(6)} ns/op = ${parts.join(", ")}`,
    );
  }
  const means = [...ratios].map(([peer, all]) => `${geometricMean(all).toFixed(2)}× ${peer}`);
  if (means.length > 0) lines.push(`${"geometric mean".padEnd(24)} ${subject} = ${means.join(", ")}`);
  return lines;
}
