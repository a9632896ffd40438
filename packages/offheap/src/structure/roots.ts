// The names of a heap's structures: 64 cells in the books, each 0 or the address of an object that says a name, what it is
// the name of, and where that is. Found by the hash of the name, further on where that cell has another; a cell that was
// ever used does not end the search. So a name is set, replaced or deleted by one exchange, and killed in the middle of it a
// worker leaves the old or the new.
//
// Two workers that set a new name at once may put it into two cells: each looks again behind its exchange, and the one whose
// cell comes later takes its own out and begins anew. One that dies before that leaves a name which nobody finds before the
// other is deleted, and which is deleted with it.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { decodeUtf8, encodeUtf8 } from "../contents/index.ts";
import { rootCount, wordsPerCell } from "../layout/index.ts";
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

const mostNameBytes = 64;
const mostKindBytes = 16;
const mostTextBytes = mostNameBytes + mostKindBytes;
/** The object of a name: the address; the lengths of kind and name; both, as UTF-8. */
const headBytes = 8;
const cellBytes = wordsPerCell * 4;

/** A name as the memory has it. */
interface Packed {
  readonly kindBytes: number;
  readonly nameBytes: number;
  readonly text: Uint8Array;
}

/** A cell, as it was seen. */
interface Seen {
  readonly index: number;
  readonly value: number;
  readonly stamp: number;
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
    const packed = pack("", checkName(name));
    const seen = this.find(packed);
    if (seen === undefined) return undefined;
    const named = this.read(seen);
    // It was replaced, or deleted, between the two looks.
    return named === undefined ? this.get(name) : { kind: named.kind, address: named.address };
  }

  /** Takes a name away; false when nothing had it. @throws ERR_INVALID_OPTION for what is no name; ERR_DETACHED */
  delete(name: string): boolean {
    const { kit } = this;
    kit.open();
    const packed = pack("", checkName(name));
    let isFound = false;
    for (let seen = this.find(packed); seen !== undefined; seen = this.find(packed))
      if (this.takeOut(seen)) isFound = true;
    return isFound;
  }

  /** All that have a name. @throws ERR_DETACHED */
  list(): NamedStructure[] {
    this.kit.open();
    const found: NamedStructure[] = [];
    for (let index = 0; index < rootCount; index++) {
      const seen = this.see(index);
      const named = seen.value === 0 ? undefined : this.read(seen);
      if (named !== undefined && this.find(pack("", named.name))?.index === index) found.push(named);
    }
    return found;
  }

  /** False: somebody was faster, and all is to be done again. */
  private trySet(packed: Packed, target: number): boolean {
    const { kit } = this;
    const fresh = this.write(packed, target);
    const known = this.find(packed);
    if (known !== undefined) {
      kit.disown(target);
      if (!kit.exchange(this.cellOf(known), known.value, known.stamp, fresh, known.value))
        return this.giveUp();
      kit.retire();
      return true;
    }
    const vacant = this.vacantFor(packed);
    if (vacant === undefined) {
      kit.abandon();
      throw new AllocatorError("ERR_OUT_OF_MEMORY", `all ${rootCount} names are taken`);
    }
    // Before the exchange: a name leads to no object that ends with its worker.
    kit.disown(target);
    if (!kit.exchange(this.cellOf(vacant), 0, vacant.stamp, fresh)) return this.giveUp();
    kit.commit();
    const first = this.find(packed);
    if (first === undefined || first.index === vacant.index) return true;
    const own = this.see(vacant.index);
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

  private write({ kindBytes, nameBytes, text }: Packed, target: number): number {
    const { kit } = this;
    const fresh = kit.allocate(headBytes + text.length);
    const { core } = kit;
    core.putWord(fresh, target);
    core.putWord(fresh + 4, kindBytes | (nameBytes << 8));
    for (let i = 0; i < text.length; i += 4) core.putWord(fresh + headBytes + i, wordAt(text, i));
    return fresh;
  }

  /** The cell that has a name. */
  private find({ nameBytes, text, kindBytes }: Packed): Seen | undefined {
    const name = text.subarray(kindBytes, kindBytes + nameBytes);
    const from = hashOf(name);
    for (let i = 0; i < rootCount; i++) {
      const seen = this.see((from + i) % rootCount);
      if (seen.value === 0 && seen.stamp === 0) return undefined;
      if (seen.value !== 0 && this.hasName(seen, name)) return seen;
    }
    return undefined;
  }

  private vacantFor({ nameBytes, text, kindBytes }: Packed): Seen | undefined {
    const from = hashOf(text.subarray(kindBytes, kindBytes + nameBytes));
    for (let i = 0; i < rootCount; i++) {
      const seen = this.see((from + i) % rootCount);
      if (seen.value === 0) return seen;
    }
    return undefined;
  }

  private see(index: number): Seen {
    const { core } = this.kit;
    const value = core.seeCell(this.at + index * cellBytes) >>> 0;
    return { index, value, stamp: core.stampSeen() };
  }

  private cellOf({ index }: Seen): number {
    return this.at + index * cellBytes;
  }

  /** Whether a cell still is as it was seen: then what was read of its object in between is that object's. */
  private isStill({ index, stamp }: Seen): boolean {
    return this.see(index).stamp === stamp;
  }

  private hasName(seen: Seen, name: Uint8Array): boolean {
    const bytes = this.textOf(seen.value);
    if (bytes === undefined || !this.isStill(seen)) return false;
    const { kindBytes, text } = bytes;
    return text.length - kindBytes === name.length && name.every((byte, i) => text[kindBytes + i] === byte);
  }

  private read(seen: Seen): NamedStructure | undefined {
    const bytes = this.textOf(seen.value);
    const address = (this.kit.core.getWord(seen.value) >>> 0) as Address;
    if (bytes === undefined || !this.isStill(seen)) return undefined;
    const { kindBytes, text } = bytes;
    const kind = decodeUtf8(text, 0, kindBytes);
    return { name: decodeUtf8(text, kindBytes, text.length), kind, address };
  }

  /** The texts of a name's object, as far as they can be ones: it may be another object by now. */
  private textOf(object: number): Packed | undefined {
    const { core } = this.kit;
    const lengths = core.getWord(object + 4);
    const kindBytes = lengths & 255;
    const nameBytes = (lengths >>> 8) & 255;
    if (kindBytes > mostKindBytes || nameBytes > mostNameBytes) return undefined;
    const text = new Uint8Array(kindBytes + nameBytes);
    for (let i = 0; i < text.length; i += 4) {
      const word = core.getWord(object + headBytes + i);
      for (let j = i; j < Math.min(i + 4, text.length); j++) text[j] = (word >>> ((j - i) * 8)) & 255;
    }
    return { kindBytes, nameBytes, text };
  }
}

