/* A library that makes the k-th call of a kind fail, for LD_PRELOAD under any program (glibc).
 *
 *   TH_FAULT = KIND ":" K [ "+" | "!" ]
 *   KIND     = "malloc"   malloc calloc realloc reallocarray aligned_alloc posix_memalign mmap:
 * ENOMEM | "write"    write pwrite writev: ENOSPC | "short"    the same calls, counted apart: only
 * half of the bytes are written | "sync"     fsync fdatasync: EIO | "truncate" ftruncate fallocate
 * posix_fallocate: ENOSPC | "open"     open openat: EMFILE | "rename"   rename: EIO | "read" read
 * pread: EIO K        = from 1, counted from the start of the process (or from th_fault_arm)
 *   "+"      = every call from the k-th on fails; "!" = instead of failing, the process is killed
 *
 * With TH_FAULT_COUNTS=FILE the number of calls of each kind is written to FILE at exit, a line
 * "KIND N" each. Output to descriptors 1 and 2 is never touched.
 *
 * A test program that runs under the library can find th_fault_arm and th_fault_calls with dlsym
 * and put faults around single calls. */
#define _GNU_SOURCE
/* Both names of each function are defined here: the headers must not make one of the other. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#undef open
#undef open64
#undef openat
#undef openat64

#define PUBLIC __attribute__((visibility("default")))

enum { MALLOC, WRITE, SHORT, SYNC, TRUNCATE, OPEN, RENAME, READ, KINDS };
static const char *const names[KINDS] = {"malloc",   "write", "short",  "sync",
                                         "truncate", "open",  "rename", "read"};

static atomic_long calls[KINDS];
static atomic_int armed = -1; /* the kind that is to fail, -1 for none */
static atomic_long wanted;
static atomic_int manner; /* 0, '+' or '!' */

/* Starts counting anew. spec as in TH_FAULT; NULL only counts. False when it cannot be read. */
PUBLIC bool th_fault_arm(const char *spec);
/* Calls of a kind since arming, -1 for no such kind. */
PUBLIC long th_fault_calls(const char *kind);

bool th_fault_arm(const char *spec) {
  armed = -1;
  for (int i = 0; i < KINDS; i++)
    calls[i] = 0;
  if (!spec) return true;
  for (int i = 0; i < KINDS; i++) {
    size_t n = strlen(names[i]);
    if (strncmp(spec, names[i], n) != 0 || spec[n] != ':') continue;
    char *end;
    wanted = strtol(spec + n + 1, &end, 10);
    manner = *end;
    if (wanted < 1 || (*end && ((*end != '+' && *end != '!') || end[1]))) return false;
    armed = i;
    return true;
  }
  return false;
}

long th_fault_calls(const char *kind) {
  for (int i = 0; i < KINDS; i++)
    if (strcmp(kind, names[i]) == 0) return calls[i];
  return -1;
}

__attribute__((constructor)) static void start(void) {
  const char *spec = getenv("TH_FAULT");
  if (!spec || th_fault_arm(spec)) return;
  static const char text[] = "TH_FAULT cannot be read\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(99);
  _exit(99);
}

__attribute__((destructor)) static void finish(void) {
  const char *path = getenv("TH_FAULT_COUNTS");
  armed = -1;
  FILE *f = path ? fopen(path, "w") : NULL;
  if (!f) return;
  for (int i = 0; i < KINDS; i++)
    fprintf(f, "%s %ld\n", names[i], (long)calls[i]);
  fclose(f);
}

/* Counts a call; true when it is to fail. */
static bool fails(int kind) {
  long n = atomic_fetch_add(&calls[kind], 1) + 1;
  if (armed != kind || (manner == '+' ? n < wanted : n != wanted)) return false;
  if (manner == '!') kill(getpid(), SIGKILL);
  return true;
}

#define NEXT(type, name)                                                                           \
  static type next;                                                                                \
  if (!next) next = (type)(uintptr_t)dlsym(RTLD_NEXT, name)

/* ---- memory ---- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void *no_memory(void) {
  errno = ENOMEM;
  return NULL;
}

PUBLIC void *malloc(size_t n) {
  return fails(MALLOC) ? no_memory() : __libc_malloc(n);
}
PUBLIC void *calloc(size_t n, size_t size) {
  return fails(MALLOC) ? no_memory() : __libc_calloc(n, size);
}
PUBLIC void *realloc(void *p, size_t n) {
  return fails(MALLOC) ? no_memory() : __libc_realloc(p, n);
}
PUBLIC void *reallocarray(void *p, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) return no_memory();
  return fails(MALLOC) ? no_memory() : __libc_realloc(p, bytes);
}
PUBLIC void *aligned_alloc(size_t alignment, size_t n) {
  return fails(MALLOC) ? no_memory() : __libc_memalign(alignment, n);
}
PUBLIC int posix_memalign(void **out, size_t alignment, size_t n) {
  void *p = fails(MALLOC) ? NULL : __libc_memalign(alignment, n);
  if (!p) return ENOMEM;
  *out = p;
  return 0;
}
typedef void *(*mmap_fn)(void *, size_t, int, int, int, off_t);
static void *map(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
  NEXT(mmap_fn, "mmap");
  if (!fails(MALLOC)) return next(at, n, protection, flags, fd, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}
PUBLIC void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
  return map(at, n, protection, flags, fd, offset);
}
PUBLIC void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
  return map(at, n, protection, flags, fd, offset);
}

/* ---- files ---- */

static int refused(int number) {
  errno = number;
  return -1;
}

