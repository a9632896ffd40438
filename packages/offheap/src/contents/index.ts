// What objects hold: bytes and texts into a memory and out of it, by the host's fastest way, within the object's bounds.

// The calls, which check their bounds.
export { Contents } from "./contents.ts";

// UTF-8 without a host.
export { decodeUtf8, encodeUtf8, utf8Bytes } from "./utf8.ts";
export { decodeWtf8, encodeWtf8, hasHalfPair } from "./wtf8.ts";

// The same without a look at the object, for fields of a record whose bounds are known.
export { isBytes, isUint8Array } from "./contents.ts";
export { copyIn, copyOut } from "./copies.ts";
export { readText, writeText } from "./text.ts";
