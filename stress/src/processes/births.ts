// How the processes of a round come to be: started as any other program, or forked from one that has everything ready.

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Orders } from "./life.ts";

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** No threads of V8's, which a fork would lack; and so all of the module is compiled at once, for good. */
const forkerFlags = ["--single-threaded", "--no-liftoff", "--expose-gc"];

/** A process of the storm, as whoever kills it knows it. */
export interface Being {
  /** False: it has ended already. */
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean;
}

/** A code, or the signal that ended it; what it has said. */
export type Ended = (end: number | string, words: string) => void;

export function startProcess(orders: object, ended: Ended, file = "./child.js"): Being {
  const child = spawn(process.execPath, [pathOf(file), JSON.stringify(orders)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (more: string) => {
    words += more;
  });
  child.once("close", (code, signal) => ended(signal ?? code ?? "nothing", words));
  return { signal: (name) => child.kill(name) };
}

interface Forked {
  pid: number;
  readonly ended: Ended;
  /** What it was to get before it was known. */
  readonly waiting: NodeJS.Signals[];
}

export class Forker {
  private readonly child: ChildProcess;
  private readonly unborn: Forked[] = [];
  private readonly living = new Map<number, Forked>();
  private words = "";
  /** Whether it forks by now; false when it has ended before. */
  readonly ready: Promise<boolean>;

  constructor(orders: Orders) {
    this.child = spawn(process.execPath, [...forkerFlags, pathOf("./forker.js")], { stdio: "pipe" });
    this.child.stderr?.setEncoding("utf8").on("data", (more: string) => {
      this.words += more;
    });
    this.child.stdin?.on("error", () => undefined);
    this.ready = new Promise((resolve) => {
      this.child.once("close", () => {
        this.endAll();
        resolve(false);
      });
      createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        if (line === "ready") resolve(true);
        else this.hear(line);
      });
    });
    this.say(orders);
  }

  /** Whether there is a way to fork on this machine. */
  static isPossible(): boolean {
    try {
      createRequire(import.meta.url).resolve("koffi");
      return true;
    } catch {
      return false;
    }
  }

  get said(): string {
    return this.words;
  }

  fork(orders: Orders, ended: Ended): Being {
    const forked: Forked = { pid: 0, ended, waiting: [] };
    this.unborn.push(forked);
    this.say(orders);
    return {
      signal: (name) => {
        if (forked.pid !== 0) return this.living.has(forked.pid) && send(forked.pid, name);
        forked.waiting.push(name);
        return true;
      },
    };
  }

  /** Ends the program that forks; nobody whom it has forked is there any more. */
  async stop(): Promise<void> {
    const isOver = new Promise((resolve) => this.child.once("close", resolve));
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.stdin?.end();
    await isOver;
  }

  private say(orders: Orders): void {
    this.child.stdin?.write(`${JSON.stringify(orders)}\n`);
  }

  private hear(line: string): void {
    const [word, pid, status] = line.split(" ");
    if (word === "born") this.begin(Number(pid));
    if (word === "ended") this.end(Number(pid), Number(status));
  }

  private begin(pid: number): void {
    const forked = this.unborn.shift() as Forked;
    if (pid < 0) return forked.ended("no fork", this.words);
    forked.pid = pid;
    this.living.set(pid, forked);
    for (const name of forked.waiting) send(pid, name);
  }

  /** By the status of waitpid(2). */
  private end(pid: number, status: number): void {
    const forked = this.living.get(pid);
    this.living.delete(pid);
    const signal = status & 127;
    forked?.ended(signal === 9 ? "SIGKILL" : signal === 0 ? status >> 8 : `signal ${signal}`, this.words);
  }

  private endAll(): void {
    for (const { ended } of [...this.unborn, ...this.living.values()])
      ended("the end of the process that had forked it", this.words);
  }
}

function send(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
