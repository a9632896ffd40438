// One parsed source file, as the house rules look at it. The parser is oxc-parser: TypeScript 7 has no
// stable API of its own yet.

import { parseSync, type StaticExport, visitorKeys } from "oxc-parser";

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface SourceFile {
  /** Relative to the root of the repository, with slashes: `packages/offheap/src/base/bits.ts`. */
  readonly path: string;
  readonly lineCount: number;
  readonly comments: readonly { text: string; line: number }[];
  /** Everything named in an import, an export-from, an `import()` and an import type. */
  readonly specifiers: readonly string[];
  readonly program: Node;
  lineAt(offset: number): number;
}

export function parse(path: string, text: string): SourceFile {
  const result = parseSync(path, text);
  const broken = result.errors[0];
  if (broken !== undefined) throw new SyntaxError(`${path}: ${broken.message}`);
  const program = result.program as unknown as Node;
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  return {
    path,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    comments: result.comments.map(({ value, start }) => ({ text: value, line: lineAt(start) })),
    specifiers: [
      ...result.module.staticImports.map((entry) => entry.moduleRequest.value),
      ...result.module.staticExports.flatMap(requestOf),
      ...result.module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
        unquoted(text.slice(start, end)),
      ),
      ...[...walk(program)].filter(({ type }) => type === "TSImportType").map(importTypeRequest),
    ],
    program,
    lineAt,
  };
}

/** The node and everything below it, in the order of the source. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key];
    for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) yield* walk(item);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

function requestOf(exported: StaticExport): string[] {
  return exported.entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : []));
}

function importTypeRequest(node: Node): string {
  return (node["source"] as { value: string }).value;
}

function unquoted(literal: string): string {
  return literal.replace(/^["'`]|["'`]$/g, "");
}
