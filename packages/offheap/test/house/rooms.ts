// The rooms of the library. A room is a folder of at most a dozen files, one of which is its face, `index.ts`.
//
//   a file imports      files of its own room, but not its face; faces of rooms that stand to its left
//   a face              only re-exports, nothing that no other room uses
//   the core            knows nothing of the shell; its faces for the shell are `layout`'s, and what is built of it for `memory`
//   os                  imports only base, and only `process` imports it: to all others it is handed in by the user

import { posix } from "node:path";
import { resolve } from "./imports.ts";
import { type Node, type SourceFile, walk } from "./source-file.ts";

interface House {
  readonly source: string;
  /** From the left to the right. */
  readonly rooms: readonly string[];
}

const shell: House = {
  source: "packages/offheap/src/",
  rooms: [
    "base",
    "layout",
    "memory",
    "contents",
    "arena",
    "worker",
    "slab",
    "generations",
    "recovery",
    "checks",
    "inspect",
    "format",
    "structure",
    "allocator",
    "pages",
    "large",
    "pool",
    "records",
    "ring",
    "packed",
    "map",
    "process",
    "cache",
    "keyv",
  ],
};
const core: House = {
  source: "packages/offheap/core/",
  rooms: [
    "target",
    "layout",
    "places",
    "arena",
    "slab",
    "magazine",
    "pages",
    "large",
    "worker",
    "structure",
    "ring",
    "buckets",
    "packed",
    "map",
  ],
};
const os = "os";
/** Rooms that are entries of the package themselves: their faces are for its users. */
const entries = ["", os, "records", "ring", "map", "process", "cache", "keyv"];
/** The room that is for hosts with an operating system alone: it asks for one where none is handed in. */
const asksOs = "process";
const built = "built";
const face = "index.ts";
const mostFiles = 12;

/** The house that a file is in, its room, and its name there. The face of a whole house is in the room "". */
interface Place {
  readonly house: House;
  readonly room: string;
  readonly name: string;
}

function placeOf(path: string): Place | undefined {
  const house = [shell, core].find(({ source }) => path.startsWith(source));
  if (house === undefined) return undefined;
  const parts = path.slice(house.source.length).split("/");
  return { house, room: parts.slice(0, -1).join("/"), name: parts.at(-1) ?? "" };
}

/** Imports of the library that pass a face by, go against the layers, or lead out of it. */
export function layerOffences(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, specifiers }) => {
    const from = placeOf(path);
    if (from === undefined) return [];
    return specifiers.flatMap((specifier) => {
      const complaint = importOffence(from, path, specifier);
      return complaint === undefined ? [] : [`${path} imports ${specifier}: ${complaint}`];
    });
  });
}

function importOffence(from: Place, path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) {
    return from.room === os ? undefined : "the library needs nothing but the language";
  }
  const to = placeOf(resolve(path, specifier));
  if (to === undefined) return "it is outside the library";
  if (from.house !== to.house) return coreOffence(from, to);
  if (from.room === to.room) return to.name === face ? "it is the face of the same room" : undefined;
  if (to.name !== face) return "it is no face";
  if (from.room === asksOs && to.room === os) return undefined;
  const mayImport = from.room === os ? to.room === "base" : isLeftOf(from.house, to.room, from.room);
  return mayImport ? undefined : `${to.room || "the face of all"} is not to the left of ${from.room}`;
}

function coreOffence(from: Place, to: Place): string | undefined {
  if (from.house === core) return "the core knows nothing of the shell";
  const isNumbers = to.room === "layout" && to.name === face;
  return isNumbers || (to.room === built && from.room === "memory") ? undefined : "it is the core's own";
}

/** Whether a room stands to the left of another. The face of a house stands to the right of all. */
function isLeftOf({ rooms }: House, to: string, from: string): boolean {
  const [left, right] = [rooms.indexOf(to), from === "" ? rooms.length : rooms.indexOf(from)];
  return left !== -1 && left < right;
}

/** Folders that are no room, that have no face, or too many files; by the paths of all their files. */
export function roomOffences(paths: readonly string[]): string[] {
  const counts = new Map<string, string[]>();
  for (const path of paths) {
    const place = placeOf(path);
    if (place === undefined || place.room === built) continue;
    const folder = posix.dirname(path);
    counts.set(folder, [...(counts.get(folder) ?? []), place.name]);
  }
  return [...counts].flatMap(([folder, names]) => {
    const { house, room } = placeOf(`${folder}/${face}`) ?? { house: shell, room: "" };
    const offences: string[] = [];
    if (!["", os, ...house.rooms].includes(room)) offences.push(`${folder} is no room`);
    if (!names.includes(face)) offences.push(`${folder} has no face`);
    if (names.length > mostFiles) offences.push(`${folder} has ${names.length} files`);
    return offences;
  });
}

/** Faces that do more than re-export, or show what no other room uses. */
export function faceOffences(files: readonly SourceFile[]): string[] {
  const used = new Set(files.flatMap((file) => takenBy(file)));
  return files
    .filter(({ path }) => placeOf(path)?.name === face)
    .flatMap((file) => {
      const { path } = file;
      const more = bodyOf(file).filter(({ type }) => type !== "ExportNamedDeclaration");
      const named = bodyOf(file).flatMap((node) => (node.type === "ExportNamedDeclaration" ? [node] : []));
      const own = named.filter(({ source }) => source === null || source === undefined);
      const offences = [...more, ...own].map(() => `${path} does more than re-export`);
      const { room } = placeOf(path) ?? { room: "" };
      if (entries.includes(room)) return offences;
      const unused = named
        .flatMap(({ specifiers }) => specifiers)
        .map(({ exported }) => nameOf(exported))
        .filter((name) => !used.has(`${path} ${name}`));
      return [...offences, ...unused.map((name) => `${path} shows ${name}, which no other room uses`)];
    });
}

/** What a file takes of others, as `path name`. Of a namespace, each member that it names. */
function takenBy(file: SourceFile): string[] {
  const taken: string[] = [];
  const take = (source: Node, names: readonly string[]) => {
    if (source.type !== "StringLiteral") return;
    const target = resolve(file.path, source.value);
    taken.push(...names.map((name) => `${target} ${name}`));
  };
  for (const node of bodyOf(file)) {
    if (node.type === "ExportNamedDeclaration" && node.source) {
      take(
        node.source,
        node.specifiers.flatMap((each) => ("local" in each ? [nameOf(each.local)] : [])),
      );
    }
    if (node.type !== "ImportDeclaration") continue;
    for (const each of node.specifiers) {
      if (each.type === "ImportSpecifier") take(node.source, [nameOf(each.imported)]);
      if (each.type === "ImportNamespaceSpecifier") take(node.source, membersOf(file, each.local.name));
    }
  }
  return taken;
}

/** The members of a namespace that a file names: `x.member`, and `const { member } = x`. */
function membersOf(file: SourceFile, namespace: string): string[] {
  const isIt = (node: Node | null | undefined) => node?.type === "Identifier" && node.name === namespace;
  return [...walk(file.program)].flatMap((node) => {
    if (node.type === "MemberExpression" && isIt(node.object)) return [nameOf(node.property)];
    if (node.type !== "VariableDeclarator" || !isIt(node.init) || node.id.type !== "ObjectPattern") return [];
    return node.id.properties.flatMap((each) => (each.type === "ObjectProperty" ? [nameOf(each.key)] : []));
  });
}

function bodyOf({ program }: SourceFile): readonly Node[] {
  return program.type === "Program" ? program.body : [];
}

function nameOf(node: Node): string {
  return node.type === "Identifier" ? node.name : "";
}
