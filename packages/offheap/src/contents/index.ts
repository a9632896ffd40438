// What objects hold: bytes and texts into a memory and out of it, by the host's fastest way, within the object's bounds.

// The calls, which check their bounds.
export { Contents } from "./contents.ts";

// UTF-8 without a host.
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";
