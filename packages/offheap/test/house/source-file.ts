// One parsed source file, as the house rules look at it. The parser is Babel's: TypeScript 7 has no stable
// API of its own yet.

import { parse as parseModule } from "@babel/parser";
import { type Node, VISITOR_KEYS } from "@babel/types";

export type { Node } from "@babel/types";

export interface SourceFile {
  /** Relative to the root of the repository, with slashes: `packages/offheap/src/base/bits.ts`. */
  readonly path: string;
  readonly lineCount: number;
  readonly comments: readonly { text: string; line: number }[];
  /** Everything named in an import, an export-from, an `import()` and an import type. */
  readonly specifiers: readonly string[];
  readonly program: Node;
}

export function parse(path: string, text: string): SourceFile {
  const { program, comments } = parseModule(text, {
    sourceFilename: path,
    sourceType: "module",
    createImportExpressions: true,
    plugins: ["typescript", "explicitResourceManagement"],
  });
  return {
    path,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    comments: (comments ?? []).map(({ value, loc }) => ({ text: value, line: loc?.start.line ?? 0 })),
    specifiers: [...walk(program)].flatMap(specifierOf),
    program,
  };
}

/** Parses made-up files: `path: text`. */
export function fixture(files: Record<string, string>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => parse(path, text));
}

/** The node and everything below it, in the order of the source. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const key of VISITOR_KEYS[node.type] ?? []) {
    const child = (node as unknown as Record<string, unknown>)[key];
    for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) yield* walk(item);
  }
}

export function firstLine(node: Node): number {
  return node.loc?.start.line ?? 0;
}

export function lineCountOf(node: Node): number {
  return node.loc ? node.loc.end.line - node.loc.start.line + 1 : 0;
}

function specifierOf(node: Node): string[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return [node.source.value];
    case "ExportNamedDeclaration":
      return node.source ? [node.source.value] : [];
    case "TSExternalModuleReference":
      return [node.expression.value];
    case "ImportExpression":
      return [literalOf(node.source)];
    case "TSImportType":
      return [literalOf(node.argument)];
    default:
      return [];
  }
}

/** What an `import(…)` names; one that is computed cannot be judged, and so is none that any rule allows. */
function literalOf(node: Node): string {
  return node.type === "StringLiteral" ? node.value : "(computed)";
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
