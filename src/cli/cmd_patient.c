/* trialhead patient: what was read of a patient's record, so that people can check it. The patient
 * is a guest (guest.h). */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/tty.h"
#include "patient/patient.h"
#include "registry/concepts.h"
#include "study/date.h"

/* ---- for people ---- */

static void put_fact(th_buf *out, const th_patient *p, const th_patient_fact *f, th_tty term) {
  th_buf words;
  th_guest_buf(&words, 0);
  th_patient_fact_words(p, f, &words);
  th_buf_str(out, "  ");
  if (f->certainty == TH_CERTAIN_HYPOTHETICAL || f->experiencer == TH_OF_FAMILY || f->absent)
    th_buf_str(out, th_tty_style(&term, TH_CYAN));
  th_tty_clean(out, th_buf_view(&words));
  th_buf_str(out, th_tty_style(&term, TH_PLAIN));
  if (f->resource.n) {
    th_buf_str(out, "  [");
    th_tty_clean(out, f->resource);
    th_buf_char(out, ']');
  }
  th_buf_char(out, '\n');
  th_buf_dispose(&words);
}

static void put_person(th_buf *out, const th_patient *p) {
  const char *sex = p->sex == 'F'   ? "Female"
                    : p->sex == 'M' ? "Male"
                    : p->sex        ? "Other"
                                    : "Sex not said";
  th_date day = {p->as_of, p->as_of, 0, TH_DATE_DAY};
  th_buf_str(out, sex);
  if (isnan(p->age_low))
    th_buf_str(out, ", age not said");
  else if (p->age_low < 2)
    th_buf_printf(out, ", %.1f months", p->age_low * 12);
  else if (p->age_high > p->age_low + 1.5)
    th_buf_printf(out, ", %.0f to %.0f years", p->age_low, p->age_high - 1);
  else
    th_buf_printf(out, ", %.0f years", floor(p->age_low));
  if (p->deceased) th_buf_str(out, ", deceased");
  th_buf_printf(out, "; %s, as of ", th_patient_form_name(p->form));
  th_date_iso(&day, out);
  th_buf_char(out, '\n');
}

static void put_text(th_buf *out, const th_patient *p, th_tty term) {
  put_person(out, p);
  for (uint32_t i = 0; i < p->n_facts; i++)
    put_fact(out, p, &p->facts[i], term);
  if (p->n_skips) th_buf_str(out, "Not read:\n");
  for (uint32_t i = 0; i < p->n_skips; i++) {
    th_buf_printf(out, "  %u ", p->skips[i].n);
    th_tty_clean(out, p->skips[i].what);
    th_buf_char(out, '\n');
  }
}

/* ---- the dictionary of the data directory, when there is one ---- */

static void open_dict(const th_cli *cli, th_registry **registry, const th_snapshot **index,
                      th_concepts *dict) {
  th_err none = {0};
  th_buf dir;
  th_buf_init(&dir, 4096);
  bool there = th_cli_data_dir(cli, &dir, &none) == 0 && th_file_exists(dir.p);
  th_buf_dispose(&dir);
  if (!there || th_cli_open(cli, TH_REGISTRY_READ, registry, &none) < 0) return;
  *index = th_index_acquire(th_registry_index(*registry));
  if (*index && th_registry_concepts(*index, dict, &none) < 0) *dict = (th_concepts){0};
}

int th_cmd_patient(th_cli *cli) {
  th_err err = {0};
  th_buf source, out;
  th_patient patient = {0};
  th_patient_options options = {0};
  th_registry *registry = NULL;
  const th_snapshot *index = NULL;
  th_concepts dict = {0};
  th_guest_keep_private(true);
  th_guest_buf(&source, TH_PATIENT_SOURCE_MAX);
  th_guest_buf(&out, 0);
  if (th_cli_value(cli, "note")) options.form = TH_PATIENT_NOTE;
  int rc = th_guest_day(cli, &options.has_as_of, &options.as_of, &err);
  if (rc == 0) rc = th_cli_read(&source, cli->operands[0], &err);
  if (rc == 0) {
    open_dict(cli, &registry, &index, &dict);
    options.dict = &dict;
    rc = th_patient_read(&patient, th_buf_view(&source), &options, &err);
  }
  if (rc == 0 && cli->json) {
    th_jout w;
    th_jout_init(&w, &out, false);
    th_patient_json(&patient, &w);
    th_buf_char(&out, '\n');
  } else if (rc == 0) {
    put_text(&out, &patient, th_tty_of(1));
  }
  if (rc == 0) rc = th_cli_print(&out, &err);
  th_patient_dispose(&patient);
  th_buf_dispose(&source);
  th_buf_dispose(&out);
  if (index) th_index_release(th_registry_index(registry), index);
  th_registry_close(registry);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
