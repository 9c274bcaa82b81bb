#include "http/http.h"

#include "base/json.h"

enum { MAX_PARAMS = 200 };

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Decodes raw into to (room for raw.n + 1 bytes) and closes it with a NUL. False for a broken
 * escape or an encoded NUL. */
static bool unescape(char *to, size_t *n, th_span raw, bool plus) {
  size_t used = 0;
  for (size_t i = 0; i < raw.n; i++) {
    char c = raw.p[i];
    if (c == '%') {
      if (raw.n - i < 3) return false;
      int high = hex_digit(raw.p[i + 1]), low = hex_digit(raw.p[i + 2]);
      if (high < 0 || low < 0) return false;
      c = (char)(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    if (c == 0) return false;
    to[used++] = c;
  }
  to[used] = 0;
  *n = used;
  return true;
}

static int decode(th_span *out, th_span raw, bool plus, const char *what, th_arena *arena,
                  th_err *err) {
  size_t n = 0;
  char *to = th_arena_alloc(arena, raw.n + 1);
  if (!to) return th_err_set(err, TH_ELIMIT, "The request is too large");
  if (!unescape(to, &n, raw, plus))
    return th_err_set(err, TH_EUSAGE, "The %s holds a malformed percent escape", what);
  if (!th_utf8_valid((th_span){to, n}))
    return th_err_set(err, TH_EUSAGE, "The %s is not valid UTF-8", what);
  *out = (th_span){to, n};
  return TH_OK;
}

static unsigned count_pairs(th_span query) {
  unsigned n = 1;
  for (size_t i = 0; i < query.n; i++)
    n += query.p[i] == '&';
  return n;
}

static int decode_pair(th_param *out, th_span pair, th_arena *arena, th_err *err) {
  const char *equals = memchr(pair.p, '=', pair.n);
  size_t name_len = equals ? (size_t)(equals - pair.p) : pair.n;
  int rc = decode(&out->name, (th_span){pair.p, name_len}, true, "query string", arena, err);
  if (rc) return rc;
  th_span value = {pair.p + name_len, 0};
  if (equals) value = (th_span){equals + 1, pair.n - name_len - 1};
  return decode(&out->value, value, true, "query string", arena, err);
}

static int parse_query(th_request *rq, th_arena *arena, th_err *err) {
  unsigned most = count_pairs(rq->query), n = 0;
  if (most > MAX_PARAMS)
    return th_err_set(err, TH_EUSAGE, "The request has more than %d parameters", MAX_PARAMS);
  th_param *params = th_arena_calloc(arena, most, sizeof *params);
  if (!params) return th_err_set(err, TH_ELIMIT, "The request is too large");
  const char *p = rq->query.p, *end = p + rq->query.n;
  while (p < end) {
    const char *amp = memchr(p, '&', (size_t)(end - p));
    const char *stop = amp ? amp : end;
    if (stop > p) {
      int rc = decode_pair(&params[n], (th_span){p, (size_t)(stop - p)}, arena, err);
      if (rc) return rc;
      n++;
    }
    p = stop + 1;
  }
  rq->params = params;
  rq->n_params = n;
  return TH_OK;
}

/* "http://host/path" becomes "/path": proxies ask in this form. */
static th_span origin_form(th_span target) {
  size_t scheme = 0;
  if (th_span_starts(target, TH_SPAN("http://"))) scheme = 7;
  if (th_span_starts(target, TH_SPAN("https://"))) scheme = 8;
  if (!scheme) return target;
  const char *slash = memchr(target.p + scheme, '/', target.n - scheme);
  if (!slash) return TH_SPAN("/");
  return (th_span){slash, target.n - (size_t)(slash - target.p)};
}

static int parse_path(th_request *rq, th_span raw, th_arena *arena, th_err *err) {
  if (raw.n == 0 || raw.p[0] != '/')
    return th_err_set(err, TH_EUSAGE, "The request target is not a path");
  int rc = decode(&rq->path, raw, false, "path", arena, err);
  if (rc) return rc;
  for (size_t i = 0; i < rq->path.n; i++)
    if ((unsigned char)rq->path.p[i] < 0x20 || rq->path.p[i] == 0x7F)
      return th_err_set(err, TH_EUSAGE, "The path holds a control character");
  return TH_OK;
}

int th_request_parse(th_request *rq, th_span method, th_span target, th_arena *arena, th_err *err) {
  rq->method = th_span_eq(method, TH_SPAN("HEAD")) ? TH_SPAN("GET") : method;
  rq->arena = arena;
  target = origin_form(target);
  const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
  size_t path_len = mark ? (size_t)(mark - target.p) : target.n;
  if (mark) rq->query = (th_span){mark + 1, target.n - path_len - 1};
  int rc = parse_path(rq, (th_span){target.p, path_len}, arena, err);
  if (rc || rq->query.n == 0) return rc;
  return parse_query(rq, arena, err);
}

const th_param *th_request_param(const th_request *rq, const char *name) {
  th_span wanted = th_span_of(name);
  for (unsigned i = 0; i < rq->n_params; i++)
    if (th_span_eq(rq->params[i].name, wanted)) return &rq->params[i];
  return NULL;
}

th_span th_request_value(const th_request *rq, const char *name) {
  const th_param *param = th_request_param(rq, name);
  return param ? param->value : TH_SPAN("");
}

static bool is_unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void th_url_encode(th_buf *out, th_span text) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if (is_unreserved(c)) {
      th_buf_char(out, (char)c);
    } else {
      char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
      th_buf_put(out, escape, sizeof escape);
    }
  }
}