/* How many of n bytes may be written; -1 for none. */
static ssize_t allowed(int fd, size_t n) {
  if (fd == 1 || fd == 2) return (ssize_t)n;
  if (fails(WRITE)) return refused(ENOSPC);
  return fails(SHORT) && n > 1 ? (ssize_t)(n / 2) : (ssize_t)n;
}

typedef ssize_t (*write_fn)(int, const void *, size_t);
PUBLIC ssize_t write(int fd, const void *p, size_t n) {
  NEXT(write_fn, "write");
  ssize_t part = allowed(fd, n);
  return part < 0 ? -1 : next(fd, p, (size_t)part);
}
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
static ssize_t write_at(int fd, const void *p, size_t n, off_t offset) {
  NEXT(pwrite_fn, "pwrite");
  ssize_t part = allowed(fd, n);
  return part < 0 ? -1 : next(fd, p, (size_t)part, offset);
}
PUBLIC ssize_t pwrite(int fd, const void *p, size_t n, off_t offset) {
  return write_at(fd, p, n, offset);
}
PUBLIC ssize_t pwrite64(int fd, const void *p, size_t n, off_t offset) {
  return write_at(fd, p, n, offset);
}
typedef ssize_t (*writev_fn)(int, const struct iovec *, int);
PUBLIC ssize_t writev(int fd, const struct iovec *parts, int n) {
  NEXT(writev_fn, "writev");
  return allowed(fd, 0) < 0 ? -1 : next(fd, parts, n);
}

typedef ssize_t (*read_fn)(int, void *, size_t);
PUBLIC ssize_t read(int fd, void *p, size_t n) {
  NEXT(read_fn, "read");
  return fails(READ) ? refused(EIO) : next(fd, p, n);
}
typedef ssize_t (*pread_fn)(int, void *, size_t, off_t);
static ssize_t read_at(int fd, void *p, size_t n, off_t offset) {
  NEXT(pread_fn, "pread");
  return fails(READ) ? refused(EIO) : next(fd, p, n, offset);
}
PUBLIC ssize_t pread(int fd, void *p, size_t n, off_t offset) {
  return read_at(fd, p, n, offset);
}
PUBLIC ssize_t pread64(int fd, void *p, size_t n, off_t offset) {
  return read_at(fd, p, n, offset);
}

typedef int (*fd_fn)(int);
PUBLIC int fsync(int fd) {
  NEXT(fd_fn, "fsync");
  return fails(SYNC) ? refused(EIO) : next(fd);
}
PUBLIC int fdatasync(int fd) {
  NEXT(fd_fn, "fdatasync");
  return fails(SYNC) ? refused(EIO) : next(fd);
}

typedef int (*truncate_fn)(int, off_t);
static int truncate_to(int fd, off_t n) {
  NEXT(truncate_fn, "ftruncate");
  return fails(TRUNCATE) ? refused(ENOSPC) : next(fd, n);
}
PUBLIC int ftruncate(int fd, off_t n) {
  return truncate_to(fd, n);
}
PUBLIC int ftruncate64(int fd, off_t n) {
  return truncate_to(fd, n);
}
typedef int (*allocate_fn)(int, off_t, off_t);
static int reserve(int fd, off_t offset, off_t n) { /* returns the error itself */
  NEXT(allocate_fn, "posix_fallocate");
  return fails(TRUNCATE) ? ENOSPC : next(fd, offset, n);
}
PUBLIC int posix_fallocate(int fd, off_t offset, off_t n) {
  return reserve(fd, offset, n);
}
PUBLIC int posix_fallocate64(int fd, off_t offset, off_t n) {
  return reserve(fd, offset, n);
}
typedef int (*fallocate_fn)(int, int, off_t, off_t);
static int allocate(int fd, int mode, off_t offset, off_t n) {
  NEXT(fallocate_fn, "fallocate");
  return fails(TRUNCATE) ? refused(ENOSPC) : next(fd, mode, offset, n);
}
PUBLIC int fallocate(int fd, int mode, off_t offset, off_t n) {
  return allocate(fd, mode, offset, n);
}
PUBLIC int fallocate64(int fd, int mode, off_t offset, off_t n) {
  return allocate(fd, mode, offset, n);
}

typedef int (*openat_fn)(int, const char *, int, ...);
static int open_at(int folder, const char *path, int flags, int mode) {
  NEXT(openat_fn, "openat");
  return fails(OPEN) ? refused(EMFILE) : next(folder, path, flags, mode);
}
/* The mode is there only when a file may be made. */
#define MODE_AFTER(flags)                                                                          \
  int mode = 0;                                                                                    \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                         \
    va_list ap;                                                                                    \
    va_start(ap, flags);                                                                           \
    mode = va_arg(ap, int);                                                                        \
    va_end(ap);                                                                                    \
  }
PUBLIC int open(const char *path, int flags, ...) {
  MODE_AFTER(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
PUBLIC int open64(const char *path, int flags, ...) {
  MODE_AFTER(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
PUBLIC int openat(int folder, const char *path, int flags, ...) {
  MODE_AFTER(flags)
  return open_at(folder, path, flags, mode);
}
PUBLIC int openat64(int folder, const char *path, int flags, ...) {
  MODE_AFTER(flags)
  return open_at(folder, path, flags, mode);
}
PUBLIC int __open_2(const char *path, int flags);
PUBLIC int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char *path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}

typedef int (*rename_fn)(const char *, const char *);
PUBLIC int rename(const char *from, const char *to) {
  NEXT(rename_fn, "rename");
  return fails(RENAME) ? refused(EIO) : next(from, to);
}
