/** Everything that goes to the terminal at the end of a run. */
import type { Results } from "../measure/plan.ts";
import { claims } from "./claims.ts";
import { goals } from "./goals.ts";
import { gcTable, pauseTable, spaceTable } from "./other-tables.ts";
import { ratioLines } from "./ratios.ts";
import { textTable } from "./text-table.ts";
import { refusalLines, timeTables } from "./time-table.ts";

function claimsTable(results: Results): string[] {
  const body = claims(results).map(({ what, today, before, after, unit, factor }) => [
    ...[what, today, `${before.toFixed(2)} ${unit}`, `${after.toFixed(2)} ${unit}`, `${factor.toFixed(1)}×`],
  ]);
  return body.length > 0 ? [textTable(["the plain claims", "today", "before", "after", "factor"], body)] : [];
}

function goalsTable(results: Results): string[] {
  const body = goals(results).map(({ what, subject, value, limit, detail }) => [
    ...[
      what,
      subject,
      `${value.toFixed(2)}×`,
      `≤ ${limit.toFixed(2)}×`,
      value <= limit ? "met" : "missed",
      detail,
    ],
  ]);
  return body.length > 0 ? [textTable(["goal", "subject", "value", "limit", "", ""], body)] : [];
}

export function printResults(results: Results): void {
  const { time, space, pause, gc } = results;
  const blocks = [
    ...timeTables(time),
    ...["offheap", "offheap-fine"].map((subject) => ratioLines(time, subject).join("\n")),
    ...(space.length > 0 ? [spaceTable(space)] : []),
    ...(pause.length > 0 ? [pauseTable(pause)] : []),
    ...(gc.length > 0 ? [gcTable(gc)] : []),
    ...claimsTable(results),
    ...goalsTable(results),
    refusalLines([...time, ...space, ...pause, ...gc])
      .map((line) => `– ${line}`)
      .join("\n"),
  ];
  console.log(blocks.filter((block) => block !== "").join("\n\n"));
}
