/** Which peers there are, and the command that runs one of them over a stream. */
import { fileURLToPath } from "node:url";
import type { CaseRequest, Mode } from "../case/protocol.ts";
import { compile } from "../native/compile.ts";
import { hugeIds, nativePeers } from "../native/libraries.ts";
import { compileModule, type ModuleId, modulePeers } from "../native/modules.ts";
import { compileWasm, wasmPeerIds } from "../native/wasm.ts";
import { type Options, peerSelected } from "../options.ts";
import type { Command } from "./process.ts";

export type PeerKind = "subject" | "native" | "javascript" | "floor" | "bare" | "module";

export interface Peer {
  readonly id: string;
  readonly kind: PeerKind;
  readonly title: string;
  /** Why it cannot run on this machine, if so. */
  readonly missing?: string;
  command(mode: Mode | "clock", request: CaseRequest): Command;
}

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));

function javascriptPeer(options: Options, kind: PeerKind, id: string, title: string, missing?: string): Peer {
  return {
    ...{ id, kind, title },
    ...(missing ? { missing } : {}),
    command: (mode, request) => ({
      program: options.node,
      args: [
        "--expose-gc",
        "--max-old-space-size=8192",
        "--no-warnings",
        caseMain,
        JSON.stringify({ ...request, mode, peer: id }),
      ],
    }),
  };
}

function nativeArgs(mode: Mode | "clock" | "floor", request: CaseRequest): string[] {
  const passes = [request.stream, String(request.minPasses)];
  if (mode !== "time" && mode !== "floor") return [mode, ...passes];
  return [
    mode,
    ...passes,
    String(request.maxPasses),
    String(request.budgetMs),
    String(request.ballast),
    request.clock,
  ];
}

function nativeList(options: Options): Peer[] {
  const driver = compile("driver");
  const program = driver.path ?? "";
  const list = nativePeers(options.native).map((peer): Peer => {
    const env = { ...peer.env, ...(peer.library ? { LD_PRELOAD: peer.library } : {}) };
    const missing = driver.missing ?? peer.missing;
    return {
      ...{ id: peer.id, kind: "native", title: peer.title },
      ...(missing ? { missing } : {}),
      command: (mode, request) => ({ program, args: nativeArgs(mode, request), env }),
    };
  });
  const floor: Peer = {
    ...{ id: "floor-native", kind: "floor", title: "floor of the native driver" },
    ...(driver.missing ? { missing: driver.missing } : {}),
    command: (mode, request) => ({ program, args: nativeArgs(mode === "time" ? "floor" : mode, request) }),
  };
  return [floor, ...list];
}

const javascriptTitles = {
  uint8array: "new Uint8Array(n)",
  buffer: "Buffer.allocUnsafe(n)",
  "buffer-slow": "Buffer.allocUnsafeSlow(n)",
  object: "plain object",
  "thi.ng": "@thi.ng/malloc",
};

const wasmTitles = {
  assemblyscript: "AssemblyScript rt/tlsf",
  dlmalloc: "dlmalloc in WebAssembly",
  emmalloc: "emmalloc in WebAssembly",
};

/** Those with huge pages take part only when they are named. */
function taking(options: Options, id: string): boolean {
  return peerSelected(options, id) && (options.list || !hugeIds.includes(id) || options.peers.includes(id));
}

/** Every peer, the subject first; the filter keeps the floors, of which bare is none. */
export function allPeers(options: Options): Peer[] {
  const wasm = wasmPeerIds.map((id) => {
    const { missing } = peerSelected(options, id) ? compileWasm(id) : {};
    return javascriptPeer(options, "javascript", id, wasmTitles[id], missing);
  });
  const modules = (Object.keys(modulePeers) as ModuleId[]).map((id) => {
    const { missing } = peerSelected(options, id) ? compileModule(id) : {};
    return javascriptPeer(options, "module", id, modulePeers[id], missing);
  });
  return [
    javascriptPeer(options, "floor", "floor", "floor of the JavaScript loop"),
    javascriptPeer(options, "subject", "offheap", "offheap, powers of two"),
    javascriptPeer(options, "subject", "offheap-fine", "offheap, fine classes"),
    javascriptPeer(options, "subject", "offheap-huge", "offheap, powers of two, huge pages"),
    javascriptPeer(options, "subject", "offheap-pool", "offheap, MemoryPool"),
    javascriptPeer(options, "bare", "bare", "free lists in JavaScript without any check"),
    ...nativeList(options),
    ...Object.entries(javascriptTitles).map(([id, title]) =>
      javascriptPeer(options, "javascript", id, title),
    ),
    ...wasm,
    ...modules,
  ].filter(({ id, kind }) => kind === "floor" || taking(options, id));
}
