/** Progress on standard error: the command's bar on a terminal, else a line for each part. */
import { makeProgress } from "offheap-cli";

export class Progress {
  private readonly bar = makeProgress(process.stderr);
  private readonly total: number;
  private done = 0;
  private part = "";

  constructor(total: number) {
    this.total = total;
  }

  begin(part: string): void {
    this.part = part;
    if (process.stderr.isTTY) this.bar.update(part, this.done, this.total);
    else console.error(part);
  }

  tick(peer: string): void {
    this.done++;
    this.bar.update(`${this.part} ${peer}`, this.done, this.total);
  }

  stop(): void {
    this.bar.stop();
  }
}
