#include "api/params.h"

static th_span prefix_of(th_span name) {
  const char *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
  return (th_span){name.p, dot ? (size_t)(dot - name.p) + 1 : 0};
}

static int refuse_name(th_span name, const char *const *names, size_t n, th_err *err) {
  th_span prefix = prefix_of(name);
  bool known = prefix.n == 0;
  for (size_t i = 0; i < n && !known; i++)
    known = th_span_starts(th_span_of(names[i]), prefix);
  int len = (int)TH_MIN(name.n, 400);
  if (!known)
    return th_err_set(err, TH_EUSAGE, "Invalid prefix in parameter name: %.*s", len, name.p);
  return th_err_set(err, TH_EUSAGE, "`%.*s` is unknown parameter", len, name.p);
}

static bool is_list(const char *name, const char *lists) {
  size_t n = strlen(name);
  for (const char *p = lists; (p = strstr(p, name)); p += n)
    if ((p == lists || p[-1] == ' ') && (p[n] == 0 || p[n] == ' ')) return true;
  return false;
}

int th_params_check(const th_request *rq, const char *const *names, size_t n, const char *lists,
                    th_err *err) {
  for (unsigned i = 0; i < rq->n_params; i++) {
    th_span name = rq->params[i].name;
    size_t k = 0;
    while (k < n && !th_span_eq(name, th_span_of(names[k])))
      k++;
    if (k == n) return refuse_name(name, names, n, err);
    if (is_list(names[k], lists)) continue;
    for (unsigned before = 0; before < i; before++)
      if (th_span_eq(rq->params[before].name, name))
        return th_err_set(err, TH_EUSAGE, "Parameter `%s` is given more than once", names[k]);
  }
  return TH_OK;
}

th_span th_params_list(const th_request *rq, const char *name) {
  th_span all = th_request_value(rq, name), wanted = th_span_of(name);
  bool first = true;
  for (unsigned i = 0; i < rq->n_params; i++) {
    if (!th_span_eq(rq->params[i].name, wanted)) continue;
    if (!first) {
      char *joined = th_arena_printf(rq->arena, "%s|%s", all.p, rq->params[i].value.p);
      if (!joined) return all;
      all = th_span_of(joined);
    }
    first = false;
  }
  return all;
}

bool th_items_next(th_items *items) {
  if (items->ended || (items->n == 0 && items->rest.n == 0)) return false;
  size_t i = 0;
  while (i < items->rest.n && items->rest.p[i] != ',' && items->rest.p[i] != '|')
    i++;
  items->item = (th_span){items->rest.p, i};
  items->ended = i == items->rest.n;
  size_t step = items->ended ? i : i + 1;
  items->rest = (th_span){items->rest.p + step, items->rest.n - step};
  items->n++;
  return true;
}

int th_items_refuse(const th_items *items, const char *param, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "Item %u in parameter `%s` has incorrect format", items->n,
                    param);
}

int th_param_refuse(const char *param, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "Parameter `%s` has incorrect format", param);
}

int th_param_refuse_value(const char *param, th_span value, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "Invalid value in parameter `%s`: `%.*s`", param,
                    (int)TH_MIN(value.n, 400), value.p);
}

int th_param_bool(const th_request *rq, const char *name, bool *out, th_err *err) {
  th_span v = th_request_value(rq, name);
  if (v.n == 0) return TH_OK;
  *out = th_span_eq(v, TH_SPAN("true"));
  if (*out || th_span_eq(v, TH_SPAN("false"))) return TH_OK;
  return th_param_refuse(name, err);
}

int th_param_int(const th_request *rq, const char *name, uint32_t *out, th_err *err) {
  th_span v = th_request_value(rq, name);
  uint64_t number = 0;
  if (v.n == 0) return TH_OK;
  for (size_t i = 0; i < v.n; i++) {
    if (v.p[i] < '0' || v.p[i] > '9') return th_param_refuse(name, err);
    number = number * 10 + (uint64_t)(v.p[i] - '0');
    if (number > INT32_MAX) return th_param_refuse(name, err);
  }
  *out = (uint32_t)number;
  return TH_OK;
}

int th_param_choice(const th_request *rq, const char *name, const char *const *words, unsigned n,
                    unsigned *out, th_err *err) {
  th_span v = th_request_value(rq, name);
  *out = 0;
  if (v.n == 0) return TH_OK;
  for (unsigned i = 0; i < n; i++) {
    if (!th_span_eq(v, th_span_of(words[i]))) continue;
    *out = i;
    return TH_OK;
  }
  return th_param_refuse_value(name, v, err);
}

bool th_name_formed(th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ' ')))
      return false;
  }
  return s.n > 0;
}
