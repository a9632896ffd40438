// A ring of messages between workers: bounded, of many senders and many receivers, none of whom waits for another.

// The calls.
export { ringBytes, tableCell } from "./places.ts";
export { sendMessage } from "./send.ts";
export { closeRing, endHeld, formatRing, hasMessage, receiveMessage, ringSize } from "./receive.ts";

// What a dead worker was about.
export { settleRing } from "./give-back.ts";
