// The progress bar: on standard error, and only where that is a terminal.

import cliProgress from "cli-progress";

export interface Progress {
  /** `done` of `total` of what `label` says; a new label begins a new bar in the same line. */
  update(label: string, done: number, total: number): void;
  /** Takes the bar away and gives the cursor back. Again: nothing. */
  stop(): void;
}

export function makeProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new Bar(stream) : { update() {}, stop() {} };
}

class Bar implements Progress {
  readonly #bar: cliProgress.SingleBar;
  #isRunning = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#bar = new cliProgress.SingleBar({
      stream,
      format: "{label} {bar} {percentage} %",
      barsize: 30,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false, // the command has its own way out
    });
  }

  update(label: string, done: number, total: number): void {
    if (!this.#isRunning) this.#bar.start(total, done, { label });
    this.#isRunning = true;
    this.#bar.setTotal(Math.max(total, 1));
    this.#bar.update(Math.min(done, total), { label });
  }

  stop(): void {
    if (this.#isRunning) this.#bar.stop();
    this.#isRunning = false;
  }
}
