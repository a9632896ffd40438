// Who this process is. Two processes may have one number: one after the other, or each in a container of its own.

import type { ProcessIdentity } from "../base/index.ts";
import type { FileSystem } from "./files.ts";

interface HostProcess {
  readonly pid?: number;
  geteuid?(): number;
}

function textFrom(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** 31 bits of a text (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 1;
}

export function identity(fs: FileSystem): ProcessIdentity {
  const { process = {} } = globalThis as { process?: HostProcess };
  const stat = textFrom(() => fs.readFileSync("/proc/self/stat", "utf8"));
  // The name in brackets may hold anything; the 20th field behind it is the start, in ticks since the machine's.
  const started = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0") || 0;
  return {
    pid: process.pid ?? 0,
    user: process.geteuid?.() ?? -1,
    started: started % 2 ** 31,
    namespace: hashOf(textFrom(() => fs.readlinkSync("/proc/self/ns/pid"))),
    boot: hashOf(textFrom(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))),
  };
}
