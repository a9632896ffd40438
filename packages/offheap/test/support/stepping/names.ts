// What stands at a location, in words: for the list of accesses that a failure prints.

import type { ClassIndex, WorkerSlot } from "#src/base/brands.js";
import { carryAt, counter, counterAt, type Layout, magazineAt, recordAt } from "#src/memory/layout.js";

export function nameOf(layout: Layout, location: number): string {
  if (location >= layout.statesAt) {
    const slot = location - layout.statesAt;
    return `state[${slot >> layout.stateShift}:${slot & (2 ** layout.stateShift - 1)}]`;
  }
  const word = location / 4;
  const regions: [string, number, number][] = [
    ["header", 0, 1],
    ["class", layout.classesAt, 1],
    ["worker", layout.workersAt, 2],
    ["track", layout.tracksAt, 2],
    ["record", layout.recordsAt, 1],
    ["claim", layout.claimsAt, 1],
    ["map", layout.mapAt, 1],
    ["info", layout.infoAt, 1],
    ["set", layout.chunkSetsAt, 1],
    ["clean", layout.cleanAt, 1],
    ["aged", layout.agedAt, 1],
  ];
  const [name, from, unit] = regions.findLast(([, at]) => word >= at) as [string, number, number];
  const index = (word - from) / unit;
  if (name === "info") return `info[${index >> 4}].${index & 15}`;
  if (name === "set")
    return `set[${Math.floor(index / layout.chunkSetWords)}].${index % layout.chunkSetWords}`;
  return name === "record" ? recordWord(layout, word) : `${name}[${index}]`;
}

function recordWord(layout: Layout, word: number): string {
  const worker = (Math.floor((word - layout.recordsAt) / layout.recordWords) + 1) as WorkerSlot;
  const fields = Object.keys(counter);
  if (word === recordAt(layout, worker)) return `w${worker}.journal`;
  for (let sizeClass = layout.objectBytes.length as ClassIndex; sizeClass > 0; sizeClass--) {
    if (word >= magazineAt(layout, worker, sizeClass))
      return `w${worker}.magazine${sizeClass}[${word - magazineAt(layout, worker, sizeClass)}]`;
  }
  for (let sizeClass = layout.objectBytes.length as ClassIndex; sizeClass > 0; sizeClass--) {
    const carries = word - carryAt(layout, worker, sizeClass);
    if (carries >= 0) return `w${worker}.carry${sizeClass}.${fields[carries]}`;
  }
  for (let sizeClass = layout.objectBytes.length as ClassIndex; sizeClass > 0; sizeClass--) {
    const index = word - counterAt(layout, worker, sizeClass);
    if (index >= 0) return `w${worker}.${fields[index]}${sizeClass}`;
  }
  return `w${worker}.record`;
}
