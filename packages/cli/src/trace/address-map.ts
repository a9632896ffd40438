// Which object lives at an address of the traced program. An address is two words of 32 bits: whatever its bits,
// those of a tag in the top byte, too, no two addresses become one.
//
// Open addressing: an entry stands at its home or in a row of taken places that begins there; 2 × size <= places.
// objects[place] = object + 1, or 0 where nothing is

const firstPlaces = 1024;

export class AddressMap {
  #lows = new Int32Array(firstPlaces);
  #highs = new Int32Array(firstPlaces);
  #objects = new Int32Array(firstPlaces);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  set(low: number, high: number, object: number): void {
    if (2 * (this.#size + 1) > this.#objects.length) this.#grow();
    const place = this.#find(low, high);
    if (this.#objects[place] === 0) this.#size++;
    this.#put(place, low, high, object + 1);
  }

  /** Takes the object out, and returns it; -1 when there is none. */
  take(low: number, high: number): number {
    const place = this.#find(low, high);
    const entry = this.#objects[place];
    if (entry === 0) return -1;
    this.#size--;
    this.#close(place);
    return entry - 1;
  }

  /** Where the address is, or where it would be put. */
  #find(low: number, high: number): number {
    const mask = this.#objects.length - 1;
    let place = homeOf(low, high) & mask;
    while (this.#objects[place] !== 0 && (this.#lows[place] !== low || this.#highs[place] !== high))
      place = (place + 1) & mask;
    return place;
  }

  /** Empties a place, and moves what would not be found any more: whatever lies behind the hole, seen from its home. */
  #close(emptied: number): void {
    const mask = this.#objects.length - 1;
    let hole = emptied;
    for (let place = (hole + 1) & mask; this.#objects[place] !== 0; place = (place + 1) & mask) {
      const [low, high] = [this.#lows[place], this.#highs[place]];
      const fromHome = (place - homeOf(low, high)) & mask;
      if (fromHome < ((place - hole) & mask)) continue;
      this.#put(hole, low, high, this.#objects[place]);
      hole = place;
    }
    this.#objects[hole] = 0;
  }

  #put(place: number, low: number, high: number, entry: number): void {
    this.#lows[place] = low;
    this.#highs[place] = high;
    this.#objects[place] = entry;
  }

  #grow(): void {
    const [lows, highs, objects] = [this.#lows, this.#highs, this.#objects];
    this.#lows = new Int32Array(2 * objects.length);
    this.#highs = new Int32Array(2 * objects.length);
    this.#objects = new Int32Array(2 * objects.length);
    for (let i = 0; i < objects.length; i++)
      if (objects[i] !== 0) this.#put(this.#find(lows[i], highs[i]), lows[i], highs[i], objects[i]);
  }
}

/** Addresses differ in a few bits in the middle: these have to reach the lowest of the result. */
function homeOf(low: number, high: number): number {
  let mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 13);
}
