// A ring of messages between workers: bounded, of many senders and many receivers, none of whom waits for another.

// The calls.
export { ringBytes, tableBytesOf, tableCell } from "./places.ts";
export { hasSpaceForMessage, sendMessage, sendMessages } from "./send.ts";
export {
  closeRing,
  endHeld,
  formatRing,
  hasMessage,
  receiveMessage,
  receiveMessages,
  ringSize,
} from "./receive.ts";

// What a dead worker was about.
export { settleRing } from "./give-back.ts";
