// Steps a process through its calls, one machine instruction at a time, and stands still wherever the heap's file has changed.
//
//   step HEAP NOTES KILL PROGRAM ARGUMENTS...     without any: whether programs can be stepped through here
//
// Words of the notes, behind their header: ready (the program's), go (ours), inside (the number of a call, or 0), over.
// Writes a line when it begins and for each change, and goes on when it has read one; in the end "over", with the instructions of all calls.
// With KILL above 0 the program is killed after so many instructions inside of calls, and the line is "killed".
// Only the program's first thread is traced: the others are V8's, and touch no heap.
// On x86-64 the program cannot write to the file's pages: a store faults, is let through alone, and only the pages around it are compared.
// At the end of each call the whole file is: what changed unseen would be a failure. Elsewhere it is compared behind each instruction.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
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

/* The program, and its file as it is and as it was when it was looked at last. */
struct watched {
  pid_t pid;
  uint8_t *heap, *before;
  size_t bytes;
  /* Where the program has the file, from which page of it on, and how much; 0 bytes: nothing is guarded. */
  uint64_t low, guarded_bytes, offset;
  /* An instruction of the program's that calls the system. */
  uint64_t call_at;
};

/* One instruction. Returns the signal that came in place of its end, or 0; whatever comes from elsewhere is given to the program. */
static int step(struct watched *it) {
  int give = 0;
  for (;;) {
    int status;
    if (ptrace(PTRACE_SINGLESTEP, it->pid, 0, give) != 0) fail("ptrace");
    if (waitpid(it->pid, &status, __WALL) != it->pid) fail("waitpid");
    if (!WIFSTOPPED(status)) fail("the program has ended");
    give = WSTOPSIG(status);
    if (give == SIGTRAP) return 0;
    if (give == SIGSEGV && it->guarded_bytes > 0) return SIGSEGV;
  }
}

#ifdef __x86_64__
enum { page = 4096, mprotect_number = 10 };

/* The program makes a call of the system, between two instructions of its own. */
static void protect(struct watched *it, int rights) {
  struct user_regs_struct own, call;
  if (ptrace(PTRACE_GETREGS, it->pid, 0, &own) != 0) fail("ptrace");
  call = own;
  call.rip = it->call_at;
  call.rax = mprotect_number;
  call.orig_rax = -1;
  call.rdi = it->low;
  call.rsi = it->guarded_bytes;
  call.rdx = rights;
  if (ptrace(PTRACE_SETREGS, it->pid, 0, &call) != 0) fail("ptrace");
  uint64_t guarded = it->guarded_bytes;
  it->guarded_bytes = 0;
  do {
    step(it);
    if (ptrace(PTRACE_GETREGS, it->pid, 0, &call) != 0) fail("ptrace");
  } while (call.rip == it->call_at);
  it->guarded_bytes = guarded;
  if (call.rax != 0) fail("mprotect");
  if (ptrace(PTRACE_SETREGS, it->pid, 0, &own) != 0) fail("ptrace");
}

/* Finds where the program has the file, and an instruction that calls the system; makes the file's pages such as it can only read. */
static void guard(struct watched *it, const char *path) {
  char name[64], line[512];
  struct stat facts;
  if (stat(path, &facts) != 0) fail(path);
  snprintf(name, sizeof name, "/proc/%d/maps", it->pid);
  FILE *maps = fopen(name, "r");
  snprintf(name, sizeof name, "/proc/%d/mem", it->pid);
  int memory = open(name, O_RDONLY);
  if (maps == NULL || memory < 0) fail(name);
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long low, high, offset, inode;
    if (sscanf(line, "%lx-%lx %*s %lx %*s %lu", &low, &high, &offset, &inode) != 4) continue;
    if (inode == facts.st_ino) {
      if (it->guarded_bytes > 0) fail("the file is mapped twice");
      it->low = low;
      it->guarded_bytes = high - low;
      it->offset = offset;
    }
    if (strstr(line, "[vdso]") == NULL) continue;
    static uint8_t code[16 * page];
    ssize_t count = pread(memory, code, high - low < sizeof code ? high - low : sizeof code, low);
    for (ssize_t i = 0; i + 1 < count && it->call_at == 0; i++)
      if (code[i] == 0x0f && code[i + 1] == 0x05) it->call_at = low + i;
  }
  fclose(maps);
  close(memory);
  if (it->guarded_bytes == 0) fail("the file is not mapped");
  if (it->call_at == 0) it->guarded_bytes = 0;
  else protect(it, PROT_READ);
}

