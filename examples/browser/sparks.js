// A spark is one object in the heap: eight numbers of 4 bytes, then the places where it was. All three threads read it.

export const field = { x: 0, y: 1, dx: 2, dy: 3, life: 4, hue: 5, trail: 6, age: 7, places: 8 };

/** Bytes of a spark that remembers so many places: with 5 to 64 of them, 72 to 544. */
export function sparkBytes(trail) {
  return 4 * (field.places + 2 * trail);
}

/** The table of all sparks is an object, too: a word each, 0 or the spark's address, read and written by `Atomics`. */
export const tableLength = 2000;
export const tableBytes = 4 * tableLength;
