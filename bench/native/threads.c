/*
 * The field's multi-threaded workloads, written from their published descriptions, over prepared
 * streams (one for each thread) with the process's malloc. src/threads/ does the same with workers.
 *
 *   threads KIND THREADS PASSES STREAM…
 *
 *   ring         batches of addresses through a ring, nothing allocated: the floor of xmalloc
 *   xmalloc      one thread allocates, the other frees (Lever & Boreham's malloc-test, xmalloc-test)
 *   larson       replace at random; after each pass the threads exchange their objects (Larson & Krishnan)
 *   churn        replace and exchange through a shared table; threads end and new ones start (mstress)
 *   thrash       allocate, write again and again, free: suffers when two threads share a line (Hoard)
 *   scratch      the same, with first objects that one thread allocated side by side (Hoard)
 *   independent  replace at random, each thread for itself
 *
 * Prints {"setupNs":0,"passes":[[ns,0],…],"leftBytes":…}: ns is the wall time of a pass, from the first
 * thread's begin to the last one's end; leftBytes the resident growth when all threads have ended.
 */
#define _GNU_SOURCE
#include "stream.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum { MAX_THREADS = 2, RING_WORDS = 4096, BATCH = 64, TRANSFER = 1024, ROUNDS = 16, CHURN_LIFE = 4, SPINS = 20000 };

static int threads, passes;
static stream_t streams[MAX_THREADS];
static int32_t **tables[MAX_THREADS];
static double begun[MAX_THREADS], ended[MAX_THREADS];
static _Alignas(64) _Atomic(int32_t *) transfer[TRANSFER];
static _Alignas(64) atomic_int arrived;
static _Alignas(64) atomic_int phase;

static void pause_a_little(int *spins) {
  if (++*spins > SPINS) sched_yield();
#if defined(__x86_64__) || defined(__i386__)
  else __builtin_ia32_pause();
#endif
}

static void barrier(void) {
  int now = atomic_load(&phase), spins = 0;
  if (atomic_fetch_add(&arrived, 1) == threads - 1) {
    atomic_store(&arrived, 0);
    atomic_store(&phase, now + 1);
  } else {
    while (atomic_load(&phase) == now) pause_a_little(&spins);
  }
}

static void replace(const stream_t *s, span_t span, int32_t **table) {
  const int32_t *words = s->words;
  for (size_t i = span.from; i < span.to;) {
    int32_t op = words[i++];
    if (op >= 0) {
      int32_t *p = malloc((size_t)words[i++]);
      *p = op;
      table[op] = p;
    } else {
      free(table[~op]);
    }
  }
}

/* --- ring and xmalloc: one producer, one consumer, BATCH addresses for each store of the counters --- */
static int32_t *ring[RING_WORDS];
static _Alignas(64) atomic_size_t head_count; /* written by the producer */
static _Alignas(64) atomic_size_t tail_count; /* written by the consumer */

static void produce(const stream_t *s, int bare, size_t *sent) {
  for (size_t i = 0; i < s->extra_count; i += BATCH) {
    int spins = 0;
    while (*sent - atomic_load_explicit(&tail_count, memory_order_acquire) > RING_WORDS - BATCH) pause_a_little(&spins);
    for (size_t k = 0; k < BATCH; k++) {
      int32_t size = s->extra[i + k];
      int32_t *p = bare ? (int32_t *)(uintptr_t)size : malloc((size_t)size);
      if (!bare) *p = size;
      ring[(*sent + k) % RING_WORDS] = p;
    }
    atomic_store_explicit(&head_count, *sent += BATCH, memory_order_release);
  }
}

static uintptr_t consume(const stream_t *s, int bare, size_t *received) {
  uintptr_t sum = 0;
  for (size_t i = 0; i < s->extra_count; i += BATCH) {
    int spins = 0;
    while (atomic_load_explicit(&head_count, memory_order_acquire) == *received) pause_a_little(&spins);
    for (size_t k = 0; k < BATCH; k++) {
      int32_t *p = ring[(*received + k) % RING_WORDS];
      if (bare) sum += (uintptr_t)p;
      else free(p);
    }
    atomic_store_explicit(&tail_count, *received += BATCH, memory_order_release);
  }
  return sum;
}