/* The program is about to store into the file: that one instruction may. Returns whether it has changed anything. */
static int let_through(struct watched *it) {
  siginfo_t signal;
  if (ptrace(PTRACE_GETSIGINFO, it->pid, 0, &signal) != 0) fail("ptrace");
  uint64_t at = (uint64_t)signal.si_addr - it->low;
  if (at >= it->guarded_bytes) fail("a fault outside of the file");
  protect(it, PROT_READ | PROT_WRITE);
  if (step(it) != 0) fail("a store faults twice");
  protect(it, PROT_READ);
  // Of a store over the end of a page the address is that of the first or the second.
  uint64_t first = it->offset + at / page * page;
  uint64_t low = first < page ? 0 : first - page, high = first + 2 * page;
  if (high > it->bytes) high = it->bytes;
  if (memcmp(it->before + low, it->heap + low, high - low) == 0) return 0;
  memcpy(it->before + low, it->heap + low, high - low);
  return 1;
}
#else
static void guard(struct watched *it, const char *path) {
  (void)it, (void)path;
}

static int let_through(struct watched *it) {
  (void)it;
  return 0;
}
#endif

static int has_changed(struct watched *it) {
  if (memcmp(it->before, it->heap, it->bytes) == 0) return 0;
  memcpy(it->before, it->heap, it->bytes);
  return 1;
}

/* Both on one processor: each waits for the other at every instruction. */
static void share_processor(pid_t pid) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  sched_setaffinity(pid, sizeof one, &one);
}

static void start(struct watched *it, volatile int32_t *words, char **args) {
  it->before = malloc(it->bytes);
  it->pid = fork();
  if (it->pid == 0) {
    execvp(args[0], args);
    _exit(127);
  }
  while (words[ready] == 0) {
    if (waitpid(it->pid, NULL, WNOHANG) == it->pid) fail("the program has ended early");
    usleep(1000);
  }
  if (ptrace(PTRACE_SEIZE, it->pid, 0, PTRACE_O_EXITKILL) != 0) fail("ptrace");
  if (ptrace(PTRACE_INTERRUPT, it->pid, 0, 0) != 0) fail("ptrace");
  wait_for(it->pid);
  share_processor(it->pid);
}

static void wait_for_line(void) {
  char line[16];
  if (fgets(line, sizeof line, stdin) == NULL) fail("standard input");
}

int main(int count, char **args) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 1) return probe();
  if (count < 5) return 2;
  size_t note_bytes;
  struct watched it = {0};
  it.heap = map(args[1], &it.bytes);
  volatile int32_t *words = (volatile int32_t *)(map(args[2], &note_bytes) + header_bytes);
  long kill_at = atol(args[3]);
  start(&it, words, args + 4);
  if (kill_at == 0) guard(&it, args[1]);
  memcpy(it.before, it.heap, it.bytes);
  printf("begun\n");
  wait_for_line();
  words[go] = 1;
  long steps = 0, longest = 0, in_call = 0;
  int call = 0;
  while (words[over] == 0) {
    int is_changed = step(&it) != 0 && let_through(&it);
    int now = words[inside];
    if (now != call) {
      if (it.guarded_bytes > 0 && has_changed(&it)) {
        printf("failed: a change was not seen in call %d\n", call);
        return 1;
      }
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
      kill(it.pid, SIGKILL);
      waitpid(it.pid, NULL, __WALL);
      printf("killed %d %ld\n", call, in_call);
      return 0;
    }
    if (it.guarded_bytes == 0) is_changed = has_changed(&it);
    if (!is_changed) continue;
    printf("changed %d %ld %ld\n", call, in_call, steps);
    wait_for_line();
  }
  printf("over %ld %ld\n", steps, longest);
  ptrace(PTRACE_DETACH, it.pid, 0, 0);
  waitpid(it.pid, NULL, __WALL);
  return 0;
}
