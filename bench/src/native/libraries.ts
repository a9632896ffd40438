/** Native malloc libraries: where Debian puts them, how they are loaded, what keeps pages small. */
import { existsSync, realpathSync } from "node:fs";
import { basename, resolve } from "node:path";

export interface NativePeer {
  readonly id: string;
  readonly title: string;
  readonly library?: string; // loaded with LD_PRELOAD; absent: the C library's own
  readonly missing?: string; // why it cannot run
  readonly env: Readonly<Record<string, string>>;
}

const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

/** No allocator here may ask for huge pages: small pages are compared with small pages. */
const smallPages = {
  MIMALLOC_LARGE_OS_PAGES: "0",
  MIMALLOC_ALLOW_THP: "0",
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=0",
};

/** Huge pages are compared with huge pages. */
export const hugeIds = ["offheap-huge", "glibc-huge", "mimalloc-huge"];

function withHugePages(peer: NativePeer): NativePeer {
  const env = { MIMALLOC_LARGE_OS_PAGES: "1", GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };
  return { ...peer, id: `${peer.id}-huge`, title: `${peer.title}, huge pages`, env };
}

function debian(id: string, soname: string, debianPackage: string): NativePeer {
  const path = folders.map((folder) => `${folder}/${soname}`).find((candidate) => existsSync(candidate));
  if (!path)
    return {
      id,
      title: id,
      env: smallPages,
      missing: `${soname} not found: apt-get install ${debianPackage}`,
    };
  return { id, title: `${id} (${basename(realpathSync(path))})`, library: path, env: smallPages };
}

/** What `--native` says: ID=PATH, or PATH, whose file's name is the id. */
export function libraryNamed(named: string): { readonly id: string; readonly path: string } {
  const [, id, path] = /^([\w.-]+)=(.*)$/.exec(named) ?? [undefined, undefined, named];
  return { id: id ?? basename(path).replace(/\.so.*$/, ""), path: resolve(path) };
}

const known = ["glibc", "mimalloc", "jemalloc", "gperftools"] as const;

/** Rows are told apart by their ids. */
export function refuseSameIds(extra: readonly string[]): void {
  const ids: string[] = [...known, ...extra.map((named) => libraryNamed(named).id)];
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`two native libraries are called ${twice}: --native ID=PATH.so`);
}

/** The peers of every run, and those that the user names with --native. */
export function nativePeers(extra: readonly string[]): NativePeer[] {
  const glibc = { id: "glibc", title: "glibc malloc", env: smallPages };
  const mimalloc = debian("mimalloc", "libmimalloc.so.2.0", "libmimalloc2.0");
  return [
    glibc,
    mimalloc,
    debian("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    debian("gperftools", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    ...extra.map(libraryNamed).map(({ id, path }) => ({
      id,
      title: `${id} (${path})`,
      library: path,
      env: smallPages,
      ...(existsSync(path) ? {} : { missing: `${path} not found` }),
    })),
    withHugePages(glibc),
    withHugePages(mimalloc),
  ];
}
