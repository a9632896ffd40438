// What check() looks at of the maps and caches that a name leads to. A map is one list: it is in order, and each thing in it is
// live, nobody's and in no other list; each entry is where its key's hash belongs; each open bucket's head is in the list.
//
//   not reported, as the dead may leave it    a marked entry · a head in the list that is not known to be · an unused piece ·
//                                             a bucket that is used no more, and yet to be closed
//   not looked at                             a map that is being destroyed · counts, until a death in a change is made good
//                                             (src/map/count.ts) · how many are on probation, which the hands put right by guess

import type { WorkerPlace } from "../base/index.ts";
import {
  bucketsPerPiece,
  cacheMark,
  cacheWords,
  cellFlags,
  draftFlag,
  entryWords,
  expiry,
  gone,
  mapEnding,
  mapMark,
  mapWords,
  mostBucketsLog,
  mostKeyBytes,
  stampShift,
} from "../layout/index.ts";
import { Workers } from "../worker/index.ts";
import { MapObjects } from "./objects.ts";
import { checkPacked } from "./packed.ts";

const bytesPerCell = 8;
const kindShift = 8;
/** Bytes of the kinds of what has a name. */
const [mapKind, cacheKind] = ["map".length, "cache".length];
const broken = -1;

export class MapChecks extends MapObjects {
  /** What a name leads to, if that is a map or a cache. What was destroyed may have its name still. */
  checkNamed(name: number): void {
    const lengths = this.word(name + 4);
    if ((lengths & draftFlag) !== 0) return;
    const at = this.word(name) >>> 0;
    const kind = this.word(name + 8);
    if (this.has(at)) return;
    if ((lengths & 255) === mapKind && kind << kindShift === mapMark << kindShift && this.begins(at, mapMark))
      this.checkMap(at);
    if ((lengths & 255) === cacheKind && kind === cacheMark && this.begins(at, cacheMark))
      this.checkCache(at);
  }

  checkCache(books: number): void {
    const { core } = this.heap;
    const what = `the cache at ${books}`;
    if (!this.meet(books, core.cacheBytes(), what)) return;
    const count = this.word(books + cacheWords.ghostMask) + 1;
    if (count <= 0 || (count & (count - 1)) !== 0) this.say(`${what} remembers ${count} hashes`);
    else this.meet(this.word(books + cacheWords.ghosts) >>> 0, count * 4, `${what}: what it remembers`);
    for (const [part, owner] of [
      [cacheWords.map, books],
      [cacheWords.claims, 0],
    ] as const) {
      const map = this.word(books + part) >>> 0;
      if (this.begins(map, mapMark)) this.checkMap(map, owner);
      else this.say(`${what} has a map at ${map}, where none begins`);
    }
  }

  checkMap(map: number, owner = 0): void {
    const what = `the map at ${map}`;
    if (this.word(map + mapWords.frozen) === mapEnding) return;
    if (!this.meet(map, this.heap.core.mapBytes(), what)) return;
    const log = this.word(map + mapWords.log);
    if (log < 0 || log > mostBucketsLog) this.say(`${what} has 2^${log} buckets`);
    const closing = this.word(map + mapWords.closing);
    if (closing !== 0 && (closing < bucketsPerPiece || closing >= 2 ** mostBucketsLog))
      this.say(`${what} is about to close bucket ${closing}`);
    const builtOn = this.word(map + mapWords.owner) >>> 0;
    if (builtOn !== owner) this.say(`${what} is of a cache at ${builtOn}, not ${owner}`);
    checkPacked(this, map, what);
    const pieces = this.piecesOf(map, what);
    const first = pieces.get(0)?.at;
    if (first === undefined) return this.say(`${what} has no list`);
    this.checkList({ map, what, pieces, first, opened: new Set([first]), size: 0, eights: 0 });
  }

  /** Where the heads of buckets stand, by piece. */
  private piecesOf(map: number, what: string): Pieces {
    const pieces = new Map<number, Piece>();
    const put = (piece: number, cell: number, which: string): number => {
      // The first piece, and a table, are never closed.
      const closed = piece > 0 ? cellFlags.marked : 0;
      const at = (this.word(cell) & ~closed) >>> 0;
      if (at === 0 || !this.meet(at, bucketsPerPiece * bytesPerCell, `${what}: ${which} ${piece}`)) return 0;
      pieces.set(piece, { at, isClosed: (this.word(cell) & closed) !== 0 });
      return at;
    };
    put(0, map + mapWords.root, "piece");
    for (let i = 1; i < mapWords.rootCells; i++) {
      const from = (i - 1) * bucketsPerPiece;
      const table = put(-i, map + mapWords.root + i * bytesPerCell, "table");
      // The first piece stands in no table.
      for (let k = from === 0 ? 1 : 0; k < bucketsPerPiece && table !== 0; k++)
        put(from + k, table + k * bytesPerCell, "piece");
    }
    return pieces;
  }

