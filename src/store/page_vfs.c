#include "store/page_vfs.h"

#include <endian.h>
#include <pthread.h>
#include <sqlite3.h>
#include <xxhash.h>

/* The file below stands right behind this in the same piece of memory. */
typedef struct page_file {
  sqlite3_file base;
  sqlite3_file *below;
} page_file;

static sqlite3_vfs layer, *below_vfs;

static sqlite3_file *below(sqlite3_file *file) {
  return ((page_file *)file)->below;
}

static bool is_page(int n, sqlite3_int64 offset) {
  return n == TH_STORE_PAGE_BYTES && offset % TH_STORE_PAGE_BYTES == 0;
}

static uint64_t page_sum(const char *page, sqlite3_int64 offset) {
  return htole64(
      XXH3_64bits_withSeed(page, TH_STORE_PAGE_BYTES - TH_STORE_PAGE_SUM_BYTES, (uint64_t)offset));
}

static bool is_zero(const char *p, size_t n) {
  return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static bool page_checks(const char *page, sqlite3_int64 offset) {
  uint64_t sum = page_sum(page, offset);
  return memcmp(page + TH_STORE_PAGE_BYTES - sizeof sum, &sum, sizeof sum) == 0 ||
         is_zero(page, TH_STORE_PAGE_BYTES);
}

static int page_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset) {
  int rc = below(file)->pMethods->xRead(below(file), to, n, offset);
  /* What lies behind the end of a file cut short reads as zeros. */
  if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return rc;
  if (is_page(n, offset) && !page_checks(to, offset)) return SQLITE_IOERR_DATA;
  return rc;
}

static int page_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset) {
  char page[TH_STORE_PAGE_BYTES];
  if (is_page(n, offset)) {
    uint64_t sum = page_sum(from, offset);
    memcpy(page, from, sizeof page - sizeof sum);
    memcpy(page + sizeof page - sizeof sum, &sum, sizeof sum);
    from = page;
  }
  return below(file)->pMethods->xWrite(below(file), from, n, offset);
}

/* ---- handed down as they are ---- */

static int page_close(sqlite3_file *file) {
  return below(file)->pMethods->xClose(below(file));
}
static int page_truncate(sqlite3_file *file, sqlite3_int64 n) {
  return below(file)->pMethods->xTruncate(below(file), n);
}
static int page_sync(sqlite3_file *file, int flags) {
  return below(file)->pMethods->xSync(below(file), flags);
}
static int page_size(sqlite3_file *file, sqlite3_int64 *out) {
  return below(file)->pMethods->xFileSize(below(file), out);
}
static int page_lock(sqlite3_file *file, int level) {
  return below(file)->pMethods->xLock(below(file), level);
}
static int page_unlock(sqlite3_file *file, int level) {
  return below(file)->pMethods->xUnlock(below(file), level);
}
static int page_reserved(sqlite3_file *file, int *out) {
  return below(file)->pMethods->xCheckReservedLock(below(file), out);
}
static int page_control(sqlite3_file *file, int op, void *arg) {
  return below(file)->pMethods->xFileControl(below(file), op, arg);
}
static int page_sector(sqlite3_file *file) {
  return below(file)->pMethods->xSectorSize(below(file));
}
static int page_traits(sqlite3_file *file) {
  return below(file)->pMethods->xDeviceCharacteristics(below(file));
}
static int page_shm_map(sqlite3_file *file, int region, int n, int extend, void volatile **out) {
  return below(file)->pMethods->xShmMap(below(file), region, n, extend, out);
}
static int page_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  return below(file)->pMethods->xShmLock(below(file), offset, n, flags);
}
static void page_shm_barrier(sqlite3_file *file) {
  below(file)->pMethods->xShmBarrier(below(file));
}
static int page_shm_unmap(sqlite3_file *file, int remove) {
  return below(file)->pMethods->xShmUnmap(below(file), remove);
}

/* Version 2: shared memory for the log of pending writes, but no mapped reads. */
static const sqlite3_io_methods page_methods = {
    2,           page_close,   page_read,     page_write,       page_truncate, page_sync,
    page_size,   page_lock,    page_unlock,   page_reserved,    page_control,  page_sector,
    page_traits, page_shm_map, page_shm_lock, page_shm_barrier, page_shm_unmap};

static int page_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *out_flags) {
  (void)vfs;
  if (!(flags & SQLITE_OPEN_MAIN_DB))
    return below_vfs->xOpen(below_vfs, name, file, flags, out_flags);
  page_file *p = (page_file *)file;
  p->base.pMethods = NULL;
  p->below = (sqlite3_file *)(p + 1);
  memset(p->below, 0, (size_t)below_vfs->szOsFile);
  int rc = below_vfs->xOpen(below_vfs, name, p->below, flags, out_flags);
  if (rc == SQLITE_OK) p->base.pMethods = &page_methods;
  return rc;
}

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

/* Memory statistics would put one process-wide lock around each allocation. Refused when SQLite was
 * used before, which costs only speed. */
static int start(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  int rc = sqlite3_initialize();
  if (rc != SQLITE_OK) return rc;
  below_vfs = sqlite3_vfs_find(NULL);
  if (!below_vfs) return SQLITE_ERROR;
  layer = *below_vfs;
  layer.pNext = NULL;
  layer.zName = TH_STORE_VFS;
  layer.szOsFile = (int)sizeof(page_file) + below_vfs->szOsFile;
  layer.xOpen = page_open;
  return sqlite3_vfs_register(&layer, 0);
}

int th_page_vfs_start(th_err *err) {
  static bool started;
  int rc = SQLITE_OK;
  pthread_mutex_lock(&start_lock);
  if (!started) rc = start();
  if (rc == SQLITE_OK) started = true;
  pthread_mutex_unlock(&start_lock);
  if (rc == SQLITE_OK) return 0;
  return th_err_set(err, rc == SQLITE_NOMEM ? TH_ENOMEM : TH_EIO, "SQLite does not start: %s",
                    sqlite3_errstr(rc));
}
