/* A thin layer under SQLite that puts a checksum on every page of the database file.
 *
 * SQLite leaves the last 8 bytes of each page alone (its "reserved space", a part of the file
 * format since 3.6). This layer fills them while a page goes to the file and compares them while it
 * comes back:
 *
 *   page     = content checksum
 *   content  = TH_STORE_PAGE_BYTES 8192- 8 bytes, as SQLite lays them out
 *   checksum = XXH3-64 of content with the page's offset in the file as seed, little-endian
 *
 * The seed also finds pages that stand in the wrong place. A page of nothing but zeros passes: the
 * file grows by such pages before they are first used. What does not check is SQLITE_IOERR_DATA.
 * The log of pending writes (-wal) is not touched; it has checksums of its own.
 *
 * Mapped reads are off: a mapping turns a read error or a file cut short into SIGBUS, and would
 * leave out the comparison. */
#ifndef TH_STORE_PAGE_VFS_H
#define TH_STORE_PAGE_VFS_H

#include "base/common.h"

#define TH_STORE_VFS "trialhead"
#define TH_STORE_PAGE_BYTES 8192
#define TH_STORE_PAGE_SUM_BYTES 8

/* Sets SQLite up for this process and registers the layer, once; any thread. */
int th_page_vfs_start(th_err *err) TH_MUST_USE;

#endif
