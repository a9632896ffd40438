// A way to call C: node:ffi where Node has it, else the package koffi where it is installed. Both are looked up
// when asked for, by name, so that this module loads anywhere. Arguments are pointers and sizes, 64 bits each.

import { messageOf } from "../base/index.ts";

/** A C function of integers: pointers and sizes as bigint, an int as number; its result is an int. */
export type NativeCall = (...args: (bigint | number)[]) => number;

export interface Native {
  /** How the calls are made, for the reasons that `loadOs` gives. */
  readonly via: "node:ffi" | "koffi";
  addressOf(buffer: ArrayBufferLike): bigint;
  /** @throws Error when the process has no such function */
  bind(name: string, parameters: readonly ("pointer" | "size" | "int")[]): NativeCall;
}

/** What there is of Node in this process; written out, for the library is compiled without Node's types. */
interface HostProcess {
  readonly platform?: string;
  readonly arch?: string;
  getBuiltinModule?(name: string): unknown;
}

interface NodeFfi {
  dlopen(
    path: null,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, NativeCall> };
  getRawPointer(buffer: ArrayBufferLike): bigint;
}

interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: string[]): NativeCall };
  address(value: Uint8Array): bigint;
}

interface NodeModule {
  createRequire(from: string): (name: string) => unknown;
}

export const host: HostProcess = (globalThis as { process?: HostProcess }).process ?? {};

export function builtin<T>(name: string): T | undefined {
  return host.getBuiltinModule?.(name) as T | undefined;
}

function fromFfi(ffi: NodeFfi): Native {
  const typeOf = { pointer: "uint64", size: "uint64", int: "int32" } as const;
  return {
    via: "node:ffi",
    addressOf: (buffer) => ffi.getRawPointer(buffer),
    bind: (name, parameters) => {
      const signature = { arguments: parameters.map((kind) => typeOf[kind]), return: "int32" };
      return ffi.dlopen(null, { [name]: signature }).functions[name] as NativeCall;
    },
  };
}

function fromKoffi(koffi: Koffi): Native {
  const typeOf = { pointer: "uintptr_t", size: "size_t", int: "int" } as const;
  const libc = koffi.load(null);
  return {
    via: "koffi",
    addressOf: (buffer) => koffi.address(new Uint8Array(buffer)),
    bind: (name, parameters) =>
      libc.func(
        name,
        "int",
        parameters.map((kind) => typeOf[kind]),
      ),
  };
}

/** What `use` makes of the first way that it works with, or why there is none. */
export function withNative<T>(use: (native: Native) => T): T | string {
  if (host.getBuiltinModule === undefined) return "this is no Node, Deno or Bun";
  const tried: string[] = [];
  for (const open of [openFfi, openKoffi]) {
    try {
      return use(open());
    } catch (error) {
      tried.push(messageOf(error).split("\n")[0] as string);
    }
  }
  return tried.join("; ");
}

function openFfi(): Native {
  const ffi = builtin<NodeFfi>("node:ffi");
  if (ffi === undefined) throw new Error("there is no node:ffi (Node 26.1 or newer)");
  return fromFfi(ffi);
}

function openKoffi(): Native {
  const nodeModule = builtin<NodeModule>("node:module");
  if (nodeModule === undefined) throw new Error("no module can be required here");
  return fromKoffi(nodeModule.createRequire((import.meta as { url?: string }).url ?? "")("koffi") as Koffi);
}
