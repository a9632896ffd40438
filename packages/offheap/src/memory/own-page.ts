// The page that each process has to itself before a heap of several processes: by it every thread that is given the memory
// knows which process it is of, and the file's descriptor. Another memory has none.

import {
  fileHeader,
  fileHeaderAt,
  fileHeaderWords,
  ownPage,
  ownPageMarks,
  ownStatus,
  sharedHeapAt,
} from "../layout/index.ts";
import { hardwareAtomics } from "./atomics.ts";
import { bufferOf, isShared, type MemorySource } from "./kind.ts";

export class OwnPage {
  private readonly words: Int32Array;
  private readonly file: Int32Array;

  private constructor(source: MemorySource) {
    this.words = new Int32Array(bufferOf(source), 0, ownPage.status + 1);
    this.file = new Int32Array(bufferOf(source), fileHeaderAt, fileHeaderWords);
  }

  /** The number of this process in the file's table, from 1 on. */
  get process(): number {
    return this.words[ownPage.process] as number;
  }

  get descriptor(): number {
    return this.words[ownPage.descriptor] as number;
  }

  /** Whether the objects that a dead process had allocated are freed. */
  freesLive(): boolean {
    return this.file[fileHeader.live] !== 0;
  }

  /** Whether the file is laid over the memory, and will stay so while somebody of this process is attached. */
  isOpen(): boolean {
    return hardwareAtomics.load(this.words, ownPage.status) === ownStatus.open;
  }

  /** True for the one who takes it from a status to another. */
  turn(from: keyof typeof ownStatus, to: keyof typeof ownStatus): boolean {
    return hardwareAtomics.swap(this.words, ownPage.status, ownStatus[from], ownStatus[to]);
  }

  /** Makes the page of a memory; it is open from now on. */
  static make(source: MemorySource, process: number, descriptor: number): OwnPage {
    const page = new OwnPage(source);
    const { words } = page;
    words[ownPage.process] = process;
    words[ownPage.descriptor] = descriptor;
    hardwareAtomics.store(words, ownPage.status, ownStatus.open);
    words.set(ownPageMarks);
    return page;
  }

  /** The page of a memory, if it has one. */
  static of(source: MemorySource): OwnPage | undefined {
    const buffer = bufferOf(source);
    if (buffer.byteLength <= sharedHeapAt || !isShared(source)) return undefined;
    const page = new OwnPage(source);
    const isMarked = ownPageMarks.every((mark, i) => page.words[ownPage.mark + i] === mark);
    return isMarked ? page : undefined;
  }
}
