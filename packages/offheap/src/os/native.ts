// A way to call C: node:ffi where Node has it, else the package koffi where it is installed, else what Deno or Bun has. All are
// looked up when asked for, by name, so that this module loads anywhere. Arguments are pointers and sizes, 64 bits each.

import { messageOf } from "../base/index.ts";

/** A C function of integers: pointers and sizes as bigint, an int as number; its result is an int. */
export type NativeCall = (...args: (bigint | number)[]) => number;

export interface Native {
  /** How the calls are made, for the reasons that `loadOs` gives. */
  readonly via: "node:ffi" | "koffi" | "Deno.dlopen" | "bun:ffi";
  addressOf(buffer: ArrayBufferLike): bigint;
  /** @throws Error when the process has no such function */
  bind(name: string, parameters: readonly ("pointer" | "size" | "int")[]): NativeCall;
}

/** What there is of Node in this process; written out, for the library is compiled without Node's types. */
interface HostProcess {
  readonly platform?: string;
  readonly arch?: string;
  readonly pid?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly versions?: Readonly<Record<string, string | undefined>>;
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

interface DenoNamespace {
  readonly permissions: { querySync(what: { name: "ffi" }): { readonly state: string } };
  dlopen(
    path: string,
    functions: Record<string, { parameters: string[]; result: string }>,
  ): { readonly symbols: Record<string, NativeCall> };
  readonly UnsafePointer: { of(value: Uint8Array): unknown; value(pointer: unknown): bigint | number };
}

interface BunFfi {
  dlopen(
    path: string,
    functions: Record<string, { args: string[]; returns: string }>,
  ): { readonly symbols: Record<string, NativeCall> };
  ptr(value: Uint8Array): number;
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

/** Where C's own functions are, for those who want a name. */
const library = () => (host.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6");
const fixedTypes = { pointer: "u64", size: "u64", int: "i32" } as const;

function fromDeno(deno: DenoNamespace): Native {
  return {
    via: "Deno.dlopen",
    addressOf: (buffer) => BigInt(deno.UnsafePointer.value(deno.UnsafePointer.of(new Uint8Array(buffer)))),
    bind: (name, kinds) => {
      const signature = { parameters: kinds.map((kind) => fixedTypes[kind]), result: "i32" };
      return deno.dlopen(library(), { [name]: signature }).symbols[name] as NativeCall;
    },
  };
}

function fromBun(ffi: BunFfi): Native {
  return {
    via: "bun:ffi",
    addressOf: (buffer) => BigInt(ffi.ptr(new Uint8Array(buffer))),
    bind: (name, kinds) => {
      const signature = { args: kinds.map((kind) => fixedTypes[kind]), returns: "i32" };
      return ffi.dlopen(library(), { [name]: signature }).symbols[name] as NativeCall;
    },
  };
}

/** What `use` makes of the first way that it works with, or why there is none. */
export function withNative<T>(use: (native: Native) => T): T | string {
  if (host.getBuiltinModule === undefined) return "this is no Node, Deno or Bun";
  const tried: string[] = [];
  for (const open of [openFfi, openKoffi, ...waysOfHost()]) {
    try {
      return use(open());
    } catch (error) {
      tried.push(messageOf(error).split("\n")[0] as string);
    }
  }
  return tried.join("; ");
}

/** What only this host has. */
function waysOfHost(): readonly (() => Native)[] {
  if (host.versions?.["deno"] !== undefined) return [openDeno];
  return host.versions?.["bun"] === undefined ? [] : [openBun];
}

function openDeno(): Native {
  const { Deno: deno } = globalThis as unknown as { Deno: DenoNamespace };
  // Without a look Deno would ask its user.
  if (deno.permissions.querySync({ name: "ffi" }).state !== "granted")
    throw new Error("Deno wants --allow-ffi for Deno.dlopen");
  return fromDeno(deno);
}

function openBun(): Native {
  const ffi = builtin<BunFfi>("bun:ffi");
  if (ffi === undefined) throw new Error("there is no bun:ffi");
  return fromBun(ffi);
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
