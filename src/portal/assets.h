/* The files of web/, embedded at build time by tools/embed_assets.py: nothing is read from disk
 * while serving. */
#ifndef TH_PORTAL_ASSETS_H
#define TH_PORTAL_ASSETS_H

#include "base/common.h"

typedef struct th_asset {
  const char *name; /* "style.css" */
  const char *path; /* "/assets/style.0123456789ab.css": other contents, another path */
  const char *type; /* Content-Type */
  const char *etag;
  th_span body, gzip;
} th_asset;

extern const th_asset th_assets[];
extern const unsigned th_n_assets;
extern const char th_assets_etag[]; /* of all together: pages name them, and change with them */

/* The path of an asset by its name; the name must be one of them. */
const char *th_asset_path(const char *name);

#endif
