// The instance of instance.js with the asserts at its entries, for tests.

import type { CoreInstance, Verbs } from "./instance.js";

export { type CoreInstance, type Verbs, verbsOver } from "./instance.js";

export interface AgainInstance extends CoreInstance {
  /** Makes it as it was when it was new. A mutant has none. */
  beginAgain?(): void;
}

export declare function instanceOver(verbs: Verbs): AgainInstance;
