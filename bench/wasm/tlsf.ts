/** AssemblyScript's own allocator (rt/tlsf, by --runtime minimal), exported for the benchmark. */
export function malloc(size: usize): usize {
  return heap.alloc(size);
}

export function free(address: usize): void {
  heap.free(address);
}
