// The names of a heap's structures: 64 cells in the books, each 0 or the address of an object that says a name, what it is
// the name of, and where that is. Found by the hash of the name, further on where that cell has another; a cell that was
// ever used does not end the search. So a name is set, replaced or deleted by one exchange, and killed in the middle of it a
// worker leaves the old or the new.
//
// Two workers that set a new name at once may put it into two cells: each looks again behind its exchange, and the one whose
// cell comes later takes its own out and begins anew. One that dies before that leaves a name which nobody finds before the
// other is deleted, and which is deleted with it.
//
// A name that is set only where nobody has it is a draft first, which nobody finds. Then all cells of the name are looked at. Drafts of
// others go out, and a name that is there wins. The draft becomes the name by an exchange, which fails if it went out meanwhile. Of two
// one put its draft later, so it saw the other's. Who sets a name in any case looks for drafts behind its exchange, too.

import { type Address, AllocatorError, alignUp } from "../base/index.ts";
import { decodeUtf8 } from "../contents/index.ts";
import { chunkBytes, rootCount, slotLive, wordsPerCell } from "../layout/index.ts";
import type { Kit } from "./kit.ts";
import {
  bytesOf,
  checkHandle,
  checkName,
  hashOf,
  headBytes,
  isSame,
  kindOf,
  lengthsIn,
  lengthsOf,
  type Named,
  type NamedStructure,
  nameOf,
  type Packed,
  pack,
  type StructureHandle,
  wordAt,
} from "./names.ts";

const cellBytes = wordsPerCell * 4;

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

  /**
   * Gives a name only where nothing has it, and says whether it did: of all who try at once one gets `true`. What did not get the
   * name is its owner's as before. @throws as `set`
   */
  setIfAbsent(name: string, handle: StructureHandle): boolean {
    const { kit } = this;
    kit.open();
    const { kind, address } = checkHandle(handle);
    const packed = pack(kind, checkName(name));
    kit.expectLive(address);
    const ownerAt = kit.core.ownerAt(address);
    const owner = kit.core.ownerIn(ownerAt);
    for (;;) {
      if (this.find(nameOf(packed)) !== undefined) {
        // A draft of ours that went out in the midst had made it nobody's.
        if (owner !== slotLive) kit.core.swapOwner(ownerAt, slotLive, owner);
        return false;
      }
      if (this.tryDraft(packed, address)) return true;
    }
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
      if (named === undefined || named.isDraft || this.find(nameOf(named))?.index !== index) continue;
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
      return this.replace(known, fresh);
    }
    const vacant = this.vacantFor(name);
    if (vacant === undefined) return this.makeSpace();
    // Before the exchange: a name leads to no object that ends with its worker.
    kit.disown(target);
    if (!kit.exchange(this.cellOf(vacant), 0, vacant.stamp, fresh)) return this.giveUp();
    kit.commit();
    for (const { seen, named } of this.allOf(name)) if (named.isDraft) this.takeOut(seen);
    const first = this.find(name);
    if (first === undefined || first.index === vacant.index) return true;
    const own = this.look(vacant.index);
    if (own.value === fresh) this.takeOut(own);
    return false;
  }

  /** The name as a draft, then as itself. False: all is to be done again. */
  private tryDraft(packed: Packed, target: number): boolean {
    const { kit } = this;
    const name = nameOf(packed);
    const draft = this.write(packed, target, true);
    const vacant = this.vacantFor(name);
    if (vacant === undefined) return this.makeSpace();
    if (!kit.exchange(this.cellOf(vacant), 0, vacant.stamp, draft)) return this.giveUp();
    kit.commit();
    let isTaken = false;
    for (const { seen, named } of this.allOf(name)) {
      if (!named.isDraft) isTaken = true;
      // One that does not go out may have become the name.
      else if (seen.index !== vacant.index && !this.takeOut(seen)) isTaken = true;
    }
    const own = this.look(vacant.index);
    const { named } = own;
    // Another's draft of the same name, for the same object, in its place does as well.
    const isOwn =
      own.value === draft && named?.isDraft && named.address === target && isSame(nameOf(named), name);
    if (!isOwn) return false;
    if (isTaken) {
      this.takeOut(own);
      return false;
    }
    const fresh = this.write(packed, target);
    kit.disown(target);
    return this.replace(own, fresh);
  }

  private replace(seen: Seen, fresh: number): boolean {
    if (!this.kit.exchange(this.cellOf(seen), seen.value, seen.stamp, fresh, seen.value))
      return this.giveUp();
    this.kit.retire();
    return true;
  }

  /** Takes out all drafts: those of the dead stay until somebody does. @throws ERR_OUT_OF_MEMORY when there are none */
  private makeSpace(): false {
    this.kit.abandon();
    let isFound = false;
    for (let index = 0; index < rootCount; index++) {
      const seen = this.look(index);
      if (seen.named?.isDraft && this.takeOut(seen)) isFound = true;
    }
    if (isFound) return false;
    throw new AllocatorError("ERR_OUT_OF_MEMORY", `all ${rootCount} names are taken`);
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

  private write(packed: Packed, target: number, isDraft = false): number {
    const { kit } = this;
    const { text } = packed;
    const fresh = kit.allocate(headBytes + text.length);
    const { core } = kit;
    core.putWord(fresh, target);
    core.putWord(fresh + 4, lengthsOf(packed, isDraft));
    for (let i = 0; i < text.length; i += 4) core.putWord(fresh + headBytes + i, wordAt(text, i));
    return fresh;
  }

  /** The cell that has a name. */
  private find(name: Uint8Array): Seen | undefined {
    for (const { seen, named } of this.allOf(name)) if (!named.isDraft) return seen;
    return undefined;
  }

  /** All cells with a name, and with drafts of it. */
  private *allOf(name: Uint8Array): Iterable<{ seen: Seen; named: Named }> {
    const from = hashOf(name);
    for (let i = 0; i < rootCount; i++) {
      const seen = this.look((from + i) % rootCount);
      if (seen.value === 0 && seen.stamp === 0) return;
      const { named } = seen;
      if (named !== undefined && isSame(nameOf(named), name)) yield { seen, named };
    }
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
    const lengths = lengthsIn(core.getWord(object + 4));
    if (lengths === undefined) return undefined;
    const { kindBytes, nameBytes, isDraft } = lengths;
    const text = new Uint8Array(kindBytes + nameBytes);
    const end = heap.dataAt + heap.layout.chunkCount * chunkBytes;
    if (object + headBytes + alignUp(text.length, 4) > end) return undefined;
    for (let i = 0; i < text.length; i += 4) {
      const word = core.getWord(object + headBytes + i);
      for (let j = i; j < Math.min(i + 4, text.length); j++) text[j] = (word >>> ((j - i) * 8)) & 255;
    }
    return { address, kindBytes, text, isDraft };
  }
}
