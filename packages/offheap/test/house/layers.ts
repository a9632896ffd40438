// Who may import whom. `base ← memory ← arena ← slab ← pool ← structures`: a folder imports what stands to its
// left, and itself; `os` imports only base, and nobody imports os, since it is handed in by the user.

import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

const librarySource = "packages/offheap/src/";
const layers = ["base", "memory", "arena", "slab", "pool", "structures", "index.ts"];
const os = "os";

/** The library's own imports that go against the layers, or out of the package. */
export function layerOffences(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith(librarySource))
    .flatMap((file) => file.specifiers.flatMap((specifier) => layerOffence(file.path, specifier)));
}

function layerOffence(path: string, specifier: string): string[] {
  const from = layerOf(path);
  if (!specifier.startsWith(".")) {
    return from === os ? [] : [`${path} imports ${specifier}; the library needs nothing but the language`];
  }
  const target = resolve(path, specifier);
  const to = layerOf(target);
  if (!target.startsWith(librarySource)) return [`${path} imports ${specifier}, outside the library`];
  if (!mayImport(from, to)) return [`${path} (${from}) imports ${specifier} (${to})`];
  return [];
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === os) return to === "base";
  const [left, right] = [layers.indexOf(to), layers.indexOf(from)];
  return left !== -1 && right !== -1 && left < right;
}

function layerOf(path: string): string {
  return path.slice(librarySource.length).split("/")[0] ?? "";
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
