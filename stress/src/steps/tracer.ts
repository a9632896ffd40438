// The tracer, a small program in C: compiled when it is wanted, and started with the program that it steps through.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../native/step.c", import.meta.url));

/** Compiles it; or says why that cannot be. */
export function compileTracer(path: string): string | undefined {
  if (process.platform !== "linux")
    return `single steps are known here on Linux only, not on ${process.platform}`;
  const compilers = [process.env["CC"] ?? "cc", "clang", "gcc"];
  for (const compiler of compilers) {
    const result = spawnSync(compiler, ["-O2", "-Wall", "-o", path, source], { encoding: "utf8" });
    if (result.status === 0) return refusalOf(path);
    if (result.error === undefined) return `${compiler}: ${result.stderr}`;
  }
  return `there is no C compiler (${compilers.join(", ")})`;
}

function refusalOf(path: string): string | undefined {
  const { status, stdout } = spawnSync(path, { encoding: "utf8" });
  return status === 0 ? undefined : `no program can be stepped through here: ${stdout.trim()}`;
}

/** Lines that the tracer writes, each of some words. */
export interface Traced {
  readonly lines: AsyncIterable<string>;
  /** After a line "changed". */
  goOn(): void;
  stop(): void;
}

export interface TraceOptions {
  readonly tracer: string;
  readonly heap: string;
  readonly notes: string;
  /** Instructions inside of calls after which the program is killed; 0: it is not. */
  readonly killAt: number;
  readonly program: readonly string[];
}

export function startTracer({ tracer, heap, notes, killAt, program }: TraceOptions): Traced {
  const args = [heap, notes, String(killAt), process.execPath, ...program];
  const child: ChildProcess = spawn(tracer, args, { stdio: ["pipe", "pipe", "inherit"] });
  return {
    lines: createInterface({ input: child.stdout as NodeJS.ReadableStream }),
    goOn: () => {
      child.stdin?.write("\n");
    },
    stop: () => {
      child.kill("SIGKILL");
    },
  };
}
