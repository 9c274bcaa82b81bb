#include "api/zip_out.h"

#include "study/nct.h"

#include <libdeflate.h>
#include <stdio.h>
#include <time.h>

enum {
  LOCAL_HEADER = 0x04034b50,
  DIRECTORY_HEADER = 0x02014b50,
  END_64 = 0x06064b50,
  LOCATOR_64 = 0x07064b50,
  END = 0x06054b50,
  STORED = 0,
  DEFLATED = 8,
  VERSION = 20,
  VERSION_64 = 45,
  NAME_LEN = TH_NCT_LEN + 5, /* ".json" */
};

typedef struct file_row {
  uint32_t nct, crc, packed, plain;
  uint64_t offset;
} file_row;

struct th_zip {
  struct libdeflate_compressor *deflate;
  file_row *files; /* owned */
  size_t n_files, cap_files;
  size_t n_listed; /* in the directory so far */
  uint64_t at;     /* bytes of the archive so far */
  uint64_t directory_at;
  uint16_t date, time;
};

th_zip *th_zip_new(int level, int64_t when) {
  th_zip *zip = calloc(1, sizeof *zip);
  if (!zip) return NULL;
  time_t t = (time_t)when;
  struct tm tm = {0};
  if (gmtime_r(&t, &tm) && tm.tm_year >= 80 && tm.tm_year < 208) {
    zip->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
    zip->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
  } else {
    zip->date = 1 << 5 | 1; /* 1980-01-01 */
  }
  zip->deflate = libdeflate_alloc_compressor(level);
  if (zip->deflate) return zip;
  free(zip);
  return NULL;
}

void th_zip_free(th_zip *zip) {
  if (!zip) return;
  libdeflate_free_compressor(zip->deflate);
  free(zip->files);
  free(zip);
}

static void put(th_buf *out, uint64_t v, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++)
    th_buf_char(out, (char)(v >> (8 * i)));
}

static file_row *new_row(th_zip *zip) {
  if (zip->n_files == zip->cap_files) {
    size_t cap = zip->cap_files ? zip->cap_files * 2 : 16;
    file_row *grown = realloc(zip->files, cap * sizeof *grown);
    if (!grown) return NULL;
    zip->files = grown;
    zip->cap_files = cap;
  }
  return &zip->files[zip->n_files++];
}

/* What local header and directory have in common, from "version needed" to the sizes. */
static void put_common(const th_zip *zip, const file_row *f, uint16_t version, th_buf *out) {
  put(out, version, 2);
  put(out, 0, 2);
  put(out, f->packed < f->plain ? DEFLATED : STORED, 2);
  put(out, zip->time, 2);
  put(out, zip->date, 2);
  put(out, f->crc, 4);
  put(out, f->packed, 4);
  put(out, f->plain, 4);
}

static void put_name(uint32_t nct, th_buf *out) {
  char number[TH_NCT_LEN + 1];
  th_buf_str(out, th_nct_format(nct, number));
  th_buf_str(out, ".json");
}

int th_zip_add(th_zip *zip, uint32_t nct, th_span json, th_buf *out, th_err *err) {
  size_t from = out->n;
  th_buf packed;
  th_buf_init(&packed, 0);
  file_row *f = new_row(zip);
  char *to = f && json.n ? th_buf_room(&packed, json.n) : NULL;
  if (!f || (json.n && !to)) {
    th_buf_dispose(&packed);
    return th_err_set(err, TH_ENOMEM, "no memory for an archive");
  }
  size_t n = json.n ? libdeflate_deflate_compress(zip->deflate, json.p, json.n, to, json.n - 1) : 0;
  *f = (file_row){.nct = nct,
                  .crc = libdeflate_crc32(0, json.p, json.n),
                  .packed = (uint32_t)(n ? n : json.n),
                  .plain = (uint32_t)json.n,
                  .offset = zip->at};
  put(out, LOCAL_HEADER, 4);
  put_common(zip, f, VERSION, out);
  put(out, NAME_LEN, 2);
  put(out, 0, 2);
  put_name(nct, out);
  th_buf_span(out, n ? (th_span){packed.p, n} : json);
  th_buf_dispose(&packed);
  zip->at += out->n - from;
  return out->error ? th_err_set(err, out->error, "no memory for an archive") : TH_OK;
}

static void put_directory_row(const th_zip *zip, const file_row *f, th_buf *out) {
  bool far = f->offset >= UINT32_MAX;
  put(out, DIRECTORY_HEADER, 4);
  put(out, 3 << 8 | (far ? VERSION_64 : VERSION), 2); /* made on Unix */
  put_common(zip, f, far ? VERSION_64 : VERSION, out);
  put(out, NAME_LEN, 2);
  put(out, far ? 12 : 0, 2);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, 0100644u << 16, 4);
  put(out, far ? UINT32_MAX : f->offset, 4);
  put_name(f->nct, out);
  if (!far) return;
  put(out, 1, 2);
  put(out, 8, 2);
  put(out, f->offset, 8);
}

static void put_end(const th_zip *zip, th_buf *out) {
  uint64_t directory_len = zip->at - zip->directory_at;
  bool wide = zip->n_files >= UINT16_MAX || zip->at >= UINT32_MAX;
  if (wide) {
    put(out, END_64, 4);
    put(out, 44, 8);
    put(out, 3 << 8 | VERSION_64, 2);
    put(out, VERSION_64, 2);
    put(out, 0, 4);
    put(out, 0, 4);
    put(out, zip->n_files, 8);
    put(out, zip->n_files, 8);
    put(out, directory_len, 8);
    put(out, zip->directory_at, 8);
    put(out, LOCATOR_64, 4);
    put(out, 0, 4);
    put(out, zip->at, 8);
    put(out, 1, 4);
  }
  put(out, END, 4);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, wide ? UINT16_MAX : zip->n_files, 2);
  put(out, wide ? UINT16_MAX : zip->n_files, 2);
  put(out, wide ? UINT32_MAX : directory_len, 4);
  put(out, wide ? UINT32_MAX : zip->directory_at, 4);
  put(out, 0, 2);
}

void th_zip_directory(th_zip *zip, uint32_t most, th_buf *out, bool *done) {
  size_t from = out->n;
  if (zip->n_listed == 0) zip->directory_at = zip->at;
  for (; most && zip->n_listed < zip->n_files; most--)
    put_directory_row(zip, &zip->files[zip->n_listed++], out);
  zip->at += out->n - from;
  *done = zip->n_listed == zip->n_files;
  if (*done) put_end(zip, out);
}
