/**
 * Runs a case for every peer in turn, again and again: a noisy minute strikes all of them alike.
 * A peer that refuses, or that gives an answer after which no more are wanted, is not asked again.
 */
import type { Command } from "./process.ts";
import { runCase } from "./process.ts";

export interface Contestant {
  readonly id: string;
  readonly missing?: string;
  readonly command: Command;
}

export interface Outcome<T> {
  readonly peer: string;
  readonly answers: readonly T[];
  readonly refused?: string;
}

export interface RoundsOptions<T> {
  readonly rounds: number;
  readonly timeoutMs: number;
  readonly tick: (peer: string) => void;
  readonly enough?: (answer: T) => boolean;
}

export async function runRounds<T extends object>(
  contestants: readonly Contestant[],
  { rounds, timeoutMs, tick, enough }: RoundsOptions<T>,
): Promise<Outcome<T>[]> {
  const answers = contestants.map((): T[] => []);
  const refused = contestants.map(({ missing }) => missing);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { id, command }] of contestants.entries()) {
      const last = answers[index].at(-1);
      if (refused[index] === undefined && !(last && enough?.(last))) {
        const answer = await runCase<T>(command, timeoutMs);
        if ("refused" in answer) refused[index] = answer.refused;
        else answers[index].push(answer);
      }
      tick(id);
    }
  }
  return contestants.map(({ id }, index) => {
    const reason = refused[index];
    return { peer: id, answers: answers[index], ...(reason === undefined ? {} : { refused: reason }) };
  });
}
