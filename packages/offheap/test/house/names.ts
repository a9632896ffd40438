// The names that pages may use: what our sources declare, and what the language and its host have by themselves.

import { type Node, type SourceFile, walk } from "./source-file.ts";

/** Everything that the files declare: bindings, members, types, and the words that are values, such as options'. */
export function declaredNames(files: readonly SourceFile[]): Set<string> {
  const names = new Set<string>();
  for (const { program } of files)
    for (const node of walk(program)) for (const name of namesOf(node)) names.add(name);
  return names;
}

function namesOf(node: Node): string[] {
  const params = "params" in node && Array.isArray(node.params) ? node.params.flatMap(boundIn) : [];
  return [...bindingOf(node), ...memberOf(node), ...params];
}

function bindingOf(node: Node): string[] {
  switch (node.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSDeclareFunction":
    case "TSTypeAliasDeclaration":
    case "TSInterfaceDeclaration":
    case "VariableDeclarator":
      return node.id ? boundIn(node.id) : [];
    case "ExportSpecifier":
      return nameOf(node.exported);
    case "StringLiteral":
      return /^[\w$-]+$/.test(node.value) ? [node.value] : [];
    default:
      return [];
  }
}

function memberOf(node: Node): string[] {
  switch (node.type) {
    case "ClassMethod":
    case "ClassProperty":
    case "TSDeclareMethod":
    case "ObjectMethod":
    case "ObjectProperty":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return nameOf(node.key);
    default:
      return [];
  }
}

/** The members of each class, interface and object that has a name, with those that it inherits. */
export function declaredMembers(files: readonly SourceFile[]): Map<string, Set<string>> {
  const members = new Map<string, Set<string>>();
  const parents = new Map<string, string>();
  for (const { program } of files) {
    for (const node of walk(program)) {
      const body = bodyOf(node);
      if (body === undefined || !("id" in node) || node.id?.type !== "Identifier") continue;
      const { name } = node.id;
      members.set(name, new Set([...(members.get(name) ?? []), ...body.flatMap(memberOf)]));
      if (node.type === "ClassDeclaration" && node.superClass?.type === "Identifier")
        parents.set(name, node.superClass.name);
    }
  }
  const withInherited = (name: string): string[] => {
    const parent = parents.get(name);
    return [...(members.get(name) ?? []), ...(parent === undefined ? [] : withInherited(parent))];
  };
  return new Map([...members.keys()].map((name) => [name, new Set(withInherited(name))]));
}

/** What stands in a class, an interface, or an object that a constant is. */
function bodyOf(node: Node): readonly Node[] | undefined {
  if (node.type === "ClassDeclaration" || node.type === "TSInterfaceDeclaration") return node.body.body;
  if (node.type !== "VariableDeclarator") return undefined;
  let value = node.init;
  while (value?.type === "TSAsExpression" || value?.type === "TSSatisfiesExpression")
    value = value.expression;
  return value?.type === "ObjectExpression" ? value.properties : undefined;
}

function boundIn(node: Node): string[] {
  return node.type === "Identifier" ? [node.name] : [];
}

function nameOf(node: Node): string[] {
  if (node.type === "Identifier") return [node.name];
  return node.type === "StringLiteral" ? [node.value] : [];
}

/** Globals, their members, and those of what they make: `postMessage`, `fromCharCode`, `utf8Slice`. */
export function hostNames(): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown, depth: number) => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key !== "string") continue;
      names.add(key);
      const inner = Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
      if (depth > 0) visit(inner, depth - 1);
    }
  };
  visit(globalThis, 2);
  visit(Buffer, 1);
  return names;
}
