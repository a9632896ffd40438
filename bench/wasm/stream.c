/* The timed loop of case/loops.ts inside a module, over whichever malloc it is linked with. */
#include "../../packages/offheap/test/wasm/c.h"

int EXPORT(run)(const int *words, int from, int to, u32 **table) {
  int i = from;
  while (i < to) {
    int op = words[i++];
    if (op >= 0) {
      u32 *address = malloc((size_t)words[i++]);
      *address = (u32)op;
      table[op] = address;
    } else {
      free(table[~op]);
    }
  }
  return i;
}

/* So that the runner can put the words and the table into the module's memory. */
void *EXPORT(reserve)(size_t bytes) { return malloc(bytes); }
