// Cursors: objects whose properties are the fields of the record that they stand at.
//
// Each cursor has accessors of its own, closures over its state and over constants, which V8 folds into their caller. They
// stand on an object that is only its prototype: the second cursor with an accessor of some name would make V8 keep its
// own properties in a table.

import type { Address } from "../base/index.ts";
import { handleOf } from "../generations/index.ts";
import type { MemoryViews } from "../memory/index.ts";
import { CursorState, type FieldCalls, refused } from "./field.ts";

interface Place {
  readonly name: string;
  readonly offset: number;
  readonly calls: FieldCalls;
}

/** What a cursor has beside the fields. */
export interface Standing {
  /** Of the record that it stands at. */
  readonly handle: number;
  readonly address: Address;
}

export const reservedNames: readonly string[] = ["handle", "address", "constructor", "__proto__"];

/** An object with a property for each field, `from` bytes from where the state's cursor stands. */
export function viewFields(
  state: CursorState,
  places: readonly Place[],
  from: number,
  path: string,
  prototype: object,
): object {
  for (const { name, offset, calls } of places) {
    const { get, set = refusing(path + name) } = calls.accessors(state, from + offset, path + name);
    Object.defineProperty(prototype, name, { get, set, enumerable: true, configurable: false });
  }
  return Object.freeze(Object.create(prototype)) as object;
}

const refusing = (name: string) => () => {
  throw refused(name, "is not assigned: it has calls of its own");
};

/** Records begin at multiples of it, as every object does. */
const recordAlignment = 8;

/** A cursor and its state. */
export class Cursor<View> {
  readonly state: CursorState;
  readonly view: View & Standing;

  constructor(memory: MemoryViews, places: readonly Place[]) {
    const state = new CursorState(memory, recordAlignment);
    const standing = {
      get address() {
        return state.at >>> 0;
      },
      get handle() {
        return handleOf(state.generation, state.at >>> 0);
      },
    };
    this.state = state;
    this.view = viewFields(state, places, 0, "", standing) as View & Standing;
  }
}
