// The names of a heap's structures: 64 cells in the books, each 0 or the address of an object that says a name, what it is
// the name of, and where that is. Found by the hash of the name, further on where that cell has another; a cell that was
// ever used does not end the search. So a name is set, replaced or deleted by one exchange, and killed in the middle of it a
// worker leaves the old or the new.
//
// Two workers that set a new name at once may put it into two cells: each looks again behind its exchange, and the one whose
// cell comes later takes its own out and begins anew. One that dies before that leaves a name which nobody finds before the
// other is deleted, and which is deleted with it.

import { type Address, AllocatorError, alignUp, show } from "../base/index.ts";
import { decodeUtf8, encodeUtf8 } from "../contents/index.ts";
import { chunkBytes, mostKindBytes, mostNameBytes, rootCount, wordsPerCell } from "../layout/index.ts";
import type { Kit } from "./kit.ts";

/** What leads to a structure: posted to a worker, kept under a name, given to the structure's `attach`. */
export interface StructureHandle {
  /** What it is: "ring", "records"; at most 16 bytes. */
  readonly kind: string;
  readonly address: Address;
}

export interface NamedStructure extends StructureHandle {
  readonly name: string;
}

const mostTextBytes = mostNameBytes + mostKindBytes;
/** The object of a name: the address; the lengths of kind and name; both, as UTF-8. */
const headBytes = 8;
const cellBytes = wordsPerCell * 4;

/** A name as the memory has it: kind and name in a row. */
interface Packed {
  readonly kindBytes: number;
  readonly text: Uint8Array;
}

/** What the object of a name says. */
interface Named extends Packed {
  readonly address: Address;
}

/** A cell, as it was seen, and what its object said then. */
interface Seen {
  readonly index: number;
  readonly value: number;
  readonly stamp: number;
  readonly named: Named | undefined;
}

export class Roots {
  private readonly kit: Kit;
  /** Byte offset of the first cell. */
  private readonly at: number;

  constructor(kit: Kit) {
    this.kit = kit;
    this.at = kit.heap.offset + kit.heap.layout.rootsAt * 4;
  }

  /**
   * Gives a structure, or any live object, a name, in place of what had it before. What has a name is nobody's object.
   * @throws ERR_INVALID_OPTION for a name that is no text of 1 to 64 bytes as UTF-8, or what is no handle;
   *   ERR_INVALID_ADDRESS where no live object begins; ERR_OUT_OF_MEMORY when 64 names are taken, too; ERR_DETACHED
   */
  set(name: string, handle: StructureHandle): void {
    const { kit } = this;
    kit.open();
    const { kind, address } = checkHandle(handle);
    const packed = pack(kind, checkName(name));
    kit.expectLive(address);
    while (!this.trySet(packed, address));
  }

  /** What has a name; undefined when nothing does. @throws ERR_INVALID_OPTION for what is no name; ERR_DETACHED */
  get(name: string): StructureHandle | undefined {
    this.kit.open();
    const named = this.find(bytesOf(checkName(name)))?.named;
    return named === undefined ? undefined : { kind: kindOf(named), address: named.address };
  }

  /** Takes a name away; false when nothing had it. @throws ERR_INVALID_OPTION for what is no name; ERR_DETACHED */
  delete(name: string): boolean {
    const { kit } = this;
    kit.open();
    const bytes = bytesOf(checkName(name));
    let isFound = false;
    for (let seen = this.find(bytes); seen !== undefined; seen = this.find(bytes))
      if (this.takeOut(seen)) isFound = true;
    return isFound;
  }

  /** All that have a name. @throws ERR_DETACHED */
  list(): NamedStructure[] {
    this.kit.open();
    const found: NamedStructure[] = [];
    for (let index = 0; index < rootCount; index++) {
      const { named } = this.look(index);
      if (named === undefined || this.find(nameOf(named))?.index !== index) continue;
      const name = decodeUtf8(named.text, named.kindBytes, named.text.length);
      found.push({ name, kind: kindOf(named), address: named.address });
    }
    return found;
  }

  /** False: somebody was faster, and all is to be done again. */
  private trySet(packed: Packed, target: number): boolean {
    const { kit } = this;
    const fresh = this.write(packed, target);
    const name = nameOf(packed);
    const known = this.find(name);
    if (known !== undefined) {
      kit.disown(target);
      if (!kit.exchange(this.cellOf(known), known.value, known.stamp, fresh, known.value))
        return this.giveUp();
      kit.retire();
      return true;
    }
    const vacant = this.vacantFor(name);
    if (vacant === undefined) {
      kit.abandon();
      throw new AllocatorError("ERR_OUT_OF_MEMORY", `all ${rootCount} names are taken`);
    }
    // Before the exchange: a name leads to no object that ends with its worker.
    kit.disown(target);
    if (!kit.exchange(this.cellOf(vacant), 0, vacant.stamp, fresh)) return this.giveUp();
    kit.commit();
    const first = this.find(name);
    if (first === undefined || first.index === vacant.index) return true;
    const own = this.look(vacant.index);
    if (own.value === fresh) this.takeOut(own);
    return false;
  }

  private giveUp(): false {
    this.kit.abandon();
    return false;
  }

