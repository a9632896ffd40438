// A stack that all workers share: the smallest structure that needs all of the kit. docs/ARCHITECTURE.md shows it.
//
//   head   a cell: the topmost node, or 0            node   its words: the node below, the value
//
// Nodes are nobody's. push makes one fresh and exchanges it in; pop exchanges it out, and it ends when no reader has it.

import type { Kit } from "#src/structure/kit.js";

const nodeBytes = 64;
const valueAt = 4;
/** Which of its hazards a worker reads the top with. */
const hazard = 0;

export class SharedStack {
  private readonly kit: Kit;
  readonly head: number;

  constructor(kit: Kit, head: number) {
    this.kit = kit;
    this.head = head;
  }

  /** A new stack, nobody's: where its head is. */
  static create(kit: Kit): number {
    const head = kit.allocate(nodeBytes);
    kit.core.putWord(head, 0);
    kit.core.putWord(head + 4, 0);
    kit.keep();
    return head;
  }

  push(value: number): void {
    const { core } = this.kit;
    const node = this.kit.allocate(nodeBytes);
    core.putWord(node + valueAt, value);
    for (;;) {
      const top = core.seeCell(this.head);
      const stamp = core.stampSeen();
      core.putWord(node, top);
      if (this.kit.exchange(this.head, top, stamp, node)) break;
    }
    this.kit.commit();
  }

  pop(): number | undefined {
    const { core } = this.kit;
    // An exception may have stopped a push: what was fresh then ends, and does not go in by this exchange.
    this.kit.open();
    for (;;) {
      const top = core.seeCell(this.head);
      const stamp = core.stampSeen();
      if (top === 0) {
        this.kit.abandon();
        return undefined;
      }
      // Of another object, if somebody was faster: then the exchange fails.
      const below = core.getWord(top);
      const value = core.getWord(top + valueAt);
      if (!this.kit.exchange(this.head, top, stamp, below, top)) continue;
      this.kit.retire();
      return value;
    }
  }

  /** The topmost value, read in place: its node does not end meanwhile. */
  top(): number | undefined {
    const { core } = this.kit;
    const top = core.protect(hazard, this.head);
    const value = top === 0 ? undefined : core.getWord(top + valueAt);
    core.unprotect(hazard);
    return value;
  }
}
