// Processes of the tests of `offheap/process`: started, told what to do, listened to, killed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ProcessOrders {
  readonly role: "storm" | "hold" | "dieAtCall" | "race" | "take" | "echo" | "count" | "tell";
  readonly path: string;
  readonly kind?: "pool" | "slab";
  readonly capacity?: number;
  readonly seed?: number;
  readonly count?: number;
  readonly others?: number;
}

export interface TestProcess {
  readonly child: ChildProcess;
  /** Its next line, as JSON; undefined at its end. */
  next<T>(): Promise<T | undefined>;
  /** Its end: the exit code, or the signal. */
  readonly end: Promise<number | string>;
  /** By its number: a child of Deno's is told one signal, and no other. */
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void;
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>;
}

export function startProcess(orders: ProcessOrders): TestProcess {
  return startChild("process-child.js", orders);
}

/** A process that runs a file of this folder, with its orders as JSON. */
export function startChild(file: string, orders: object): TestProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(orders)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const end = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  const signal = (name: "SIGSTOP" | "SIGCONT" | "SIGKILL") => {
    process.kill(child.pid as number, name);
  };
  return {
    child,
    end,
    signal,
    next: async <T>() => {
      const { value, done } = await lines.next();
      return done === true ? undefined : (JSON.parse(value) as T);
    },
    kill: async () => {
      // Who has ended by itself has no number any more that would be its own.
      if ((child.exitCode ?? child.signalCode) === null) signal("SIGKILL");
      await end;
    },
  };
}

/** A folder in memory where the machine has one; it goes when the test process ends. */
export function testFolder(): string {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "offheap-test-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
