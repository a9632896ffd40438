/** Compiles a C program of bench/native when it is older than its sources. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { benchFolder } from "../workloads/workload.ts";

const folder = `${benchFolder}native/`;

export interface Compiled {
  readonly path?: string;
  readonly missing?: string;
}

function newestSource(): number {
  const sources = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  return Math.max(...sources.map((name) => statSync(folder + name).mtimeMs));
}

export function compile(program: "driver" | "threads"): Compiled {
  const path = `${folder}build/${program}`;
  if (existsSync(path) && statSync(path).mtimeMs > newestSource()) return { path };
  mkdirSync(`${folder}build`, { recursive: true });
  const { CC = "cc" } = process.env;
  const beside = `${path}.${process.pid}`; // two runs at once do no harm to each other
  const flags = ["-O2", "-Wall", "-pthread", "-o", beside, `${folder}${program}.c`, "-ldl"];
  const result = spawnSync(CC, flags, { encoding: "utf8" });
  if (result.error) return { missing: `no C compiler (${CC}): apt-get install gcc libc6-dev` };
  if (result.status !== 0) return { missing: `${CC} failed: ${result.stderr.split("\n")[0]}` };
  renameSync(beside, path);
  return { path };
}

/** First line of `cc --version`, for the record. */
export function compilerVersion(): string {
  const { CC = "cc" } = process.env;
  const result = spawnSync(CC, ["--version"], { encoding: "utf8" });
  return result.error ? "none" : result.stdout.split("\n")[0];
}
