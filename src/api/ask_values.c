#include "api/ask.h"

#include "api/params.h"

/* Digits with at most one point between them; *s steps behind it. */
static bool take_number(th_span *s, bool sign, double *out) {
  size_t i = sign && s->n && s->p[0] == '-', first = i;
  double v = 0, unit = 1;
  for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
    v = v * 10 + (s->p[i] - '0');
  if (i == first) return false;
  if (i < s->n && s->p[i] == '.') {
    size_t point = i++;
    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++)
      v += (s->p[i] - '0') * (unit /= 10);
    if (i == point + 1) return false;
  }
  *out = first ? -v : v;
  *s = (th_span){s->p + i, s->n - i};
  return true;
}

static bool take_char(th_span *s, char c) {
  if (s->n == 0 || s->p[0] != c) return false;
  *s = (th_span){s->p + 1, s->n - 1};
  return true;
}

static bool take_word(th_span *s, const char *word) {
  th_span w = th_span_of(word);
  if (!th_span_starts(*s, w)) return false;
  *s = (th_span){s->p + w.n, s->n - w.n};
  return true;
}

bool th_ask_geo(th_span s, double *lat, double *lon, double *km) {
  double radius, unit = 0.001;
  if (!take_word(&s, "distance(") || !take_number(&s, true, lat) || !take_char(&s, ',') ||
      !take_number(&s, true, lon) || !take_char(&s, ',') || !take_number(&s, false, &radius))
    return false;
  if (take_word(&s, "km")) unit = 1;
  if (take_word(&s, "mi")) unit = unit == 1 ? -1 : 1.609344;
  *km = radius * unit;
  return unit > 0 && take_char(&s, ')') && s.n == 0 && *lat >= -90 && *lat <= 90 && *lon >= -180 &&
         *lon <= 180;
}

/* ---- sort ---- */

static bool sort_formed(th_span name) {
  return th_span_eq(name, TH_SPAN("@relevance")) || th_name_formed(name);
}

static int sort_field(th_span name, th_sort *out, bool *dates, th_err *err) {
  uint16_t field = th_field_by_path(name);
  if (field == TH_F_NONE) return th_err_set(err, TH_EUSAGE, "Unknown sort field");
  out->field = field;
  switch (th_fields[field].type) {
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
    *dates = true;
    return TH_OK;
  case TH_FT_INT:
  case TH_FT_NUMBER:
  case TH_FT_AGE:
    *dates = false;
    return TH_OK;
  default:
    return th_err_set(err, TH_EUSAGE, "Unsupported sort field type: %s",
                      th_fields[field].type_name);
  }
}

static int sort_item(th_span name, th_span direction, th_sort *out, th_err *err) {
  bool falling = true;
  if (th_span_eq(name, TH_SPAN("@relevance"))) {
    out->field = TH_SORT_RELEVANCE;
  } else {
    int rc = sort_field(name, out, &falling, err);
    if (rc) return rc;
  }
  out->descending = direction.n ? th_span_eq(direction, TH_SPAN("desc")) : falling;
  return TH_OK;
}

int th_ask_sort(th_span list, th_sort out[2], unsigned *n, th_err *err) {
  th_items items = {.rest = list};
  th_span fields[2], directions[2];
  *n = 0;
  while (th_items_next(&items)) {
    const char *colon = items.item.n ? memchr(items.item.p, ':', items.item.n) : NULL;
    th_span name = items.item, direction = {0};
    if (colon) {
      name.n = (size_t)(colon - name.p);
      direction = (th_span){colon + 1, items.item.n - name.n - 1};
      if (!th_span_eq(direction, TH_SPAN("asc")) && !th_span_eq(direction, TH_SPAN("desc")))
        return th_items_refuse(&items, "sort", err);
    }
    if (!sort_formed(name)) return th_items_refuse(&items, "sort", err);
    if (*n == 2)
      return th_err_set(err, TH_EUSAGE, "Parameter `sort` must contain no more than 2 items");
    fields[*n] = name;
    directions[(*n)++] = direction;
  }
  for (unsigned i = 0; i < *n; i++) {
    int rc = sort_item(fields[i], directions[i], &out[i], err);
    if (rc) return rc;
  }
  return TH_OK;
}
