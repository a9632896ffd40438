// What the arguments of the command mean. Every mistake is told as a usage error, before anything is read.

import { InvalidArgumentError } from "commander";
import { type ClassPreset, mostCapacityBytes } from "./allocators/adapter.ts";
import type { AllocatorName } from "./allocators/registry.ts";

export interface ReplayOptions {
  readonly allocator: AllocatorName;
  readonly workers: readonly number[];
  readonly passes: number;
  /** Bytes. */
  readonly capacity: number;
  /** Undefined: the allocator's own. */
  readonly classes?: ClassPreset;
  readonly verify: boolean;
  readonly json: boolean;
}

/** With the choices that follow from the allocator made. */
export interface Settings extends ReplayOptions {
  readonly classes: ClassPreset;
}

/** A heap has room for 126 attached at one time, and the command itself is one. */
const mostWorkers = 125;
const mostPasses = 1_000_000;
const units: { readonly [unit: string]: number } = { "": 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

/** `2`, or `1,2,4`: one run for each. */
export function parseWorkers(text: string): number[] {
  return text.split(",").map((part) => parseInteger(part, 1, mostWorkers));
}

/** The first pass and at least one steady pass. */
export function parsePasses(text: string): number {
  return parseInteger(text, 2, mostPasses);
}

/** Bytes: `67108864`, `64MiB`, `1.5 GiB`. */
export function parseCapacity(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]iB|)$/i.exec(text.trim());
  const bytes = match ? Math.floor(Number(match[1]) * units[match[2].toUpperCase()]) : Number.NaN;
  if (bytes > 0 && bytes <= mostCapacityBytes) return bytes;
  throw new InvalidArgumentError("It is a number of bytes up to 4GiB, such as 64MiB.");
}

function parseInteger(text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It is a whole number from ${least} to ${most.toLocaleString("en")}.`);
}
