// How the host proves that a thread has ended, after which nothing of it can touch the heap any more.
//
//   exit   Node, Bun        a Worker's `exit` comes when its thread is joined
//   lock   browsers         a Web Lock is given up when the thread has ended, never before
//   none   Deno, and hosts without locks
//
// Measured (docs/measurements.md): on Deno 23 of 60 threads ran on after `exit`, and 11 after their lock was given up.
// On Node 24 and 26 nobody is granted the lock of a thread that has ended, so there the locks are not used.

import { noToken, tokenOf } from "./workers.ts";

/** What this library needs of `navigator.locks`; written out so that no lib declares it for us. */
export interface LockManager {
  request(name: string, options: LockOptions, granted: (lock: unknown) => unknown): Promise<unknown>;
}

export interface LockOptions {
  readonly mode: "exclusive" | "shared";
  readonly ifAvailable?: boolean;
}

interface Process {
  getBuiltinModule?(name: string): { threadId?: number } | undefined;
  on?(event: "worker", listener: (worker: unknown) => void): unknown;
  readonly versions?: { readonly node?: string; readonly bun?: string; readonly deno?: string };
}

/** The names of a realm that tell its host. */
export interface Globals {
  readonly process?: Process;
  readonly navigator?: { readonly locks?: LockManager };
  /** "null" where pages have no origin, and so no locks. */
  readonly origin?: unknown;
}

export interface Host {
  readonly name: string;
  readonly proof: "exit" | "lock" | "none";
  readonly locks?: LockManager;
}

/** The host of a realm: by name, since what it promises cannot be tried. */
export function hostOf({ process, navigator, origin }: Globals = globalThis as Globals): Host {
  const versions = process?.versions;
  if (versions?.deno !== undefined) return { name: "Deno", proof: "none" };
  if (versions?.bun !== undefined) return { name: "Bun", proof: "exit" };
  if (versions?.node !== undefined) return { name: "Node", proof: "exit" };
  const locks = navigator?.locks;
  if (typeof locks?.request !== "function" || origin === "null")
    return { name: "a host without Web Locks", proof: "none" };
  return { name: "a browser", proof: "lock", locks };
}

export function hostProcess(): Process | undefined {
  return (globalThis as Globals).process;
}

/** The token of the calling thread; `noToken` where the host numbers no threads. */
export function currentToken(): number {
  const threads = hostProcess()?.getBuiltinModule?.("node:worker_threads");
  return threads?.threadId === undefined ? noToken : tokenOf(threads.threadId);
}

/** Whether a thread's own workers are certain to have ended before its exit event: Node joins them. */
export function endsChildrenFirst(): boolean {
  return hostOf().name === "Node";
}
