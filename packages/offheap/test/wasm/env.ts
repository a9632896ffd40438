// What an AssemblyScript module imports from "env", which is the name of this file.

export declare function malloc(size: usize): usize;
export declare function free(address: usize): void;
export declare function calloc(count: usize, size: usize): usize;
export declare function realloc(address: usize, size: usize): usize;
export declare function aligned_alloc(alignment: usize, size: usize): usize;
