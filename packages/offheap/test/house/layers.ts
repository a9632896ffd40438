// Who may import whom. `base ← memory ← arena ← slab ← pool ← structures`: a folder imports what stands to its
// left, and itself; `os` imports only base, and nobody imports os, since it is handed in by the user. Likewise in the core,
// which knows nothing of the rest; the rest imports the numbers of its layout, and memory what is built of it.

import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

const shellSource = "packages/offheap/src/";
const coreSource = "packages/offheap/core/";
const layers = ["base", "memory", "arena", "slab", "pool", "structures", "index.ts"];
const coreLayers = ["target", "layout", "arena", "pages", "slab", "magazine", "worker", "index.ts"];
const os = "os";

/** The library's own imports that go against the layers, or out of the package. */
export function layerOffences(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, specifiers }) => {
    if (path.startsWith(shellSource)) return specifiers.flatMap((each) => shellOffence(path, each));
    if (path.startsWith(coreSource)) return specifiers.flatMap((each) => coreOffence(path, each));
    return [];
  });
}

function shellOffence(path: string, specifier: string): string[] {
  const from = roomOf(path, shellSource);
  if (!specifier.startsWith(".")) {
    return from === os ? [] : [`${path} imports ${specifier}; the library needs nothing but the language`];
  }
  const target = resolve(path, specifier);
  if (target.startsWith(coreSource)) {
    const room = roomOf(target, coreSource);
    const isFace = room === "layout" || (room === "built" && from === "memory");
    return isFace ? [] : [`${path} imports ${specifier}, which is the core's own`];
  }
  const to = roomOf(target, shellSource);
  if (!target.startsWith(shellSource)) return [`${path} imports ${specifier}, outside the library`];
  const mayImport = from === os ? to === "base" || to === os : isLeftOf(layers, to, from);
  return mayImport ? [] : [`${path} (${from}) imports ${specifier} (${to})`];
}

function coreOffence(path: string, specifier: string): string[] {
  const target = resolve(path, specifier);
  const [from, to] = [roomOf(path, coreSource), roomOf(target, coreSource)];
  if (target.startsWith(coreSource) && isLeftOf(coreLayers, to, from)) return [];
  return [`${path} (core, ${from}) imports ${specifier}`];
}

/** Whether a room may be imported by another, which stands to its right or is the same. */
function isLeftOf(rooms: readonly string[], to: string, from: string): boolean {
  const [left, right] = [rooms.indexOf(to), rooms.indexOf(from)];
  return left !== -1 && right !== -1 && left <= right;
}

function roomOf(path: string, source: string): string {
  return path.slice(source.length).split("/")[0] ?? "";
}

/** Imports of the other packages that reach behind the public entry points of the packages they name. */
export function entryPointOffences(files: readonly SourceFile[], entryPoints: readonly string[]): string[] {
  return files.flatMap(({ path, specifiers }) => {
    const home = packageOf(path);
    return specifiers
      .filter((specifier) =>
        specifier.startsWith(".")
          ? packageOf(resolve(path, specifier)) !== home
          : /^offheap(-cli)?(\/|$)/.test(specifier) && !entryPoints.includes(specifier),
      )
      .map((specifier) => `${path} imports ${specifier}, which is no public entry point`);
  });
}

function packageOf(path: string): string {
  const parts = path.split("/");
  return parts.slice(0, parts[0] === "packages" ? 2 : 1).join("/");
}

/** Each cycle of imports between files, as the path that leads back to its start. Types count, too. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const again = trail.indexOf(path);
    if (again !== -1) cycles.push([...trail.slice(again), path].join(" → "));
    if (again !== -1 || done.has(path)) return;
    const relative = byPath.get(path)?.specifiers.filter((specifier) => specifier.startsWith(".")) ?? [];
    for (const specifier of relative) visit(resolve(path, specifier), [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

function resolve(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}
