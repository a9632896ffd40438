// The table of mutants as Markdown, a section for each file.

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("`", "'");
}

export function tableOf(results) {
  const survived = results.filter(({ isKilled }) => !isKilled);
  const lines = [
    "# Mutants",
    "",
    "Made by `npm run mutants` from the compiled library: one defect at a time, then the scenarios of",
    "`packages/offheap/test/interleave` until one fails. What survives is explained in [proof.md](proof.md).",
    "",
    `**${results.length} mutants, ${results.length - survived.length} killed, ${survived.length} survived.**`,
    "",
  ];
  for (const file of new Set(results.map((result) => result.file))) {
    const own = results.filter((result) => result.file === file);
    const killed = own.filter(({ isKilled }) => isKilled).length;
    lines.push(
      `## ${file}: ${killed} of ${own.length} killed`,
      "",
      "| in | mutation | of | outcome |",
      "|---|---|---|---|",
    );
    for (const { where, what, before, isKilled, by } of own) {
      const outcome = isKilled ? cell(by.length > 110 ? `${by.slice(0, 109)}…` : by) : "**survived**";
      lines.push(`| ${where} | ${what} | \`${cell(before)}\` | ${outcome} |`);
    }
    lines.push("");
  }
  return `${lines.join("\n")}`;
}