function checkName(name: unknown): string {
  const bytes = typeof name === "string" ? bytesOf(name) : undefined;
  if (bytes !== undefined && bytes.length >= 1 && bytes.length <= mostNameBytes) return name as string;
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
  const bytes = typeof kind === "string" ? bytesOf(kind) : undefined;
  if (bytes === undefined || bytes.length < 1 || bytes.length > mostKindBytes) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `a handle has a kind of 1 to ${mostKindBytes} bytes and an address, got ${show(handle)}`,
    );
  }
  if (typeof address !== "number" || address >>> 0 !== address)
    throw new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} is no integer of 32 bits`);
  return { kind: kind as string, address: address as Address };
}

/** A text as UTF-8; undefined for one with a surrogate that lacks its other half, or too long for any use in here. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(mostTextBytes);
  const length = encodeUtf8(text, bytes, 0, bytes.length);
  return decodeUtf8(bytes, 0, length) === text ? bytes.subarray(0, length) : undefined;
}

function pack(kind: string, name: string): Packed {
  const [kindText, nameText] = [bytesOf(kind), bytesOf(name)] as [Uint8Array, Uint8Array];
  const text = Uint8Array.of(...kindText, ...nameText);
  return { kindBytes: kindText.length, nameBytes: nameText.length, text };
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
