// Options of a call: only names that the call knows, so that a misspelt one is told and not passed by in silence.

import { AllocatorError, show } from "./errors.ts";

/** The names that a call knows, each `true`, so that those of Object.prototype are none of them. */
export type KnownOptions<T> = Readonly<Record<keyof T & string, true>>;

/** Options as they come: nobody has looked at the values. */
export type GivenOptions<T> = { readonly [K in keyof T]?: unknown };

/** Names from elsewhere, and what they are called here. */
const alsoCalled: Readonly<Record<string, string>> = {
  size: "capacity",
  bytes: "capacity",
  buffer: "memory",
  workers: "maxWorkers",
  alignment: "align",
  zero: "zeroed",
};

function refuse(call: string, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `${call} ${why}`);
}

/**
 * The options of a call, when they are an object with names that it knows. No object is made on the way.
 * @throws ERR_INVALID_OPTION
 */
export function checkOptions<T>(call: string, options: unknown, known: KnownOptions<T>): GivenOptions<T> {
  if (typeof options !== "object" || options === null)
    throw refuse(call, `takes its options as an object, got ${show(options)}`);
  const names = known as Readonly<Record<string, unknown>>;
  let isNamed = false;
  for (const name in options) {
    if (names[name] === true) isNamed = true;
    else if (Object.hasOwn(options, name)) throw unknownOption(call, name, Object.keys(known));
  }
  if (!isNamed) assertPlain(call, options);
  return options;
}

/** A buffer, a list or a map has no names of its own: it would pass for no options at all. */
function assertPlain(call: string, options: object): void {
  const [, type] = /^\[object (.*)\]$/.exec(Object.prototype.toString.call(options)) ?? [];
  if (type === "Object" || type === "Module") return;
  const isMemory = type === "WebAssembly.Memory" || type === "SharedArrayBuffer" || type === "ArrayBuffer";
  throw refuse(
    call,
    `takes options, got an object that is ${type}${isMemory ? ": did you mean { memory: … }?" : ""}`,
  );
}

function unknownOption(call: string, name: string, known: readonly string[]): AllocatorError {
  const other = alsoCalled[name] ?? "";
  const meant = known.includes(other) ? other : known.find((each) => isNear(name, each));
  const help = meant === undefined ? `known: ${known.join(", ")}` : `did you mean ${meant}?`;
  return refuse(call, `knows no option ${show(name)}: ${help}`);
}

/** Equal but for capitals, or for one letter more, less or other. */
function isNear(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase(), known.toLowerCase()];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  const isRest = (left: number, right: number) => a.slice(same + left) === b.slice(same + right);
  return isRest(0, 0) || isRest(1, 1) || isRest(1, 0) || isRest(0, 1);
}

/** An option that is true or false; false when absent. @throws ERR_INVALID_OPTION */
export function flagOption(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw refuse(name, `is true or false, got ${show(value)}`);
}
