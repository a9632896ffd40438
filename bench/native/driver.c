/*
 * Runs one case over a prepared stream with the process's malloc (glibc's, or what LD_PRELOAD brings):
 *
 *   driver time  STREAM MIN_PASSES MAX_PASSES BUDGET_MS BALLAST CLOCK   first pass and steady passes
 *   driver floor STREAM MIN_PASSES MAX_PASSES BUDGET_MS 0 CLOCK         the same with a bump pointer that never frees
 *   driver space STREAM PASSES                                          resident growth, every byte written
 *   driver pause STREAM PASSES                                          time of single operations
 *   driver walk  STREAM PASSES                                          reads the stream's order again and again
 *
 * One JSON object on standard output. src/case/ does the same in JavaScript.
 */
#define _GNU_SOURCE
#include "stream.h"
#include <dlfcn.h>
#include <string.h>

static stream_t s;

static size_t run(size_t i, size_t end) {
  const int32_t *words = s.words;
  int32_t **table = s.table;
  while (i < end) {
    int32_t op = words[i++];
    if (op >= 0) {
      int32_t *p = malloc((size_t)words[i++]);
      *p = op;
      table[op] = p;
    } else {
      free(table[~op]);
    }
  }
  return i;
}

static char *arena, *bump;

static size_t run_floor(size_t i, size_t end) {
  const int32_t *words = s.words;
  int32_t **table = s.table;
  char *top = bump;
  while (i < end) {
    int32_t op = words[i++];
    if (op >= 0) {
      int32_t *p = (int32_t *)top;
      top += ((size_t)words[i++] + 7) & ~(size_t)7;
      *p = op;
      table[op] = p;
    } else {
      /* the load of the address stays, as in every case */
      int32_t *p = table[~op];
      __asm__ volatile("" : : "r"(p));
    }
  }
  bump = top > arena + s.peak_live_bytes ? arena : top; /* as in src/peers/floor.ts */
  return i;
}

/* The first word of each object is written in the timed runs; here every byte is. */
static size_t run_filling(size_t i, size_t end) {
  while (i < end) {
    int32_t op = s.words[i++];
    if (op >= 0) {
      size_t size = (size_t)s.words[i++];
      s.table[op] = malloc(size);
      memset(s.table[op], op | 1, size);
    } else {
      free(s.table[~op]);
    }
  }
  return i;
}

typedef size_t (*runner_t)(size_t, size_t);

static double timed(runner_t runner, span_t span) {
  double begun = now_ns();
  for (size_t i = span.from; i < span.to;)
    i = runner(i, i + SLICE_WORDS < span.to ? i + SLICE_WORDS : span.to);
  return now_ns() - begun;
}

static void time_case(runner_t runner, int min_passes, int max_passes, double budget_ns, long ballast) {
  for (long i = 0; i < ballast; i++) /* untouched objects below; never freed */
    if (!malloc(8192)) die("no memory for the ballast");
  printf("{\"setupNs\":%.0f,\"passes\":[", timed(runner, s.setup));
  double begun = now_ns();
  for (int pass = 0; pass < max_passes && (pass < min_passes || now_ns() - begun < budget_ns); pass++) {
    double head = timed(runner, s.head);
    printf("%s[%.0f,%.0f]", pass ? "," : "", head, timed(runner, s.tail));
  }
  printf("]}\n");
}

