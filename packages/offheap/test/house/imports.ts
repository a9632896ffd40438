// Who may import whom beyond the library's rooms (rooms.ts): other packages go by entry points, and nobody in a circle.

import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

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

/** The file that an import of another file names. */
export function resolve(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}
