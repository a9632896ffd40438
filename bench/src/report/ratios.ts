/** One line for each workload: the subject's time over every other's, and a mean for each group of them. */
import { geometricMean } from "../measure/summary.ts";
import type { TimeRow } from "../measure/time.ts";
import { javascriptIds } from "../peers/ids.ts";

const COLUMN = 26;
/** Their factors stand among the claims. */
const left = new Set<string>(["floor", "floor-native", ...javascriptIds]);

interface Ratios {
  readonly workload: string;
  readonly ns: number;
  readonly over: readonly (readonly [peer: string, ratio: number])[];
}

function ratiosOf(rows: readonly TimeRow[], subject: string): Ratios[] {
  return rows.flatMap(({ workload, peer, steady: ours }) => {
    if (peer !== subject || !ours) return [];
    const over = rows.flatMap((row) => {
      const { steady, stopped } = row;
      const other = row.workload === workload && row.peer !== subject && !left.has(row.peer);
      return other && steady && !stopped ? [[row.peer, ours.median / steady.median] as const] : [];
    });
    return [{ workload, ns: ours.median, over }];
  });
}

const show = (over: Ratios["over"]): string =>
  over.map(([peer, ratio]) => `${ratio.toFixed(2)}× ${peer}`).join(", ");

function meanLine(group: string, of: readonly Ratios[], subject: string): string {
  const peers = [...new Set(of.flatMap(({ over }) => over.map(([peer]) => peer)))];
  const means = peers.map((peer) => {
    const all = of.flatMap(({ over }) => over.filter(([other]) => other === peer).map(([, ratio]) => ratio));
    return [peer, geometricMean(all)] as const;
  });
  return `${`mean of ${group}`.padEnd(COLUMN)} ${subject}${" ".repeat(10)} = ${show(means)}`;
}

export function ratioLines(rows: readonly TimeRow[], subject: string): string[] {
  const all = ratiosOf(rows, subject).filter(({ over }) => over.length > 0);
  const groups = [...new Set(all.map(({ workload }) => workload.split("/")[0]))];
  return groups.flatMap((group) => {
    const of = all.filter(({ workload }) => workload.startsWith(`${group}/`));
    const lines = of.map(
      ({ workload, ns, over }) =>
        `${workload.padEnd(COLUMN)} ${subject} ${ns.toFixed(1).padStart(6)} ns = ${show(over)}`,
    );
    return of.length > 1 ? [...lines, meanLine(group, of, subject)] : lines;
  });
}
