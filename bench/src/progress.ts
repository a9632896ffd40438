/** Progress on standard error: a bar on a terminal, else a line for each part. */
import { Presets, SingleBar } from "cli-progress";

export class Progress {
  private readonly bar: SingleBar | undefined;
  private part = "";

  constructor(total: number) {
    if (!process.stderr.isTTY) return;
    const format = " {bar} {percentage}% | {value}/{total} | {eta_formatted} left | {what}";
    this.bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
    this.bar.start(total, 0, { what: "" });
  }

  begin(part: string): void {
    this.part = part;
    if (this.bar) this.bar.update({ what: part });
    else console.error(part);
  }

  tick(peer: string): void {
    this.bar?.increment(1, { what: `${this.part} ${peer}` });
  }

  stop(): void {
    this.bar?.stop();
  }
}
