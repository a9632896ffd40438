/* Each of the calls as a module makes it, with nothing before or behind it. */
#include "c.h"

void *EXPORT(callMalloc)(size_t size) { return malloc(size); }
void EXPORT(callFree)(void *address) { free(address); }
void *EXPORT(callCalloc)(size_t count, size_t size) { return calloc(count, size); }
void *EXPORT(callRealloc)(void *address, size_t size) { return realloc(address, size); }
void *EXPORT(callAligned)(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }
void *EXPORT(callReallocArray)(void *address, size_t count, size_t size) { return reallocarray(address, count, size); }
void *EXPORT(callMemalign)(size_t alignment, size_t size) { return memalign(alignment, size); }
size_t EXPORT(callUsable)(void *address) { return malloc_usable_size(address); }

/* What posix_memalign returned, or the address when that is 0; by a variable on this instance's stack. */
u32 EXPORT(callPosix)(size_t alignment, size_t size) {
  void *address = (void *)77;
  int told = posix_memalign(&address, alignment, size);
  if (told != 0) CHECK(address == (void *)77);
  return told != 0 ? (u32)told : (u32)address;
}

int EXPORT(callPosixTo)(void **out, size_t alignment, size_t size) { return posix_memalign(out, alignment, size); }

void EXPORT(freeTwice)(void *address) {
  free(address);
  free(address);
}

/* Bytes on this instance's own stack, at a depth. */
u32 EXPORT(stackSum)(u32 depth) {
  volatile u32 words[64];
  for (u32 i = 0; i < 64; i++) words[i] = depth;
  u32 below = depth == 0 ? 0 : stackSum(depth - 1);
  for (u32 i = 0; i < 64; i++) CHECK(words[i] == depth);
  return below + words[63];
}

/* A list made here; JavaScript walks it and frees it. */
typedef struct Link {
  struct Link *next;
  u32 value;
} Link;

Link *EXPORT(makeList)(u32 length) {
  Link *first = NULL;
  while (length--) {
    Link *link = malloc(sizeof *link);
    CHECK(link);
    *link = (Link){first, length};
    first = link;
  }
  return first;
}
