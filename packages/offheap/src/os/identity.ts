// Who this process is. Two processes may have one number: one after the other, or each in a container of its own.

import type { ProcessIdentity } from "../base/index.ts";

interface HostProcess {
  readonly pid?: number;
  geteuid?(): number;
}

/** 31 bits of a text (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 1;
}

/** What the host knows, and what the system has told: 0 for what it has not. */
export function identityOf({
  started,
  namespace,
  boot,
}: Pick<ProcessIdentity, "started" | "namespace" | "boot">): ProcessIdentity {
  const { process = {} } = globalThis as { process?: HostProcess };
  return {
    pid: process.pid ?? 0,
    user: process.geteuid?.() ?? -1,
    started: started % 2 ** 31,
    namespace,
    boot,
  };
}
