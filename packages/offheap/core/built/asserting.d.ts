// The instance of instance.js with the asserts at its entries, for tests.

export { type CoreInstance, instanceOver, type Verbs, verbsOver } from "./instance.js";
