// How the host proves that a thread has ended, after which nothing of it can touch the heap any more.
//
//   exit   Node, Bun        a Worker's `exit` comes when its thread is joined
//   lock   browsers         a Web Lock is given up when the thread has ended, never before
//   none   Deno, and hosts without locks
//
// Measured (docs/measurements.md): on Deno threads ran on after `exit`, and after their lock was given up. On Node 24 and
// 26 the lock of a thread that has ended is granted when somebody asks for another; there the locks are not used.

import { firstLockToken, noToken, tokenOf } from "./tokens.ts";

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
  readonly abort?: { readonly disabled?: boolean };
  on?(event: "worker", listener: (worker: unknown) => void): unknown;
  readonly versions?: {
    readonly node?: string;
    readonly bun?: string;
    readonly deno?: string;
    readonly electron?: string;
  };
}

/** The names of a realm that tell its host. */
export interface Globals {
  readonly process?: Process;
  readonly navigator?: { readonly locks?: LockManager; readonly userAgent?: string };
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
  // One of them whose `process` was hidden: it cannot be asked for its threads, and its locks prove nothing.
  const [, name] = /^(Node\.js|Bun|Deno)\//.exec(navigator?.userAgent ?? "") ?? [];
  if (name !== undefined) return { name: `${name} without process`, proof: "none" };
  if (typeof locks?.request !== "function" || origin === "null")
    return { name: "a host without Web Locks", proof: "none" };
  return { name: "a browser", proof: "lock", locks };
}

export function hostProcess(): Process | undefined {
  return (globalThis as Globals).process;
}

/** 32 random bits. */
export function randomWord(): number {
  const word = new Int32Array(1);
  const { crypto } = globalThis as { crypto?: { getRandomValues(words: Int32Array): unknown } };
  if (crypto === undefined) word[0] = Math.random() * 2 ** 32;
  else crypto.getRandomValues(word);
  return word[0] as number;
}

/** The tests ask each of them (test/thread-number.test.ts). */
const lastSeenNode = 26;

let lockToken = noToken;

/**
 * The number of the calling thread, where the host gives one. Loading what says it takes 3 ms of the 10 that a program's first
 * open takes. So where only a worker's `abort` is disabled, which was seen of these versions of Node, it tells the first thread.
 */
function threadNumber(): number | undefined {
  const process = hostProcess();
  const { node = "", electron } = process?.versions ?? {};
  const isSeen =
    hostOf().name === "Node" && electron === undefined && Number.parseInt(node, 10) <= lastSeenNode;
  if (isSeen && process?.abort !== undefined && process.abort.disabled !== true) return 0;
  return process?.getBuiltinModule?.("node:worker_threads")?.threadId;
}

/** The token of the calling thread: by its number, or, where its lock proves its end, one of its own. */
export function currentToken(): number {
  const number = threadNumber();
  if (number !== undefined) return tokenOf(number);
  if (hostOf().proof !== "lock") return noToken;
  if (lockToken === noToken) lockToken = firstLockToken | (randomWord() >>> 5);
  return lockToken;
}

/** Whether a thread's own workers are certain to have ended before its exit event: Node joins them. */
export function endsChildrenFirst(): boolean {
  return hostOf().name === "Node";
}
