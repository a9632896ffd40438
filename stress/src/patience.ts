// How long nothing may move before that is a violation. The measure is the processor's time that this process had, so a
// machine that gives it little is no violation. A worker that spins uses that time up; one that sleeps meets the second limit.

const longestBusyMilliseconds = 40_000;
const longestMilliseconds = 300_000;

/** A moment, by both clocks, in milliseconds. */
export interface Moment {
  readonly now: number;
  readonly busy: number;
}

export function moment(): Moment {
  const { user, system } = process.cpuUsage();
  return { now: performance.now(), busy: (user + system) / 1000 };
}

export function isStalled(since: Moment, at: Moment): boolean {
  return at.busy - since.busy > longestBusyMilliseconds || at.now - since.now > longestMilliseconds;
}
