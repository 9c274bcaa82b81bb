#include "api/agg.h"

#include "api/params.h"
#include "study/catalogue.h"

/* One key of a facet: the field has one of the values of mask. With `and_field` that one has to be
 * true too; with `or_field` the mask may hold there instead. */
typedef struct option {
  const char *key;
  uint16_t field;
  uint64_t mask;
  uint16_t and_field, or_field;
} option;

enum { NONE = TH_F_NONE, MAX_FACETS = 10, MAX_KEYS = 64 };
#define BIT(value) ((uint64_t)1 << (value))
#define NO BIT(0)
#define YES BIT(1)

#define STATUS(key, value)                                                                         \
  { key, TH_F_OverallStatus, BIT(TH_Status_##value), NONE, NONE }
static const option status[] = {
    STATUS("rec", RECRUITING),
    STATUS("not", NOT_YET_RECRUITING),
    STATUS("act", ACTIVE_NOT_RECRUITING),
    STATUS("com", COMPLETED),
    STATUS("ter", TERMINATED),
    STATUS("enr", ENROLLING_BY_INVITATION),
    STATUS("sus", SUSPENDED),
    STATUS("wit", WITHDRAWN),
    STATUS("unk", UNKNOWN),
    STATUS("ava", AVAILABLE),
    STATUS("nla", NO_LONGER_AVAILABLE),
    STATUS("tna", TEMPORARILY_NOT_AVAILABLE),
    STATUS("afm", APPROVED_FOR_MARKETING),
};
#define PHASE(key, value)                                                                          \
  { key, TH_F_Phase, BIT(TH_Phase_##value), NONE, NONE }
static const option phase[] = {
    PHASE("0", EARLY_PHASE1), PHASE("1", PHASE1), PHASE("2", PHASE2),
    PHASE("3", PHASE3),       PHASE("4", PHASE4), PHASE("NA", NA),
};
#define TYPE(key, value, and)                                                                      \
  { key, TH_F_StudyType, BIT(TH_StudyType_##value), and, NONE }
static const option study_type[] = {
    TYPE("int", INTERVENTIONAL, NONE),
    TYPE("obs", OBSERVATIONAL, NONE),
    TYPE("obs_patreg", OBSERVATIONAL, TH_F_PatientRegistry),
    TYPE("exp", EXPANDED_ACCESS, NONE),
    TYPE("exp_indiv", EXPANDED_ACCESS, TH_F_ExpAccTypeIndividual),
    TYPE("exp_inter", EXPANDED_ACCESS, TH_F_ExpAccTypeIntermediate),
    TYPE("exp_treat", EXPANDED_ACCESS, TH_F_ExpAccTypeTreatment),
};
static const option ages[] = {
    {"child", TH_F_StdAge, BIT(TH_StandardAge_CHILD), NONE, NONE},
    {"adult", TH_F_StdAge, BIT(TH_StandardAge_ADULT), NONE, NONE},
    {"older", TH_F_StdAge, BIT(TH_StandardAge_OLDER_ADULT), NONE, NONE},
};
/* Studies open to the sex asked for: those for all are among them. */
static const option sex[] = {
    {"f", TH_F_Sex, BIT(TH_Sex_FEMALE) | BIT(TH_Sex_ALL), NONE, NONE},
    {"m", TH_F_Sex, BIT(TH_Sex_MALE) | BIT(TH_Sex_ALL), NONE, NONE},
};
static const option healthy[] = {{"y", TH_F_HealthyVolunteers, YES, NONE, NONE}};
static const option results[] = {
    {"with", TH_F_HasResults, YES, NONE, NONE},
    {"without", TH_F_HasResults, NO, NONE, NONE},
};
static const option docs[] = {
    {"prot", TH_F_LargeDocHasProtocol, YES, NONE, NONE},
    {"sap", TH_F_LargeDocHasSAP, YES, NONE, NONE},
    {"icf", TH_F_LargeDocHasICF, YES, NONE, NONE},
};
#define CLASS(value) BIT(TH_AgencyClass_##value)
#define FUNDER(key, mask)                                                                          \
  { key, TH_F_LeadSponsorClass, mask, NONE, TH_F_CollaboratorClass }
static const option funder[] = {
    FUNDER("nih", CLASS(NIH)),
    FUNDER("fed", CLASS(FED)),
    FUNDER("industry", CLASS(INDUSTRY)),
    FUNDER("other", CLASS(INDIV) | CLASS(NETWORK) | CLASS(OTHER_GOV) | CLASS(UNKNOWN) |
                        CLASS(AMBIG) | CLASS(OTHER)),
};
static const option violation[] = {{"y", TH_F_FDAAA801Violation, YES, NONE, NONE}};

#define FACET(name, options)                                                                       \
  { name, options, TH_COUNT(options) }
static const struct {
  const char *name;
  const option *options;
  size_t n;
} facets[MAX_FACETS] = {
    FACET("status", status),       FACET("phase", phase), FACET("studyType", study_type),
    FACET("ages", ages),           FACET("sex", sex),     FACET("healthy", healthy),
    FACET("results", results),     FACET("docs", docs),   FACET("funderType", funder),
    FACET("violation", violation),
};

static th_query *option_query(th_arena *arena, const option *o) {
  th_query *q = th_query_mask(arena, o->field, o->mask);
  if (!q || (o->and_field == NONE && o->or_field == NONE)) return q;
  bool both = o->and_field != NONE;
  th_query *parts[2] = {q, both ? th_query_mask(arena, o->and_field, YES)
                                : th_query_mask(arena, o->or_field, o->mask)};
  if (!parts[1]) return NULL;
  return both ? th_query_and(arena, parts, 2) : th_query_or(arena, parts, 2);
}

static bool next_key(th_span *keys, th_span *key) {
  *keys = th_span_trim(*keys);
  if (keys->n == 0) return false;
  const char *blank = memchr(keys->p, ' ', keys->n);
  *key = (th_span){keys->p, blank ? (size_t)(blank - keys->p) : keys->n};
  *keys = (th_span){keys->p + key->n, keys->n - key->n};
  return true;
}

/* Any of the keys of a facet. Values of one field are one mask, so that what is common is fast. */
static int facet_query(th_query **out, th_arena *arena, unsigned facet, th_span keys, th_err *err) {
  th_query *parts[MAX_KEYS];
  size_t n = 0;
  th_span key;
  uint64_t mask = 0;
  while (next_key(&keys, &key)) {
    for (size_t i = 0; i < facets[facet].n; i++) {
      const option *o = &facets[facet].options[i];
      if (!th_span_eq(key, th_span_of(o->key))) continue;
      if (o->and_field == NONE && o->or_field == NONE) {
        mask |= o->mask;
        continue;
      }
      if (n == MAX_KEYS - 1)
        return th_err_set(err, TH_EUSAGE, "Too many keys in parameter `aggFilters`");
      parts[n] = option_query(arena, o);
      if (!parts[n++]) return th_err_set(err, TH_ENOMEM, "out of memory");
    }
  }
  if (mask) {
    parts[n] = th_query_mask(arena, facets[facet].options[0].field, mask);
    if (!parts[n++]) return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  *out = th_query_or(arena, parts, n);
  return *out ? TH_OK : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int find_facet(th_span name, unsigned *out, th_err *err) {
  for (unsigned i = 0; i < MAX_FACETS; i++) {
    if (!th_span_eq(name, th_span_of(facets[i].name))) continue;
    *out = i;
    return TH_OK;
  }
  return th_err_set(err, TH_EUSAGE, "Unknown facet in parameter `aggFilters`: `%.*s`",
                    (int)TH_MIN(name.n, 200), name.p);
}

int th_agg_parse(th_query **out, th_arena *arena, th_span text, th_err *err) {
  th_span keys[MAX_FACETS];
  bool given[MAX_FACETS] = {0};
  th_query *parts[MAX_FACETS];
  size_t n = 0;
  int rc = TH_OK;
  th_items items = {.rest = text};
  *out = NULL;
  while (!rc && th_items_next(&items)) {
    const char *colon = items.item.n ? memchr(items.item.p, ':', items.item.n) : NULL;
    if (!colon) return th_items_refuse(&items, "aggFilters", err);
    size_t len = (size_t)(colon - items.item.p);
    unsigned facet = 0;
    rc = find_facet((th_span){items.item.p, len}, &facet, err);
    if (rc) return rc;
    given[facet] = true;
    keys[facet] = (th_span){colon + 1, items.item.n - len - 1};
  }
  for (unsigned i = 0; !rc && i < MAX_FACETS; i++)
    if (given[i]) rc = facet_query(&parts[n++], arena, i, keys[i], err);
  if (rc || n == 0) return rc;
  *out = th_query_and(arena, parts, n);
  return *out ? TH_OK : th_err_set(err, TH_ENOMEM, "out of memory");
}
