// What only the operating system can do, as the heap sees it. `loadOs()` of "offheap/os" makes one; it is handed
// in and never imported, so that browsers and bare installs carry none of it.

/** Bytes of a huge page where nothing says otherwise. */
export const usualHugePageBytes = 2 ** 21;

/** Whether the operating system can do something, and why not, or by which call. */
export interface OsAbility {
  readonly available: boolean;
  readonly reason: string;
}

/** What the operating system says of a file. */
export interface FileFacts {
  readonly isFile: boolean;
  /** Number of the user whose it is. */
  readonly owner: number;
  readonly bytes: number;
  /** Together the same for one file, whatever path leads to it. */
  readonly device: number;
  readonly inode: number;
}

/** What it said when it refused: its own code, such as ENOSPC, and its words. */
export interface OsRefusal {
  readonly code: string;
  readonly message: string;
}

/** Who a process is, so that no other on the machine is taken for it; and since when the machine runs. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly user: number;
  readonly started: number;
  readonly namespace: number;
  readonly boot: number;
}

/**
 * Files that several processes map. What the operating system refuses is returned, never thrown. What `open` gives is the
 * thread's that calls it: hosts close it when the thread ends, and some let no other use it. What `keep` gives is the process's.
 */
export interface ProcessCalls {
  readonly self: ProcessIdentity;
  /** Opens a file for reading and writing, no symbolic link; `isNew`: makes it, for this user alone, if it is not there. */
  open(path: string, isNew: boolean): number | OsRefusal;
  close(descriptor: number): void;
  /** Another descriptor of what was opened, with its locks, of the whole process: for `lock` and its like, and `map`. */
  keep(descriptor: number): number | OsRefusal;
  /** Closes what `keep` gave, from whichever thread. */
  drop(kept: number): void;
  /** Takes a name away; who has the file open keeps it. */
  remove(path: string): OsRefusal | undefined;
  facts(descriptor: number): FileFacts | OsRefusal;
  factsOf(path: string): FileFacts | OsRefusal;
  /** The first bytes of a file, as many as there are. */
  read(descriptor: number, into: Uint8Array): number | OsRefusal;
  write(descriptor: number, bytes: Uint8Array): OsRefusal | undefined;
  /** Makes a file so long, its space set aside. */
  reserve(descriptor: number, bytes: number): OsRefusal | undefined;
  cut(descriptor: number, bytes: number): OsRefusal | undefined;
  /** Lays a file, from its beginning, over bytes of a buffer. False: refused, and nothing has changed. */
  map(buffer: ArrayBufferLike, offset: number, bytes: number, descriptor: number): boolean;
  /** Lays memory of this process alone over them, which is zero. */
  unmap(buffer: ArrayBufferLike, offset: number, bytes: number): boolean;
  /** Takes the lock of a byte for this descriptor; the kernel gives it up at the process's end. False: another has it. */
  lock(descriptor: number, byte: number): boolean;
  unlock(descriptor: number, byte: number): void;
  /** Whether another descriptor has the lock; true, too, where that cannot be told. */
  isLocked(descriptor: number, byte: number): boolean;
  /** Sleeps while the word at an offset is `value`, at most so long; other processes can wake it. Not on macOS, as `wake`. */
  sleep?(buffer: ArrayBufferLike, offset: number, value: number, milliseconds: number): void;
  wake?(buffer: ArrayBufferLike, offset: number): void;
  /** Lets another thread have this processor, if one wants it. */
  giveWay(): void;
}

/** Whether heaps can be shared by processes, why not, and by what. */
export interface OsProcesses extends OsAbility {
  readonly calls?: ProcessCalls;
}

/**
 * A way to the operating system. The calls say with their result whether they were granted; what an ability
 * that is not available would do is never called. Ranges are bytes of a buffer.
 */
export interface Os {
  readonly hugePages: OsAbility;
  readonly decommit: OsAbility;
  readonly residency: OsAbility;
  /** Heaps in files that several processes map (`offheap/process`). */
  readonly processes: OsProcesses;
  /** Bytes of a huge page; a power of two. */
  readonly hugePageBytes: number;
  /** Native address of the buffer's first byte. */
  addressOf(buffer: ArrayBufferLike): bigint;
  /** Asks for huge pages behind the whole pages of a range; false when it is refused. */
  adviseHuge(buffer: ArrayBufferLike, offset: number, bytes: number): boolean;
  /** Gives the pages of a range back. True: all of the range reads as zeros. False: nothing has changed. */
  decommitRange(buffer: ArrayBufferLike, offset: number, bytes: number): boolean;
  /** Bytes of a range whose pages are in memory; −1 when it is refused. */
  residentBytes(buffer: ArrayBufferLike, offset: number, bytes: number): number;
  /** Bytes of a range that huge pages back; −1 when it is refused. */
  hugeBytes(buffer: ArrayBufferLike, offset: number, bytes: number): number;
  /** Milliseconds since any fixed moment: by it a page that is free rests before it is given back. */
  now(): number;
}