  private checkList(list: List): void {
    const { what, pieces, opened, map } = list;
    let last = 0;
    let cell = list.first;
    let flag: number = cellFlags.apart;
    for (;;) {
      if (this.word(cell + 4) >>> stampShift > this.heap.layout.maxWorkers)
        this.say(
          `${what}: the cell at ${cell} was exchanged by worker ${this.word(cell + 4) >>> stampShift}`,
        );
      const link = this.word(cell) & ~flag;
      if (link === 0) break;
      const isHead = (link & cellFlags.all) === cellFlags.toHead;
      flag = isHead ? cellFlags.apart | cellFlags.marked : cellFlags.marked;
      const order = isHead ? turned(link >>> 3) : this.checkEntry(list, link >>> 0);
      if (order === broken) return;
      cell = isHead ? headIn(pieces, link >>> 3) : link >>> 0;
      const where = isHead ? `the head of bucket ${link >>> 3}` : `the entry at ${cell}`;
      if (cell === 0) return this.say(`${what}: ${where} is in the list, and in no piece`);
      // What goes in behind the last cell that is not marked stands before marked entries of lower orders.
      const isMarked = !isHead && (this.word(cell) & cellFlags.marked) !== 0;
      if (isHead ? order <= last : order < last && !isMarked)
        return this.say(`${what}: ${where} is not in order`);
      if (isHead) opened.add(cell);
      last = Math.max(last, order);
    }
    for (const [piece, { at, isClosed }] of pieces)
      for (let k = 0; k < bucketsPerPiece && piece >= 0; k++)
        this.checkHead(list, piece * bucketsPerPiece + k, at + k * bytesPerCell, isClosed);
    this.checkCounts(map, list);
  }

  private checkHead({ what, opened }: List, bucket: number, head: number, isClosed: boolean): void {
    const isMarked = (this.word(head) & cellFlags.marked) !== 0;
    if (isMarked && !isClosed) this.say(`${what}: bucket ${bucket} is closed, and its piece is not`);
    else if (!isMarked && (this.word(head) & cellFlags.apart) === 0 && !opened.has(head))
      this.say(`${what}: bucket ${bucket} is open, its head is not in the list`);
  }

  /** The order of an entry; `broken` where nothing leads on from it. */
  private checkEntry(list: List, entry: number): number {
    const { core } = this.heap;
    const what = `${list.what}: the entry at ${entry}`;
    if (!this.meet(entry, entryWords.keyFrom, what)) return broken;
    const read = (word: number) => this.word(entry + word * 4);
    const keyBytes = read(entryWords.keyBytes) & mostKeyBytes;
    const valueBytes = read(entryWords.valueBytes);
    const word = read(entryWords.word);
    const bytes = entryWords.keyFrom + ((keyBytes + 7) & -8) + valueBytes;
    const isMarked = (read(0) & cellFlags.marked) !== 0;
    if (valueBytes < ((word & expiry.flag) === 0 ? 0 : expiry.bytes) || bytes > this.bytesAt(entry)) {
      this.say(`${what} has a key of ${keyBytes} bytes and a value of ${valueBytes}, which do not fit`);
      return broken;
    }
    const order = read(entryWords.order);
    const own = core.orderOf(list.map, entry + entryWords.keyFrom, keyBytes);
    if (order !== own) this.say(`${what} has order ${order >>> 0}, its key ${own >>> 0}`);
    if (word >>> 0 > gone.most || ((word & gone.flag) !== 0 && !isMarked))
      this.say(`${what} is in the map, and its word says ${word}`);
    if (isMarked) return order >>> 0;
    list.size++;
    list.eights = (list.eights + ((bytes + 7) >>> 3)) | 0;
    return order >>> 0;
  }

  private checkCounts(map: number, { what, size, eights }: List): void {
    const { core, layout } = this.heap;
    let [entries, bytes, lost] = [0, 0, 0];
    for (let place = 1; place <= layout.maxWorkers; place++) {
      const row = core.rowOf(map, place);
      const isCut = this.word(row + mapWords.rowTurn) % 2 !== 0;
      if (isCut && new Workers(this.heap).read(place as WorkerPlace).state !== "free") return;
      if (isCut) lost++;
      lost = (lost + this.word(row + mapWords.rowLost)) | 0;
      entries = (entries + this.word(row)) | 0;
      bytes = (bytes + this.word(row + mapWords.rowBytes)) | 0;
    }
    if (lost !== this.word(map + mapWords.madeGood)) return;
    if (entries !== size || bytes !== eights)
      this.say(`${what} counts ${entries} entries of ${bytes} × 8 bytes, has ${size} of ${eights} × 8`);
  }
}

/** Where the heads of buckets stand; whether no bucket is opened there any more. */
interface Piece {
  readonly at: number;
  readonly isClosed: boolean;
}

/** By number; a table has one below 0. */
type Pieces = ReadonlyMap<number, Piece>;

/** A map's list, and what was found in it. */
interface List {
  readonly map: number;
  readonly what: string;
  readonly pieces: Pieces;
  /** The head of bucket 0, with which it begins. */
  readonly first: number;
  /** Heads that are in it. */
  readonly opened: Set<number>;
  size: number;
  eights: number;
}

function headIn(pieces: Pieces, bucket: number): number {
  const at = pieces.get(Math.floor(bucket / bucketsPerPiece))?.at;
  return at === undefined ? 0 : at + (bucket % bucketsPerPiece) * bytesPerCell;
}

/** The order of a bucket's head: its bits turned round. */
function turned(bucket: number): number {
  let order = 0;
  for (let i = 0; i < 32; i++) order = (order << 1) | ((bucket >>> i) & 1);
  return order >>> 0;
}
