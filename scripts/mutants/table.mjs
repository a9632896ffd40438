// The table of mutants as Markdown, a section for each file.

import { reasonOf } from "./explained.mjs";

function cell(text, most) {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return short.replaceAll("|", "\\|").replaceAll("`", "'");
}

const countOf = (list, test) => list.filter(test).length;
const isKilled = ({ by }) => by !== undefined;

function outcome({ name, by, survived }) {
  if (by !== undefined) return cell(by, 110);
  const reason = reasonOf(name) ?? "not explained";
  return `**survived** ${survived.join(", ")}: [${reason}](proof.md#mutants)`;
}

export function tableOf(mutants) {
  const killed = countOf(mutants, isKilled);
  const byTests = countOf(mutants, ({ by }) => by?.startsWith("the other tests") === true);
  const reasons = mutants.filter((mutant) => !isKilled(mutant)).map(({ name }) => reasonOf(name));
  const groups = [...new Set(reasons)].map(
    (reason) => `${countOf(reasons, (other) => other === reason)} ${reason ?? "not explained"}`,
  );
  const lines = [
    "# Mutants",
    "",
    "Made by `npm run mutants` from the compiled library: one defect at a time. Tried on each, until one fails: the",
    "likely finders (`scripts/mutants/likely.mjs`), the quick tests, the scenarios of",
    "`packages/offheap/test/interleave` within small bounds, the slow tests, and, where the outcome says *dear*, the",
    "scenarios within larger bounds and at random. Why one survives, [proof.md](proof.md#mutants) says by groups.",
    "",
    `**${mutants.length} mutants: ${killed} killed (${killed - byTests} by schedules, ${byTests} by other tests), ` +
      `${mutants.length - killed} survived (${groups.join(", ")}).**`,
    "",
  ];
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const own = mutants.filter((mutant) => mutant.file === file);
    lines.push(
      `## ${file}: ${countOf(own, isKilled)} of ${own.length} killed`,
      "",
      "| in | mutation | of | outcome |",
      "|---|---|---|---|",
    );
    for (const mutant of own)
      lines.push(
        `| ${mutant.where} | ${mutant.what} | \`${cell(mutant.before, 90)}\` | ${outcome(mutant)} |`,
      );
    lines.push("");
  }
  return lines.join("\n");
}
