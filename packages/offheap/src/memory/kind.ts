// What kind of memory a value is, told by the engine's own getters called on it. They know values of other realms
// (a `vm` context, Jest, a frame), which `instanceof` does not, and refuse what only looks like one.

/** What this library needs of a WebAssembly.Memory; written out so that no lib declares it for us. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(deltaPages: number): number;
}

export type MemorySource = WasmMemory | SharedArrayBuffer | ArrayBuffer;

/** What a heap's memory is, by the name of its constructor. */
export type MemoryKind = "WebAssembly.Memory" | "SharedArrayBuffer" | "ArrayBuffer";

interface WasmDescriptor {
  readonly initial: number;
  readonly maximum: number;
  readonly shared?: boolean;
}

interface WasmNamespace {
  readonly Memory: new (descriptor: WasmDescriptor) => WasmMemory;
}

/** The engine's WebAssembly; undefined where there is none (`--jitless`). */
export function wasmNamespace(): WasmNamespace | undefined {
  return (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly;
}

type Getter = (this: unknown) => unknown;

function getterOf(prototype: unknown, name: string): Getter | undefined {
  if (prototype === undefined || prototype === null) return undefined;
  return Object.getOwnPropertyDescriptor(prototype, name)?.get;
}

/** What a getter finds in a value; undefined where the value is none of its own. */
function found(getter: Getter | undefined, value: unknown): unknown {
  if (getter === undefined) return undefined;
  try {
    return Reflect.apply(getter, value, []);
  } catch {
    return undefined;
  }
}

/** Where browsers hide SharedArrayBuffer, a shared memory still has one for its buffer. */
function hiddenSharedPrototype(): unknown {
  const wasm = wasmNamespace();
  if (wasm === undefined) return undefined;
  try {
    return Object.getPrototypeOf(new wasm.Memory({ initial: 0, maximum: 0, shared: true }).buffer);
  } catch {
    return undefined;
  }
}

let getters: Readonly<Record<MemoryKind, Getter | undefined>> | undefined;

/** Looked up once, at the first value that is asked about. */
function allGetters(): Readonly<Record<MemoryKind, Getter | undefined>> {
  if (getters !== undefined) return getters;
  const isHidden = typeof SharedArrayBuffer === "undefined";
  getters = {
    "WebAssembly.Memory": getterOf(wasmNamespace()?.Memory.prototype, "buffer"),
    SharedArrayBuffer: getterOf(
      isHidden ? hiddenSharedPrototype() : SharedArrayBuffer.prototype,
      "byteLength",
    ),
    ArrayBuffer: getterOf(ArrayBuffer.prototype, "byteLength"),
  };
  return getters;
}

const kinds = ["WebAssembly.Memory", "SharedArrayBuffer", "ArrayBuffer"] as const;
/** What was found before: a getter that refuses costs microseconds. */
const known = new WeakMap<object, MemoryKind>();

/** The kind of a memory; undefined for what is none. */
export function memoryKindOf(value: unknown): MemoryKind | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const before = known.get(value);
  if (before !== undefined) return before;
  const kind = kinds.find((each) => found(allGetters()[each], value) !== undefined);
  if (kind !== undefined) known.set(value, kind);
  return kind;
}

export function isMemorySource(value: unknown): value is MemorySource {
  return memoryKindOf(value) !== undefined;
}

export function bufferOf(source: MemorySource): ArrayBuffer | SharedArrayBuffer {
  if (memoryKindOf(source) !== "WebAssembly.Memory") return source as ArrayBuffer | SharedArrayBuffer;
  return found(allGetters()["WebAssembly.Memory"], source) as ArrayBuffer | SharedArrayBuffer;
}

/** Whether other workers can join: only a shared buffer can be posted without being copied or moved. */
export function isShared(source: MemorySource): boolean {
  return memoryKindOf(bufferOf(source)) === "SharedArrayBuffer";
}

/** Whether this realm is a browser's that lets no shared memory be posted: its page is not cross-origin isolated. */
export function lacksIsolation(): boolean {
  const isIsolated = (globalThis as { crossOriginIsolated?: unknown }).crossOriginIsolated;
  return isIsolated === false && typeof SharedArrayBuffer === "undefined";
}

/** Whether a buffer can be made smaller behind the back of its views. */
export function canShrink(buffer: ArrayBufferLike): boolean {
  return (buffer as { readonly resizable?: unknown }).resizable === true;
}
