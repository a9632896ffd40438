// The workers of one run. A command goes to all of them, and all answer before the next one; one that
// dies instead of answering fails the command, so nothing waits for a dead worker.

import { Worker } from "node:worker_threads";
import { CliError } from "../errors.ts";
import type { Command, Reply, WorkerSetup } from "./protocol.ts";

export class Crew {
  readonly #members: Member[];

  private constructor(members: Member[]) {
    this.#members = members;
  }

  /** `onWorker` sees each worker while it is certainly alive. */
  static async start(setups: readonly WorkerSetup[], onWorker: (worker: Worker) => void): Promise<Crew> {
    const crew = new Crew(setups.map((setup) => new Member(setup, onWorker)));
    try {
      await Promise.all(crew.#members.map((member) => member.reply()));
    } catch (error) {
      await crew.stop();
      throw error;
    }
    return crew;
  }

  async all(command: Command): Promise<Reply[]> {
    return Promise.all(this.#members.map((member) => member.ask(command)));
  }

  /** Lets every worker detach and end by itself. */
  async leave(): Promise<void> {
    await this.all({ name: "leave" });
    await Promise.all(this.#members.map((member) => member.gone));
  }

  /** Ends the workers wherever they are. Again, or after `leave`: nothing. */
  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.terminate()));
  }
}

class Member {
  readonly gone: Promise<void>;
  readonly #worker: Worker;
  readonly #index: number;
  #death: CliError | undefined;
  #onReply: ((reply: Reply) => void) | undefined;
  #onDeath: ((error: CliError) => void) | undefined;

  constructor(setup: WorkerSetup, onWorker: (worker: Worker) => void) {
    this.#index = setup.index;
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: setup, execArgv: [] });
    onWorker(this.#worker);
    this.#worker.on("message", (reply: Reply) => this.#onReply?.(reply));
    this.#worker.on("error", (error) => this.#die(`worker ${setup.index} died: ${error.message}`, error));
    this.gone = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        this.#die(`worker ${setup.index} ended with code ${code} before it had answered`);
        resolve();
      });
    });
  }

  async ask(command: Command): Promise<Reply> {
    const reply = this.reply();
    if (!this.#death) this.#worker.postMessage(command);
    return reply;
  }

  async reply(): Promise<Reply> {
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#onReply = resolve;
      this.#onDeath = reject;
      if (this.#death) reject(this.#death);
    });
    if (reply.name !== "failed") return reply;
    const isTold = reply.code === undefined || reply.message.startsWith(reply.code);
    const reason = isTold ? reply.message : `${reply.code}: ${reply.message}`;
    throw new CliError(reply.code ?? "ERR_REPLAY_FAILED", `worker ${this.#index}: ${reason}`);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(message: string, cause?: Error): void {
    this.#death ??= new CliError("ERR_WORKER_DIED", message, { cause });
    this.#onDeath?.(this.#death);
  }
}
