// Steps a process through its calls, one machine instruction at a time, and stands still wherever the heap's file has changed.
//
//   step HEAP NOTES KILL PROGRAM ARGUMENTS...     without any: whether programs can be stepped through here
//
// Words of the notes, behind their header: ready (the program's), go (ours), inside (the number of a call, or 0), over.
// Writes a line when it begins and for each change, and goes on when it has read one; in the end "over", with the instructions of all calls.
// With KILL above 0 the program is killed after so many instructions inside of calls, and the line is "killed".
// Only the program's first thread is traced: the others are V8's, and touch no heap.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { header_bytes = 65536, ready = 0, go = 1, inside = 2, over = 3 };

static void fail(const char *what) {
  printf("failed %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint8_t *map(const char *path, size_t *bytes) {
  int descriptor = open(path, O_RDWR);
  struct stat facts;
  if (descriptor < 0 || fstat(descriptor, &facts) != 0) fail(path);
  *bytes = facts.st_size;
  uint8_t *at = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (at == MAP_FAILED) fail("mmap");
  return at;
}

static void wait_for(pid_t pid) {
  int status;
  if (waitpid(pid, &status, __WALL) != pid) fail("waitpid");
  if (WIFSTOPPED(status)) return;
  printf("failed: the program has ended\n");
  exit(1);
}

/* Whether a program may be traced here: containers forbid it at times. */
static int probe(void) {
  pid_t pid = fork();
  if (pid == 0) {
    pause();
    _exit(0);
  }
  if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL) != 0) fail("ptrace");
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0) fail("ptrace");
  wait_for(pid);
  if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) != 0) fail("ptrace");
  kill(pid, SIGKILL);
  return 0;
}

int main(int count, char **args) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 1) return probe();
  if (count < 5) return 2;
  size_t bytes, note_bytes;
  uint8_t *heap = map(args[1], &bytes);
  volatile int32_t *words = (volatile int32_t *)(map(args[2], &note_bytes) + header_bytes);
  long kill_at = atol(args[3]);
  uint8_t *before = malloc(bytes);
  pid_t pid = fork();
  if (pid == 0) {
    execvp(args[4], args + 4);
    _exit(127);
  }
  while (words[ready] == 0) {
    if (waitpid(pid, NULL, WNOHANG) == pid) fail("the program has ended early");
    usleep(1000);
  }
  if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL) != 0) fail("ptrace");
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0) fail("ptrace");
  wait_for(pid);
  memcpy(before, heap, bytes);
  char line[16];
  printf("begun\n");
  if (fgets(line, sizeof line, stdin) == NULL) fail("standard input");
  words[go] = 1;
  long steps = 0, longest = 0, in_call = 0;
  int call = 0;
  while (words[over] == 0) {
    if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) != 0) fail("ptrace");
    wait_for(pid);
    int now = words[inside];
    if (now != call) {
      if (call != 0) printf("call %d %ld\n", call, in_call);
      call = now;
      in_call = 0;
    }
    if (call == 0) continue;
    steps++;
    in_call++;
    if (in_call > longest) longest = in_call;
    if (kill_at > 0) {
      if (steps < kill_at) continue;
      kill(pid, SIGKILL);
      waitpid(pid, NULL, __WALL);
      printf("killed %d %ld\n", call, in_call);
      return 0;
    }
    if (memcmp(before, heap, bytes) == 0) continue;
    memcpy(before, heap, bytes);
    printf("changed %d %ld %ld\n", call, in_call, steps);
    if (fgets(line, sizeof line, stdin) == NULL) fail("standard input");
  }
  printf("over %ld %ld\n", steps, longest);
  ptrace(PTRACE_DETACH, pid, 0, 0);
  waitpid(pid, NULL, __WALL);
  return 0;
}
