// The ledger of objects that processes share. It has two more states than the one of threads (../ledger.ts):
//
//   published → sending(seat) → in a ring → receiving(seat) → sending(seat), or empty
//   held by a seat whose process has died → held by nobody, in the same phase, until the end of the round
//
// A message's tag is its cell. A receiver takes the cell from whatever state a sent one may be in. Any other state says that the
// message came twice. A receiver whose cell was taken meanwhile is alive, and found that its message came twice.

import { Ledger, phase, seatsPerPhase } from "../ledger.ts";

const inRing = -2;
/** The seat of what the dead have held. */
export const nobody = seatsPerPhase - 1;

export class Cells extends Ledger {
  isInRing(cell: number): boolean {
    return this.load(cell, 0) === inRing;
  }

  /** False: the receiver was faster. */
  noteSent(cell: number, seat: number): boolean {
    return this.swap(cell, phase.sending * seatsPerPhase + seat, inRing);
  }

  /** The sender goes on holding the cell. */
  sendOn(cell: number, seat: number): boolean {
    return this.swap(cell, phase.receiving * seatsPerPhase + seat, phase.sending * seatsPerPhase + seat);
  }

  /** A message has come: what is wrong with that, if anything. */
  beginReceive(cell: number, seat: number): string | undefined {
    for (;;) {
      const holder = this.load(cell, 0);
      const was = Math.floor(holder / seatsPerPhase);
      const isSent = holder === inRing || was === phase.sending || was === phase.receiving;
      if (!isSent) return `a message came twice, or was never sent: its cell ${cell} is in state ${holder}`;
      if (this.swap(cell, holder, phase.receiving * seatsPerPhase + seat)) return undefined;
    }
  }

  /** The message has ended. False: another has received it, too. */
  endReceive(cell: number, seat: number): boolean {
    return this.swap(cell, phase.receiving * seatsPerPhase + seat, 0);
  }

  /** After a seat's process has died. */
  abandon(seat: number): number {
    let count = 0;
    for (let cell = 0; cell < this.cellCount; cell++) {
      const held = this.phaseOf(cell, seat);
      if (held === phase.none) continue;
      if (this.swap(cell, held * seatsPerPhase + seat, held * seatsPerPhase + nobody)) count++;
    }
    return count;
  }
}
