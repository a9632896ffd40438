// The rules that one file keeps for itself: its length, the length of its functions, and what it may not name.

import { firstLine, lineCountOf, type Node, type SourceFile, walk } from "./source-file.ts";

const maxFileLines = 300;
const maxFunctionLines = 70;
const functionTypes: readonly Node["type"][] = [
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ObjectMethod",
  "ClassMethod",
  "ClassPrivateMethod",
];

export function lengthOffences(file: SourceFile): string[] {
  const tooLong = file.lineCount > maxFileLines ? [`${file.path} has ${file.lineCount} lines`] : [];
  for (const node of walk(file.program)) {
    const lineCount = lineCountOf(node);
    if (!functionTypes.includes(node.type) || lineCount <= maxFunctionLines) continue;
    tooLong.push(`${file.path}:${firstLine(node)} is a function of ${lineCount} lines`);
  }
  return tooLong;
}

/** Where a file names Atomics in code: as an identifier, or as the string that would reach it by name. */
export function atomicsNamed(file: SourceFile): string[] {
  return offences(file, "names Atomics", (node) => {
    if (node.type === "Identifier") return node.name === "Atomics";
    return node.type === "StringLiteral" && node.value === "Atomics";
  });
}

const plainLoads = ["load32", "load8", "loadQuad"];

/** A file of the core that loads plainly and does not say why nobody else can be writing there. */
export function plainLoadOffences(file: SourceFile): string[] {
  if (file.comments.some(({ text }) => text.includes("Plain loads:"))) return [];
  return offences(
    file,
    "loads plainly, and no comment says why it may",
    (node) =>
      node.type === "CallExpression" &&
      node.callee.type === "Identifier" &&
      plainLoads.includes(node.callee.name),
  );
}

/** Calls of a class that users have, without a word on what they throw. What overrides one, or ends a scope, is told there. */
export function untoldOffences(file: SourceFile): string[] {
  return offences(file, "does not say what it throws", (node) => {
    if (node.type !== "ClassMethod" || node.computed || node.override === true) return false;
    if (node.accessibility === "private" || node.accessibility === "protected") return false;
    const comment = (node.leadingComments ?? []).map(({ value }) => value).join("\n");
    return !/@throws|Throws nothing/.test(comment);
  });
}

/** What types and transforms rule out: `any`, and syntax that does not disappear when the types are erased. */
export function typeOffences(file: SourceFile): string[] {
  return [
    ...offences(file, "says any", ({ type }) => type === "TSAnyKeyword"),
    ...offences(file, "declares an enum", ({ type }) => type === "TSEnumDeclaration"),
    ...offences(
      file,
      "declares a namespace",
      (node) => node.type === "TSModuleDeclaration" && node.kind !== "global",
    ),
  ];
}

export function unfinishedOffences(file: SourceFile): string[] {
  return file.comments
    .filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))
    .map(({ line }) => `${file.path}:${line} leaves a note instead of the work`);
}

/** Functions that look at an exception, and touch nothing shared. */
const passesOn = new Set(["nullOrThrow", "undecodable", "lookThrew", "writeThrew"]);

/**
 * Code that runs when an exception passes. Tests model a kill as an exception thrown out of an access to
 * shared memory; a dead worker runs nothing after it, so neither may the code under test.
 * A catch that only hands the exception to nullOrThrow (base/errors.ts), which returns 0 for two codes, to
 * undecodable (map/entries.ts) or lookThrew (map/map.ts), which throw what a caller's function threw, or to writeThrew
 * (records/records.ts), which notes an address for the worker's next call and throws, is none.
 */
export function afterDeathOffences(file: SourceFile): string[] {
  return [
    ...offences(
      file,
      "has a catch or finally",
      (node) => node.type === "TryStatement" && !asksNullOrThrow(node),
    ),
    ...offences(
      file,
      "disposes at the end of a block",
      (node) => node.type === "VariableDeclaration" && /using$/.test(node.kind),
    ),
  ];
}

function asksNullOrThrow({ handler, finalizer }: Extract<Node, { type: "TryStatement" }>): boolean {
  const [first, ...more] = handler?.body.body ?? [];
  if (finalizer || more.length > 0 || first?.type !== "ReturnStatement") return false;
  const { argument } = first;
  return (
    argument?.type === "CallExpression" &&
    argument.callee.type === "Identifier" &&
    passesOn.has(argument.callee.name) &&
    argument.arguments.every(({ type }) => type === "Identifier")
  );
}

function offences(file: SourceFile, what: string, offends: (node: Node) => boolean): string[] {
  return [...walk(file.program)].filter(offends).map((node) => `${file.path}:${firstLine(node)} ${what}`);
}
