// What follows a death, after the cells are settled: somebody reaps the worker, in one of five ways, and what
// the report says is held against what the ledger knows.
//
//   by its tracker | by the main thread or by another worker, which may be killed meanwhile
//   its objects are nobody's, or (live) they go with it, save those that were adopted before

import type { Findings } from "./control.ts";
import { pause, type Scene } from "./scene.ts";
import type { Seat } from "./seat.ts";
import { adoptCell, freeze, ownedBy } from "./settle-cells.ts";

export interface Death {
  readonly workerId: number;
  /** Objects that it may have allocated without anybody's knowing the address. */
  readonly nameless: number;
  /** It said goodbye to the heap before it ended. */
  readonly hasLeft: boolean;
  /** It may have been saying so: some of its objects are nobody's already. */
  readonly wasLeaving: boolean;
  readonly isTracked: boolean;
  /** It may have been reaping another: what it left undone is found with it. */
  readonly wasReaping: boolean;
}

const tick = () => pause(1);

export class Undertaker {
  private readonly scene: Scene;
  private readonly seats: readonly Seat[];
  /** Burials of workers that ended, by id, so that one can wait for another. */
  private readonly burials = new Map<number, Promise<void>>();

  constructor(scene: Scene, seats: readonly Seat[]) {
    this.scene = scene;
    this.seats = seats;
  }

  bury(death: Death): Promise<void> {
    const burial = this.reap(death);
    this.burials.set(death.workerId, burial);
    return burial;
  }

  private async reap(death: Death): Promise<void> {
    const { scene } = this;
    if (death.isTracked) return this.checkTracked(death);
    const live = scene.random.part() < 0.4;
    const helper = scene.random.part() < 0.4 ? this.findHelper() : undefined;
    // Adopted or not: known before anybody reaps, and nobody else moves these objects meanwhile.
    const doomed = live ? await this.chooseDoomed(death) : [];
    if (helper === undefined || helper.state !== "running" || helper.errand !== undefined) {
      const known = ownedBy(scene, death.workerId);
      const report = scene.heap.reap(death.workerId, { live });
      scene.tally.reapedByMain++;
      this.check(death, report, doomed, live, known);
    } else await this.reapThrough(helper, death, doomed, live);
  }

  private async checkTracked(death: Death): Promise<void> {
    await pause(0);
    const { scene } = this;
    scene.tally.reapedByTracking++;
    if (scene.heap.reap(death.workerId).reaped)
      scene.violate(`worker ${death.workerId} ended and was not reaped by its tracker`);
  }

  private findHelper(): Seat | undefined {
    const running = this.seats.filter((seat) => seat.state === "running" && seat.errand === undefined);
    return running.length === 0 ? undefined : this.scene.random.pick(running);
  }

  /** Half of the dead worker's objects are adopted by the main thread; the others are to go. */
  private async chooseDoomed(death: Death): Promise<number[]> {
    const { scene } = this;
    const doomed: number[] = [];
    for (const cell of await freeze(scene, death.workerId, tick)) {
      if (death.wasLeaving || scene.random.part() < 0.5) {
        scene.verify(cell, "before its adoption");
        adoptCell(scene, cell);
        scene.ledger.publish(cell);
      } else doomed.push(cell);
    }
    return doomed;
  }

  private check(death: Death, found: Findings, doomed: number[], live: boolean, known: number): void {
    const { scene } = this;
    scene.note(found);
    const who = `worker ${death.workerId}`;
    if (death.hasLeft && found.reaped) scene.violate(`${who} had detached, and was reaped`);
    if (!found.reaped) {
      // It had left, or was killed on the way to its next place: what it had is nobody's, and still there.
      for (const cell of doomed) this.keep(cell, `left by worker ${death.workerId}, which was not reaped`);
      return;
    }
    if (live) {
      const over = found.freedObjects - doomed.length;
      if (over < 0 || over > death.nameless) {
        scene.violate(
          `${who}: ${found.freedObjects} objects were freed, ${doomed.length} + ${death.nameless} were left`,
        );
      }
      for (const cell of doomed) scene.ledger.clear(cell);
    } else if (!death.wasReaping && found.liveObjects > known + death.nameless) {
      scene.violate(
        `${who}: ${found.liveObjects} objects were its own, the ledger knew ${known} + ${death.nameless}`,
      );
    }
  }

  private keep(cell: number, why: string): void {
    this.scene.verify(cell, why);
    adoptCell(this.scene, cell);
    this.scene.ledger.publish(cell);
  }

  /** Has another worker reap, and kills that one, too, at times. */
  private async reapThrough(helper: Seat, death: Death, doomed: number[], live: boolean): Promise<void> {
    const { scene } = this;
    const known = ownedBy(scene, death.workerId);
    let isAbandoned = false;
    let helperId = 0;
    let lastWord: Findings | undefined;
    helper.errand = {
      abandon: () => {
        isAbandoned = true;
        helperId = scene.control.workerIdOf(helper.number);
        lastWord = scene.control.replyOf(helper.number);
        if (lastWord === undefined) this.forget(doomed);
      },
    };
    scene.control.requestReap(helper.number, death.workerId, live);
    if (scene.random.part() < 0.5) this.killWhileReaping(helper);
    let reply = scene.control.replyOf(helper.number);
    while (reply === undefined && !isAbandoned) {
      await tick();
      if (!isAbandoned) reply = scene.control.replyOf(helper.number);
    }
    const found = isAbandoned ? lastWord : reply;
    if (!isAbandoned) {
      helper.errand = undefined;
      scene.control.clearRequest(helper.number);
    }
    if (found !== undefined) {
      scene.tally.reapedByWorkers++;
      this.check(death, found, doomed, live, known);
      return;
    }
    // The reaper was killed. Whoever reaps it takes this one over; if it had not begun, it is our turn.
    await this.burials.get(helperId);
    const rest = scene.heap.reap(death.workerId, { live });
    scene.note(rest);
    if (rest.reaped) scene.tally.reapedByMain++;
    else if (!death.hasLeft && !death.wasLeaving) scene.tally.takenOver++;
  }

  /**
   * Freed, by the reaper that has died or by the next one, or nobody's: which of these cannot be told, for
   * others may have what was freed. They count as nameless; what is left of them is found at the end.
   */
  private forget(doomed: number[]): void {
    for (const cell of doomed) this.scene.ledger.clear(cell);
    this.scene.nameless += doomed.length;
  }

  /** A kill by a timer would come a millisecond later at the earliest, so the main thread looks on. */
  private killWhileReaping(helper: Seat): void {
    const { scene } = this;
    const patience = performance.now() + 20;
    while (!scene.control.hasBegun(helper.number) && performance.now() < patience);
    const until = performance.now() + scene.random.part() * scene.random.part();
    while (performance.now() < until);
    scene.tally.killedReaping++;
    helper.kill();
  }
}
