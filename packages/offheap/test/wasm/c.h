/* What these programs need of a C library: the calls that the pool serves, and three loops. */
#pragma once

typedef __SIZE_TYPE__ size_t;
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define NULL ((void *)0)
#define EXPORT(name) __attribute__((export_name(#name))) name

/* Of max_align_t, which has a long double: 16 for wasm32, 8 for emscripten. */
#define MAX_ALIGN _Alignof(long double)

void *malloc(size_t size);
void free(void *address);
void *calloc(size_t count, size_t size);
void *realloc(void *address, size_t size);
void *reallocarray(void *address, size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
int posix_memalign(void **out, size_t alignment, size_t size);
size_t malloc_usable_size(void *address);

/* A check that fails ends the module with a trap. */
#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

static inline void copy(void *to, const void *from, size_t bytes) { __builtin_memcpy(to, from, bytes); }

static inline int same(const u8 *a, const u8 *b, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    if (a[i] != b[i]) return 0;
  return 1;
}

/* xorshift64: the same numbers wherever the program runs. */
static inline u32 draw(u64 *state, u32 below) {
  u64 x = *state;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  *state = x;
  return (u32)(x >> 32) % below;
}

/* FNV-1a, by words. */
static inline u64 mix(u64 hash, u64 word) { return (hash ^ word) * 0x100000001b3ull; }
