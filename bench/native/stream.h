/* A prepared operation stream, as src/stream/format.ts writes it, mapped without any call of malloc. */
#ifndef OFFHEAP_BENCH_STREAM_H
#define OFFHEAP_BENCH_STREAM_H
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_WORDS = 32, STREAM_MAGIC = 0x4253484f, STREAM_VERSION = 1, SLICE_WORDS = 8192 };

/* A slice ends between two operations and may run one word over, as in case/run.ts. */
typedef struct { size_t from, to; int32_t ops, allocs; } span_t;

typedef struct {
  const int32_t *words, *extra;
  span_t setup, head, tail, closing;
  size_t slot_count, extra_count, peak_word, peak_live_bytes, max_request_bytes;
  int32_t **table;
} stream_t;

static inline void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static inline void *pages(size_t bytes) {
  void *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) die("mmap failed");
  return p;
}

/* The file is copied into memory of our own, and the table touched, before anything is measured. */
static inline stream_t load_stream(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) die("cannot open the stream");
  int32_t *all = pages((size_t)st.st_size);
  for (size_t done = 0; done < (size_t)st.st_size;) {
    ssize_t n = read(fd, (char *)all + done, (size_t)st.st_size - done);
    if (n <= 0) die("cannot read the stream");
    done += (size_t)n;
  }
  close(fd);
  if (all[0] != STREAM_MAGIC || all[1] != STREAM_VERSION) die("not a stream of this version");
  stream_t s;
  span_t *spans[] = {&s.setup, &s.head, &s.tail, &s.closing};
  size_t from = 0;
  for (int i = 0; i < 4; i++) {
    const int32_t *h = all + 2 + 3 * i;
    *spans[i] = (span_t){from, from + (size_t)h[0], h[1], h[2]};
    from += (size_t)h[0];
  }
  s.words = all + HEADER_WORDS;
  s.extra = s.words + from;
  s.extra_count = (size_t)all[14];
  s.slot_count = (size_t)all[15];
  s.peak_word = (size_t)all[17];
  s.max_request_bytes = (size_t)(uint32_t)all[18];
  s.peak_live_bytes = (size_t)(uint32_t)all[20] + ((size_t)all[21] << 32);
  s.table = pages(s.slot_count * sizeof *s.table);
  for (size_t i = 0; i < s.slot_count; i++) s.table[i] = (int32_t *)&s;
  return s;
}

/* The wall's; the processor time of the process where the driver is told so. */
static clockid_t clock_id = CLOCK_MONOTONIC;

static inline double now_ns(void) {
  struct timespec t;
  clock_gettime(clock_id, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline double resident_bytes(void) {
  char text[128];
  int fd = open("/proc/self/statm", O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return -1;
  text[n] = 0;
  char *p = text;
  strtoul(p, &p, 10);
  return (double)strtoul(p, &p, 10) * (double)sysconf(_SC_PAGESIZE);
}

#endif
