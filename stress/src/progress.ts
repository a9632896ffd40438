// A bar on standard error where that is a terminal; nothing in a pipe.

import cliProgress from "cli-progress";
import { killsOf, type Tally } from "./tally.ts";

export interface Progress {
  update(seconds: number, tally: Tally): void;
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
    update: (seconds, tally) =>
      bar.update(Math.min(seconds, totalSeconds), { round: tally.rounds + 1, kills: killsOf(tally) }),
    stop: () => bar.stop(),
  };
}
