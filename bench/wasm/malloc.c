/* Nothing of its own: the exports are the C library's malloc and free, of the kind that -sMALLOC names. */
#include <stdlib.h>
void *(*volatile keep_malloc)(size_t) = malloc;
void (*volatile keep_free)(void *) = free;
