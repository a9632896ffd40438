// Workers that come one after another on so many seats and are terminated at any instruction; the last ones are told to end.

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import type { Random } from "./random.ts";
import { ended, said } from "./threads.ts";

export interface KilledOrders {
  readonly url: URL;
  readonly seats: number;
  readonly kills: number;
  /** Milliseconds that one lives at most. */
  readonly mostMs: number;
  readonly random: Random;
  /** What the so-manieth of them is told; it says its worker id as soon as it begins. */
  readonly ordersOf: (life: number) => object;
  readonly reap: (workerId: number) => void;
  /** Tells those that are left to end. */
  readonly stop: () => void;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many there were at most. */
export function mostLives({ seats, kills }: Pick<KilledOrders, "seats" | "kills">): number {
  return kills + 2 * seats;
}

/** Returns how many there were. An error in any of them fails. */
export async function runKilled(orders: KilledOrders): Promise<number> {
  const { url, seats, kills, mostMs, random, reap } = orders;
  const failures: Error[] = [];
  let life = 0;
  const seat = async () => {
    const worker = new Worker(url, { workerData: orders.ordersOf(life++) });
    worker.on("error", (error) => failures.push(error as Error));
    const exit = ended(worker);
    return { worker, exit, workerId: await said<number>(worker) };
  };
  const killAll = async () => {
    for (let killed = 0; killed < kills / seats; killed++) {
      const { worker, workerId } = await seat();
      await pause(random.below(mostMs));
      await worker.terminate();
      assert.deepEqual(failures, []);
      reap(workerId);
    }
  };
  await Promise.all(Array.from({ length: seats }, killAll));
  const last = await Promise.all(Array.from({ length: seats }, seat));
  await pause(50);
  orders.stop();
  for (const { exit } of last) assert.equal(await exit, 0, failures.join("\n"));
  assert.deepEqual(failures, []);
  return life;
}