static void space_case(int passes) {
  double base = resident_bytes(), peak = 0, at_peak = 0;
  timed(run_filling, s.setup);
  if (s.peak_word <= s.setup.to) at_peak = resident_bytes() - base;
  printf("{\"passes\":[");
  for (int pass = 0; pass < passes; pass++) {
    double highest = resident_bytes() - base;
    size_t end = s.tail.to, step = (end - s.head.from) / 64 + 1;
    for (size_t i = s.head.from; i < end;) {
      size_t to = i + step < end ? i + step : end;
      if (i < s.peak_word && to > s.peak_word) to = s.peak_word;
      i = run_filling(i, to);
      double grown = resident_bytes() - base;
      if (i == s.peak_word && pass == 0) at_peak = grown;
      if (grown > highest) highest = grown;
    }
    if (highest > peak) peak = highest;
    printf("%s%.0f", pass ? "," : "", highest);
  }
  timed(run_filling, s.closing);
  double freed = resident_bytes() - base;
  /* whatever the loaded library offers for giving memory back */
  void (*mi_collect)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "mi_collect");
  int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
      (int (*)(const char *, void *, size_t *, void *, size_t))dlsym(RTLD_DEFAULT, "mallctl");
  void (*release)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "MallocExtension_ReleaseFreeMemory");
  int (*trim)(size_t) = (int (*)(size_t))dlsym(RTLD_DEFAULT, "malloc_trim");
  if (mi_collect) mi_collect(1);
  if (mallctl) {
    mallctl("thread.tcache.flush", 0, 0, 0, 0);
    mallctl("arena.4096.purge", 0, 0, 0, 0);
  }
  if (release) release();
  if (trim) trim(0);
  printf("],\"atPeakBytes\":%.0f,\"highestBytes\":%.0f,\"freedBytes\":%.0f,\"cleanedBytes\":%.0f}\n", at_peak, peak,
         freed, resident_bytes() - base);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* bare = 1: the clock alone, which is the floor of this measurement. */
static void pause_case(int passes, int bare) {
  size_t count = (size_t)(s.head.ops + s.tail.ops), k = 0;
  double *took = pages(count * sizeof *took);
  memset(took, 1, count * sizeof *took);
  timed(run, s.setup);
  for (int pass = 0; pass < passes; pass++) {
    k = 0;
    for (size_t i = s.head.from; i < s.tail.to; k++) {
      double begun = now_ns();
      if (bare) i += s.words[i] >= 0 ? 2 : 1;
      else i = run(i, i + 1);
      took[k] = now_ns() - begun;
    }
  }
  qsort(took, k, sizeof *took, ascending);
  printf("{\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f}\n", took[k / 2], took[k / 100 * 99],
         took[k / 1000 * 999], took[k - 1]);
}

static void walk_case(int passes) {
  timed(run, s.setup);
  timed(run, s.head);
  int32_t **walk = pages(s.extra_count * sizeof *walk);
  for (size_t i = 0; i < s.extra_count; i++) walk[i] = s.table[s.extra[i]];
  int64_t sum = 0;
  printf("{\"passes\":[");
  for (int pass = 0; pass < passes; pass++) {
    double begun = now_ns();
    for (size_t i = 0; i < s.extra_count; i++) sum += *walk[i];
    printf("%s%.0f", pass ? "," : "", now_ns() - begun);
  }
  printf("],\"sum\":%lld}\n", (long long)sum);
}

int main(int argc, char **argv) {
  static char output[1 << 16];
  setvbuf(stdout, output, _IOFBF, sizeof output);
  if (argc < 4) die("usage: driver time|floor|space|pause|clock|walk STREAM PASSES …");
  s = load_stream(argv[2]);
  const char *mode = argv[1];
  int passes = atoi(argv[3]);
  if (!strcmp(mode, "space")) space_case(passes);
  else if (!strcmp(mode, "pause")) pause_case(passes, 0);
  else if (!strcmp(mode, "clock")) pause_case(passes, 1);
  else if (!strcmp(mode, "walk")) walk_case(passes);
  else if (argc < 7) die("time and floor: STREAM MIN MAX BUDGET_MS BALLAST [wall|cpu]");
  else {
    int floor_case = !strcmp(mode, "floor");
    if (argc > 7 && !strcmp(argv[7], "cpu")) clock_id = CLOCK_PROCESS_CPUTIME_ID;
    /* An allocation is two words of a slice. */
    size_t slice_bytes = (s.max_request_bytes + 8) * (SLICE_WORDS / 2);
    if (floor_case) arena = bump = pages(s.peak_live_bytes + slice_bytes);
    time_case(floor_case ? run_floor : run, passes, atoi(argv[4]), atof(argv[5]) * 1e6, atol(argv[6]));
  }
  return 0;
}
