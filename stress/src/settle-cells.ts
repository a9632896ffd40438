// After a death: puts the cells that the dead worker held into order, by what the heap says about their
// objects. Called at once, before anybody reaps: until then nobody can have what the dead one had cached.

import { writeFill } from "./fill.ts";
import { phase } from "./ledger.ts";
import { mainSeat, type Scene } from "./scene.ts";

/** Returns how many objects may have been allocated whose address was not kept: 0 or 1. */
export function settleCells(scene: Scene, seat: number): number {
  const { ledger } = scene;
  let nameless = 0;
  for (let cell = 0; cell < ledger.cellCount; cell++) {
    const held = ledger.phaseOf(cell, seat);
    if (held === phase.none) continue;
    if (ledger.addressOf(cell) === 0) {
      if (held === phase.filling) nameless++;
      ledger.clear(cell);
    } else settleCell(scene, cell, held);
  }
  return nameless;
}

function settleCell(scene: Scene, cell: number, held: number): void {
  const { ledger, heap } = scene;
  const address = ledger.addressOf(cell);
  if (!scene.isLive(address)) {
    if (held !== phase.taking)
      scene.violate(`the object at ${address} is gone, in phase ${held} of its cell`);
    ledger.clear(cell);
    return;
  }
  if (held === phase.filling || held === phase.rewriting) {
    writeFill(heap.i32, address, heap.sizeOf(address), ledger.serialOf(cell));
  } else scene.verify(cell, `held in phase ${held} by a dead worker`);
  // The dead one may have come as far as to own the object; now it is the main thread's in either case.
  if (held === phase.adopting) adoptCell(scene, cell);
  ledger.publish(cell);
}

/** The main thread becomes the owner of a cell's object. */
export function adoptCell(scene: Scene, cell: number): void {
  scene.heap.adopt(scene.ledger.addressOf(cell));
  scene.ledger.setCreator(cell, scene.heap.workerId);
}

/** Cells with objects of a worker, now held by the main thread; what others hold of it is waited for. */
export async function freeze(scene: Scene, workerId: number, tick: () => Promise<void>): Promise<number[]> {
  const { ledger } = scene;
  const frozen: number[] = [];
  for (let cell = 0; cell < ledger.cellCount; cell++) {
    while (ledger.creatorOf(cell) === workerId) {
      if (ledger.begin(cell, mainSeat, phase.taking)) {
        // Somebody may have adopted it between the two looks.
        if (ledger.creatorOf(cell) === workerId) frozen.push(cell);
        else ledger.publish(cell);
        break;
      }
      // Held by a worker that runs, or has died and is not settled yet; a moment, either way. The main
      // thread holds cells of one dead worker at a time, and never of one that it looks for here.
      if (!ledger.isPublished(cell)) await tick();
    }
  }
  return frozen;
}

/** How many objects the ledger knows to be a worker's: no more can be found with it when it is reaped. */
export function ownedBy(scene: Scene, workerId: number): number {
  const { ledger } = scene;
  let owned = 0;
  for (let cell = 0; cell < ledger.cellCount; cell++) if (ledger.creatorOf(cell) === workerId) owned++;
  return owned;
}
