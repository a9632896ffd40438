// What stands at a location, in words: for the list of accesses that a failure prints.

import type { ClassIndex, WorkerPlace } from "#src/base/brands.js";
import { counter, type Layout, totalsWords, wordsPerRound } from "#src/layout/layout.js";
import { counterAt, gaugesAt, magazineAt, recordAt } from "#src/layout/offsets.js";

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
  const worker = (Math.floor((word - layout.recordsAt) / layout.recordWords) + 1) as WorkerPlace;
  if (word === recordAt(layout, worker)) return `w${worker}.journal`;
  for (let classIndex = layout.objectBytes.length as ClassIndex; classIndex > 0; classIndex--) {
    const index = word - magazineAt(layout, worker, classIndex);
    const part = index % wordsPerRound === 0 ? "address" : "slot";
    if (index >= 0) return `w${worker}.magazine${classIndex}[${Math.floor(index / wordsPerRound)}].${part}`;
  }
  for (let classIndex = layout.objectBytes.length as ClassIndex; classIndex > 0; classIndex--) {
    const index = word - counterAt(layout, worker, classIndex);
    if (index < 0) continue;
    const [name, at] = Object.entries(counter).findLast(([, from]) => index % totalsWords >= from) as [
      string,
      number,
    ];
    return `w${worker}.${name}${classIndex}[${Math.floor(index / totalsWords)}].${(index % totalsWords) - at}`;
  }
  const gauge = word - gaugesAt(layout, worker);
  return gauge >= 0 ? `w${worker}.gauge${gauge}` : `w${worker}.record`;
}
