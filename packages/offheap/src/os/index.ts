// The entry point "offheap/os".

export type { Os, OsAbility } from "../base/index.ts";
export { loadOs } from "./load.ts";
