/** A table, as text for a terminal and as Markdown for a page: the first column to the left, the others to the right. */
export interface Table {
  readonly head: readonly string[];
  readonly body: readonly (readonly string[])[];
}

export function asText({ head, body }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("──"), ...body.map(line)].join("\n");
}

export function asMarkdown({ head, body }: Table): string {
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), `|${rule.join("|")}|`, ...body.map(line)].join("\n");
}
