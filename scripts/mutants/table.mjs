// The table of mutants as Markdown, a section for each file.

import { reasonOf } from "./explained.mjs";

function cell(text, most) {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return short.replaceAll("|", "\\|").replaceAll("`", "'");
}

const countOf = (list, test) => list.filter(test).length;
const isKilled = ({ by }) => by !== undefined;
const isTried = ({ by, survived }) => by !== undefined || survived.length > 0;

function outcome({ name, by, survived }) {
  if (by !== undefined) return cell(by, 110);
  if (survived.length === 0) return "not tried";
  const reason = reasonOf(name) ?? "not explained";
  return `**survived** ${survived.join(", ")}: [${reason}](proof.md#mutants)`;
}

function head(tried) {
  const killed = countOf(tried, isKilled);
  const byTests = countOf(tried, ({ by }) => by?.startsWith("the other tests") === true);
  const reasons = tried.filter((mutant) => !isKilled(mutant)).map(({ name }) => reasonOf(name));
  const groups = [...new Set(reasons)].map(
    (reason) => `${countOf(reasons, (other) => other === reason)} ${reason ?? "not explained"}`,
  );
  return [
    "# Mutants",
    "",
    "Made by `npm run mutants` from the compiled library: one defect at a time. Tried on each, until one fails: the",
    "likely finders (`scripts/mutants/likely.mjs`), the quick tests, the scenarios of",
    "`packages/offheap/test/interleave` within small bounds, the slow tests, and, where the outcome says *dear*, the",
    "scenarios within larger bounds and at random. Why one survives, [proof.md](proof.md#mutants) says by groups.",
    "Mutants of `pages/`, `large/` and `pool/` are tried with what makes a pool, as nothing else runs their code.",
    "Each file's heading names the commits of the library that its mutants were made from.",
    "",
    `**${tried.length} mutants: ${killed} killed (${killed - byTests} by schedules, ${byTests} by other tests), ` +
      `${tried.length - killed} survived (${groups.join(", ")}).**`,
    "",
  ];
}

export function tableOf(mutants) {
  const tried = mutants.filter(isTried);
  const lines = head(tried);
  const left = [];
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const own = mutants.filter((mutant) => mutant.file === file);
    const ownTried = own.filter(isTried);
    if (ownTried.length < own.length) left.push(`${file} (${own.length - ownTried.length} of ${own.length})`);
    if (ownTried.length === 0) continue;
    const commits = [...new Set(ownTried.map(({ commit }) => commit ?? "unknown"))].join(", ");
    lines.push(
      `## ${file}: ${countOf(own, isKilled)} of ${ownTried.length} killed, at ${commits}`,
      "",
      "| in | mutation | of | outcome |",
      "|---|---|---|---|",
    );
    for (const mutant of ownTried)
      lines.push(
        `| ${mutant.where} | ${mutant.what} | \`${cell(mutant.before, 90)}\` | ${outcome(mutant)} |`,
      );
    lines.push("");
  }
  if (left.length > 0) lines.push("## Not tried", "", `${left.join(", ")}.`, "");
  return lines.join("\n");
}