/* --- churn --- */
static void churn(const stream_t *s, int32_t **table) {
  memset(table, 0, s->slot_count * sizeof *table);
  for (size_t i = 0; i < s->extra_count;) {
    int32_t op = s->extra[i++];
    if (op < 0) {
      if (table[~op]) free(table[~op]);
      table[~op] = 0;
    } else if (s->extra[i] < 0) {
      table[op] = atomic_exchange(&transfer[~s->extra[i++]], table[op]);
    } else {
      if (table[op]) free(table[op]);
      int32_t *p = malloc((size_t)s->extra[i++]);
      *p = op;
      table[op] = p;
    }
  }
  for (size_t slot = 0; slot < s->slot_count; slot++)
    if (table[slot]) free(table[slot]);
}

/* --- thrash and scratch: extra = rounds, writes of each, size --- */
static void thrash(const stream_t *s, volatile int32_t *first) {
  int32_t rounds = s->extra[0], writes = s->extra[1], size = s->extra[2];
  for (int32_t round = 0; round < rounds; round++) {
    volatile int32_t *p = first && round == 0 ? first : malloc((size_t)size);
    *p = 0;
    for (int32_t k = 0; k < writes; k++) *p = *p + 1;
    free((void *)p);
  }
}

static const char *kind;
static int is(const char *name) { return !strcmp(kind, name); }
static _Alignas(64) int32_t *side_by_side[MAX_THREADS]; /* one line, on purpose */
static volatile uintptr_t sink;

/* Larson: the head in ROUNDS parts; after each, the objects go to the other thread. */
static void hand_over(size_t self, int pass) {
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t owner = (self + round + (size_t)pass * ROUNDS) % (size_t)threads;
    const stream_t *s = &streams[owner];
    size_t part = (s->head.to - s->head.from) / ROUNDS, from = s->head.from + round * part;
    replace(s, (span_t){from, from + part, 0, 0}, tables[owner]);
    barrier();
  }
}

static void one_pass(size_t self, int pass, size_t *moved) {
  const stream_t *s = &streams[self];
  if (is("larson")) hand_over(self, pass);
  else if (is("independent")) replace(s, s->head, tables[self]);
  else if (is("churn")) churn(s, tables[self]);
  else if (is("thrash")) thrash(s, 0);
  else if (is("scratch")) thrash(s, side_by_side[self]);
  else if (self == 0) produce(s, is("ring"), moved);
  else sink += consume(s, is("ring"), moved);
}

/* threads of churn end after some passes, and others take their place */
static int passes_of_a_life(void) { return is("churn") ? CHURN_LIFE : passes; }
static int passes_done;

static double longest(void) {
  double from = begun[0], to = ended[0];
  for (int t = 1; t < threads; t++) {
    if (begun[t] < from) from = begun[t];
    if (ended[t] > to) to = ended[t];
  }
  return to - from;
}

static void *work(void *argument) {
  size_t self = (size_t)argument, moved = 0;
  const stream_t *s = &streams[self];
  if (is("larson") || is("independent")) replace(s, s->setup, tables[self]);
  for (int pass = 0; pass < passes_of_a_life(); pass++) {
    barrier();
    if (is("scratch") && self == 0)
      for (int t = 0; t < threads; t++) side_by_side[t] = malloc((size_t)s->extra[2]);
    barrier();
    begun[self] = now_ns();
    one_pass(self, pass, &moved);
    ended[self] = now_ns();
    barrier();
    if (self == 0) printf("%s[%.0f,0]", passes_done++ ? "," : "", longest());
  }
  return 0;
}

static void start_and_join(void) {
  pthread_t ids[MAX_THREADS];
  for (size_t t = 0; t < (size_t)threads; t++)
    if (pthread_create(&ids[t], 0, work, (void *)t)) die("cannot start a thread");
  for (int t = 0; t < threads; t++) pthread_join(ids[t], 0);
}

int main(int argc, char **argv) {
  static char output[1 << 16];
  setvbuf(stdout, output, _IOFBF, sizeof output);
  if (argc < 5) die("usage: threads KIND THREADS PASSES STREAM…");
  kind = argv[1];
  threads = atoi(argv[2]);
  passes = atoi(argv[3]);
  if (threads < 1 || threads > MAX_THREADS || argc < 4 + threads) die("1 or 2 threads, a stream for each");
  double base = 0;
  for (int t = 0; t < threads; t++) {
    streams[t] = load_stream(argv[4 + t]);
    tables[t] = streams[t].table;
  }
  base = resident_bytes();
  printf("{\"setupNs\":0,\"passes\":[");
  while (passes_done < passes) start_and_join();
  for (int i = 0; i < TRANSFER; i++)
    if (transfer[i]) free(transfer[i]);
  printf("],\"leftBytes\":%.0f}\n", resident_bytes() - base);
  return 0;
}
