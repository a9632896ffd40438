/**
 * S3-FIFO (Yang and others, SOSP 2023): a small row for what is new, a main row, and ghosts: keys that left the small row
 * unused. Who is asked for often enough while in the small row goes to the main row, and so does a ghost that comes back.
 * The main row is a clock: an entry that was used goes round again, with one use less.
 *
 *   small + main <= capacity; small = capacity × share, as a goal; a use counts up to `most`
 *   promoted when its uses in the small row are >= `enough` (2 in the paper's own program, so one hit alone is not enough)
 */
import { type Policy, Row } from "./policy.ts";

/** Keys that left, for a while. */
interface Ghosts {
  add(key: number): void;
  /** Whether it was there; it is not afterwards. */
  take(key: number): boolean;
}

/** As many ghosts as the main row has entries, first in first out, each known by its whole key. */
function exactGhosts(capacity: number, keyCount: number): Ghosts {
  const stamps = new Float64Array(keyCount); // 0, or the key's number among all that were added
  let added = 0;
  return {
    add(key) {
      stamps[key] = ++added;
    },
    take(key) {
      const there = stamps[key] !== 0 && added - stamps[key] < capacity;
      stamps[key] = 0;
      return there;
    },
  };
}

/** A 32-bit mix (Murmur's last step). */
function hash(key: number): number {
  let h = key + 1;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0 || 1;
}

const WAYS = 8;

/**
 * A table of 4-byte hashes, eight to a line of 32 bytes: the hash chooses the line, a new ghost takes the place of one of
 * the eight in turn. Ghosts of two keys may be taken for each other; nothing but a promotion follows.
 */
function hashedGhosts(capacity: number): Ghosts {
  const lines = Math.max(1, Math.round(capacity / WAYS));
  const lineOf = (mark: number): number => Math.floor((mark / 2 ** 32) * lines);
  const table = new Uint32Array(lines * WAYS);
  const turns = new Uint8Array(lines);
  return {
    add(key) {
      const mark = hash(key);
      const line = lineOf(mark);
      table[line * WAYS + (turns[line]++ % WAYS)] = mark;
    },
    take(key) {
      const mark = hash(key);
      const first = lineOf(mark) * WAYS;
      for (let at = first; at < first + WAYS; at++) {
        if (table[at] !== mark) continue;
        table[at] = 0;
        return true;
      }
      return false;
    },
  };
}

interface Shape {
  readonly share: number;
  readonly most: number;
  readonly enough: number;
  readonly ghosts: (capacity: number, keyCount: number) => Ghosts;
}

const [ABSENT, SMALL, MAIN] = [0, 1, 2];

class S3Fifo implements Policy {
  private readonly place: Uint8Array;
  private readonly uses: Uint8Array;
  private readonly small: Row;
  private readonly main: Row;
  private readonly ghosts: Ghosts;
  private readonly smallGoal: number;
  private readonly capacity: number;
  private readonly shape: Shape;

  constructor(shape: Shape, capacity: number, keyCount: number) {
    this.shape = shape;
    this.capacity = capacity;
    this.place = new Uint8Array(keyCount);
    this.uses = new Uint8Array(keyCount);
    this.small = new Row(capacity);
    this.main = new Row(capacity);
    this.smallGoal = Math.max(1, Math.floor(capacity * shape.share));
    this.ghosts = shape.ghosts(Math.max(1, capacity - this.smallGoal), keyCount);
  }

  get size(): number {
    return this.small.length + this.main.length;
  }

  request(key: number): boolean {
    if (this.place[key] !== ABSENT) {
      if (this.uses[key] < this.shape.most) this.uses[key]++;
      return true;
    }
    while (this.size >= this.capacity) this.evict();
    const known = this.ghosts.take(key);
    this.uses[key] = 0;
    this.place[key] = known ? MAIN : SMALL;
    (known ? this.main : this.small).push(key);
    return false;
  }

  private evict(): void {
    if (this.small.length >= this.smallGoal || this.main.length === 0) this.evictSmall();
    else this.evictMain();
  }

  private evictSmall(): void {
    while (this.small.length > 0) {
      const key = this.small.shift();
      if (this.uses[key] < this.shape.enough) {
        this.place[key] = ABSENT;
        this.ghosts.add(key);
        return;
      }
      this.uses[key] = 0;
      this.place[key] = MAIN;
      this.main.push(key);
    }
  }

  private evictMain(): void {
    for (;;) {
      const key = this.main.shift();
      if (this.uses[key] === 0) {
        this.place[key] = ABSENT;
        return;
      }
      this.uses[key]--;
      this.main.push(key);
    }
  }
}

const made =
  (shape: Shape) =>
  (capacity: number, keyCount: number): Policy =>
    new S3Fifo(shape, capacity, keyCount);

/** As in the paper. */
export const s3Fifo = made({ share: 0.1, most: 3, enough: 2, ghosts: exactGhosts });
/** One use promotes, as well, and ghosts are hashes in a table of fixed size. */
export const s3FifoHashed = made({ share: 0.1, most: 3, enough: 1, ghosts: hashedGhosts });
/** … and one bit an entry: what a hit writes is a store, which is left out when the bit is set. */
export const s3FifoOneBit = made({ share: 0.1, most: 1, enough: 1, ghosts: hashedGhosts });
