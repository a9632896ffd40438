// A bar on standard error where that is a terminal; nothing in a pipe.

import cliProgress from "cli-progress";

export interface Progress {
  update(seconds: number, rounds: number, kills: number): void;
  stop(): void;
}

export function makeProgress(stream: NodeJS.WriteStream, totalSeconds: number): Progress {
  if (!stream.isTTY) return { update() {}, stop() {} };
  const bar = new cliProgress.SingleBar({
    stream,
    format: "storm {bar} {percentage} %, round {round}, {kills} kills",
    barsize: 30,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(totalSeconds, 0, { round: 1, kills: 0 });
  return {
    update: (seconds, rounds, kills) =>
      bar.update(Math.min(seconds, totalSeconds), { round: rounds + 1, kills }),
    stop: () => bar.stop(),
  };
}
