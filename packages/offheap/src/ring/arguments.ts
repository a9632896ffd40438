// What the calls of a ring are given: checked before anything is written.

import { type Address, AllocatorError, checkOptions, show } from "../base/index.ts";
import { encodeUtf8, isBytes } from "../contents/index.ts";

export interface WaitOptions {
  /** Milliseconds; for ever unless said otherwise. */
  timeout?: number;
}

/** @throws ERR_INVALID_OPTION */
export function timeoutOf(call: string, options: unknown): number {
  const { timeout } = checkOptions(call, options, { timeout: true });
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout === "number" && timeout >= 0) return timeout;
  throw new AllocatorError("ERR_INVALID_OPTION", `timeout is a number of milliseconds, got ${show(timeout)}`);
}

export function isUpTo(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** @throws ERR_INVALID_OPTION */
export function checkTag(tag: unknown): number {
  if (isUpTo(tag, 2 ** 32 - 1)) return tag as number;
  throw new AllocatorError("ERR_INVALID_OPTION", `a tag is a whole number below 2^32, got ${show(tag)}`);
}

/** @throws ERR_INVALID_OPTION for what cannot look at a message */
export function checkLook(look: unknown): void {
  if (typeof look !== "function")
    throw new AllocatorError("ERR_INVALID_OPTION", `read takes a function, got ${show(look)}`);
}

/** Before anything is received: what goes out of the ring must have a place. @throws ERR_INVALID_OPTION */
export function checkPlaces(batch: unknown): void {
  if (!Array.isArray(batch))
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `receiveMany takes an array of messages, got ${show(batch)}`,
    );
  for (let i = 0; i < batch.length; i++) checkMessage(batch[i]);
}

/** @throws ERR_INVALID_OPTION */
export function checkMessage(message: unknown): void {
  if (typeof message !== "object" || message === null)
    throw new AllocatorError("ERR_INVALID_OPTION", `a message of a batch is an object, got ${show(message)}`);
}

/** @throws ERR_INVALID_OPTION */
export function checkBatch(batch: unknown): void {
  if (typeof (Object(batch) as { [Symbol.iterator]?: unknown })[Symbol.iterator] !== "function")
    throw new AllocatorError("ERR_INVALID_OPTION", `sendMany takes messages one by one, got ${show(batch)}`);
}

export function notOwn(address: Address): AllocatorError {
  const why = "is not the sender's: who has it from another adopts it first";
  return new AllocatorError("ERR_INVALID_ADDRESS", `the object at ${address} ${why}`);
}

const encoder = (globalThis as { TextEncoder?: new () => { encode(text: string): Uint8Array } }).TextEncoder;
let encoding: { encode(text: string): Uint8Array } | undefined;

/** Bytes as they are, a text as UTF-8. @throws ERR_INVALID_OPTION for anything else */
export function bytesOf(content: unknown): Uint8Array {
  if (typeof content === "string") return encode(content);
  if (isBytes(content)) return content;
  throw new AllocatorError("ERR_INVALID_OPTION", `bytes or a text are sent, got ${show(content)}`);
}

function encode(text: string): Uint8Array {
  if (encoder !== undefined) {
    encoding ??= new encoder();
    return encoding.encode(text);
  }
  const bytes = new Uint8Array(text.length * 3);
  return bytes.subarray(0, encodeUtf8(text, bytes, 0, bytes.length));
}
