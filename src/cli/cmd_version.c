/* trialhead version. */
#include <sqlite3.h>
#include <zstd.h>

#include "base/json.h"
#include "cli/cli.h"

int th_cmd_version(th_cli *cli) {
  th_err err = {0};
  th_buf out;
  th_buf_init(&out, 4096);
  if (cli->json) {
    th_jout w;
    th_jout_init(&w, &out, false);
    th_jout_object(&w);
    th_jout_kv_str(&w, "version", TH_VERSION);
    th_jout_kv_str(&w, "sqlite", sqlite3_libversion());
    th_jout_kv_str(&w, "zstd", ZSTD_versionString());
    th_jout_end_object(&w);
    th_buf_char(&out, '\n');
  } else {
    th_buf_printf(&out, "trialhead %s (SQLite %s, zstd %s)\n", TH_VERSION, sqlite3_libversion(),
                  ZSTD_versionString());
  }
  int rc = th_cli_print(&out, &err);
  th_buf_dispose(&out);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
