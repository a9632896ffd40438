// What an allocation or a free does when its magazine is empty or full, and the call that was cut short.

// Rooms and rounds to be had; slabs built; what has gone home.
export { ensureRound, ensureRoom, countSentHome, forgetSentHome, sendHome, build } from "./slow.ts";

// The call that was cut short.
export { settle } from "./settle.ts";

// malloc and free for modules.
export { openCalls, malloc, free } from "./calls.ts";
