/** What a result was measured on. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { compilerVersion } from "../native/compile.ts";
import type { Options } from "../options.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly transparentHugePages: string;
  readonly node: string;
  readonly v8: string;
  readonly compiler: string;
  readonly load: readonly number[]; // of one minute, at the start and at the end
}

export const currentLoad = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

/** `always`, `madvise` or `never`: what the brackets stand around. */
function transparentHugePages(): string {
  const path = "/sys/kernel/mm/transparent_hugepage/enabled";
  if (!existsSync(path)) return "unknown";
  return /\[(\w+)\]/.exec(readFileSync(path, "latin1"))?.[1] ?? "unknown";
}

export function describeMachine(options: Options, loadAtStart: number): Machine {
  const script = "process.stdout.write(process.versions.node + ' ' + process.versions.v8)";
  const [node = "?", v8 = "?"] = spawnSync(options.node, ["-e", script], { encoding: "utf8" }).stdout.split(
    " ",
  );
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()} ${release()}`,
    transparentHugePages: transparentHugePages(),
    ...{ node, v8, compiler: compilerVersion() },
    load: [loadAtStart, currentLoad()],
  };
}