  private takeOut(seen: Seen): boolean {
    if (!this.kit.exchange(this.cellOf(seen), seen.value, seen.stamp, 0, seen.value)) {
      this.kit.abandon();
      return false;
    }
    this.kit.retire();
    return true;
  }

  private write({ kindBytes, text }: Packed, target: number): number {
    const { kit } = this;
    const fresh = kit.allocate(headBytes + text.length);
    const { core } = kit;
    core.putWord(fresh, target);
    core.putWord(fresh + 4, kindBytes | ((text.length - kindBytes) << 8));
    for (let i = 0; i < text.length; i += 4) core.putWord(fresh + headBytes + i, wordAt(text, i));
    return fresh;
  }

  /** The cell that has a name. */
  private find(name: Uint8Array): Seen | undefined {
    const from = hashOf(name);
    for (let i = 0; i < rootCount; i++) {
      const seen = this.look((from + i) % rootCount);
      if (seen.value === 0 && seen.stamp === 0) return undefined;
      if (seen.named !== undefined && isSame(nameOf(seen.named), name)) return seen;
    }
    return undefined;
  }

  private vacantFor(name: Uint8Array): Seen | undefined {
    const from = hashOf(name);
    for (let i = 0; i < rootCount; i++) {
      const seen = this.look((from + i) % rootCount);
      if (seen.value === 0) return seen;
    }
    return undefined;
  }

  /**
   * A cell, and what its object says: what is read is that object's if the cell still is as it was. Looked at again where it has
   * changed, which takes another worker's exchange each time: a name that is replaced meanwhile is found.
   */
  private look(index: number): Seen {
    const { core } = this.kit;
    const cell = this.at + index * cellBytes;
    for (;;) {
      const value = core.seeCell(cell) >>> 0;
      const stamp = core.stampSeen();
      if (value === 0) return { index, value, stamp, named: undefined };
      const named = this.read(value);
      if (core.seeCell(cell) >>> 0 === value && core.stampSeen() === stamp)
        return { index, value, stamp, named };
    }
  }

  private cellOf({ index }: Seen): number {
    return this.at + index * cellBytes;
  }

  /** What the object of a name says, as far as it can be one: it may be another by now, and damaged books lead anywhere. */
  private read(object: number): Named | undefined {
    const { core, heap } = this.kit;
    if (!this.kit.isLive(object)) return undefined;
    const address = (core.getWord(object) >>> 0) as Address;
    const lengths = core.getWord(object + 4);
    const kindBytes = lengths & 255;
    const nameBytes = (lengths >>> 8) & 255;
    const isName = isUpTo(kindBytes, mostKindBytes) && isUpTo(nameBytes, mostNameBytes);
    if (!isName) return undefined;
    const text = new Uint8Array(kindBytes + nameBytes);
    const end = heap.dataAt + heap.layout.chunkCount * chunkBytes;
    if (object + headBytes + alignUp(text.length, 4) > end) return undefined;
    for (let i = 0; i < text.length; i += 4) {
      const word = core.getWord(object + headBytes + i);
      for (let j = i; j < Math.min(i + 4, text.length); j++) text[j] = (word >>> ((j - i) * 8)) & 255;
    }
    return { address, kindBytes, text };
  }
}

function isUpTo(bytes: number, most: number): boolean {
  return bytes > 0 && bytes <= most;
}

function checkName(name: unknown): string {
  if (isText(name, mostNameBytes)) return name;
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    `a name is a text of 1 to ${mostNameBytes} bytes as UTF-8, got ${show(name)}`,
  );
}

function checkHandle(handle: unknown): StructureHandle {
  const { kind, address } = (typeof handle === "object" && handle !== null ? handle : {}) as {
    kind?: unknown;
    address?: unknown;
  };
  if (!isText(kind, mostKindBytes)) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `a handle has a kind of 1 to ${mostKindBytes} bytes and an address, got ${show(handle)}`,
    );
  }
  if (typeof address !== "number" || address >>> 0 !== address)
    throw new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} is no integer of 32 bits`);
  return { kind, address: address as Address };
}

/** Whether a value is a text of 1 to `most` bytes as UTF-8, with no surrogate that lacks its other half. */
function isText(value: unknown, most: number): value is string {
  if (typeof value !== "string" || value.length < 1 || value.length > most) return false;
  const bytes = bytesOf(value);
  return bytes.length <= most && decodeUtf8(bytes, 0, bytes.length) === value;
}

/** A text as UTF-8, as far as there is space for it. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(mostTextBytes);
  return bytes.subarray(0, encodeUtf8(text, bytes, 0, bytes.length));
}

function pack(kind: string, name: string): Packed {
  const kindText = bytesOf(kind);
  return { kindBytes: kindText.length, text: Uint8Array.of(...kindText, ...bytesOf(name)) };
}

function kindOf({ text, kindBytes }: Packed): string {
  return decodeUtf8(text, 0, kindBytes);
}

function nameOf({ text, kindBytes }: Packed): Uint8Array {
  return text.subarray(kindBytes);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => other[i] === byte);
}

function wordAt(bytes: Uint8Array, i: number): number {
  let word = 0;
  for (let j = 0; j < 4; j++) word |= (bytes[i + j] ?? 0) << (j * 8);
  return word;
}

/** FNV-1a (Fowler, Noll & Vo), for so few. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % rootCount;
}
