// What every other room uses and what needs none of them: errors, options by name, whole numbers, what an OS is.

// What goes wrong, by its stable code; and how a value is shown in a message.
export { type ErrorCode, AllocatorError, messageOf, nullOrThrow, show } from "./errors.ts";

// Only names that a call knows.
export { type KnownOptions, checkOptions, flagOption } from "./options.ts";

// Time that passes.
export { rest } from "./timers.ts";

// Powers of two, and numbers over 2^31.
export { divideUp, alignUp, alignDown, clamp, trailingZeros, oddInverse } from "./bits.ts";

// One `number`, one meaning.
export type { Address, ChunkIndex, SlotIndex, ClassIndex, WorkerPlace, WorkerId } from "./brands.ts";

// What only the operating system can do: handed in, never imported.
export {
  type FileFacts,
  type OsAbility,
  type Os,
  type OsProcesses,
  type OsRefusal,
  type ProcessCalls,
  type ProcessIdentity,
  usualHugePageBytes,
} from "./os.ts";

// `Symbol.dispose`, wherever it is known.
export { type EndsWithScope, dispose } from "./dispose.ts";
