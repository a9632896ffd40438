// Who makes the value of a key that has none: one worker, by a claim in a map of its own. A claim ends with its value; with its
// worker, as soon as the heap knows that it has died; and when its time is over. Then the next one to ask has it.

import type { WorkerId } from "../base/index.ts";
import type { KeyName, KeyOf, SharedMap } from "../map/index.ts";
import type { Kit } from "../structure/index.ts";
import { Workers } from "../worker/index.ts";

export class Claims {
  private readonly kit: Kit;
  private readonly map: SharedMap<KeyName>;
  private readonly workerId: number;
  private count = 0;

  constructor(kit: Kit, map: SharedMap<KeyName>, workerId: number) {
    this.kit = kit;
    this.map = map;
    this.workerId = workerId;
  }

  /** The caller's claim of a key; undefined while it is another's. */
  take(key: KeyOf<KeyName>, timeout: number): string | undefined {
    const mine = `${this.workerId} ${Date.now() + timeout} ${this.count++}`;
    if (this.map.insert(key, mine)) return mine;
    const theirs = this.map.get(key);
    if (theirs === undefined || this.isHeld(theirs)) return undefined;
    return this.map.replace(key, theirs, mine) ? mine : undefined;
  }

  /** Ends a claim, if nobody has taken it over. */
  end(key: KeyOf<KeyName>, mine: string): void {
    this.map.update(key, (held) => (held === mine ? undefined : held));
  }

  /** Ends the claims that nobody holds any more: of a key that nobody asks for they would stay. */
  endUnheld(): void {
    for (const [key, claim] of this.map) if (!this.isHeld(claim)) this.end(key, claim);
  }

  private isHeld(claim: string): boolean {
    const [worker, until] = claim.split(" ").map(Number) as [number, number];
    this.kit.host.reapNowAndThen();
    return Date.now() < until && new Workers(this.kit.heap).isLive(worker as WorkerId);
  }
}
