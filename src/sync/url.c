#include "sync/url.h"

#include <curl/curl.h>
#include <strings.h>

void th_sync_url_escape(th_buf *out, th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 (c && strchr("-._~", c));
    if (plain)
      th_buf_char(out, (char)c);
    else
      th_buf_printf(out, "%%%02X", c);
  }
}

/* The part as curl has it, owned by the caller (curl_free); NULL when there is none. */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags) {
  char *text = NULL;
  return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool has_part(CURLU *url, CURLUPart part) {
  char *text = part_of(url, part, 0);
  curl_free(text);
  return text != NULL;
}

static bool is_http(CURLU *url) {
  char *scheme = part_of(url, CURLUPART_SCHEME, 0);
  bool is = scheme && (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
  curl_free(scheme);
  return is;
}

static int put_base(th_buf *out, CURLU *url, const char *text, th_err *err) {
  if (!is_http(url))
    return th_err_set(err, TH_EUSAGE, "'%.200s': only http and https are spoken", text);
  if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
    return th_err_set(err, TH_EUSAGE, "an address with a name or password is not taken");
  if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
    return th_err_set(err, TH_EUSAGE, "'%.200s': an address without ? and # is wanted", text);
  char *whole = part_of(url, CURLUPART_URL, 0), *path = part_of(url, CURLUPART_PATH, 0);
  size_t n = whole ? strlen(whole) : 0;
  while (n && whole[n - 1] == '/')
    n--;
  th_buf_put(out, whole, n);
  if (path && strcmp(path, "/") == 0) th_buf_str(out, "/api/v2");
  curl_free(path);
  curl_free(whole);
  if (n && !out->error) return 0;
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

int th_sync_url_base(th_buf *out, const char *text, th_err *err) {
  CURLU *url = curl_url();
  if (!url) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc =
      curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK
          ? put_base(out, url, text, err)
          : th_err_set(err, TH_EUSAGE,
                       "'%.200s' is no address; they look like https://clinicaltrials.gov/api/v2",
                       text);
  curl_url_cleanup(url);
  return rc;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part) {
  char *x = part_of(a, part, CURLU_DEFAULT_PORT), *y = part_of(b, part, CURLU_DEFAULT_PORT);
  bool same = x && y && strcasecmp(x, y) == 0;
  curl_free(x);
  curl_free(y);
  return same;
}

static bool is_https(CURLU *url) {
  char *scheme = part_of(url, CURLUPART_SCHEME, 0);
  bool is = scheme && strcasecmp(scheme, "https") == 0;
  curl_free(scheme);
  return is;
}

bool th_sync_url_may_follow(const char *from, const char *to) {
  CURLU *a = curl_url(), *b = curl_url();
  bool may = a && b && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
             curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK && is_http(a) && is_http(b) &&
             !has_part(b, CURLUPART_USER) && same_part(a, b, CURLUPART_HOST);
  if (may && is_https(a) == is_https(b)) may = same_part(a, b, CURLUPART_PORT);
  if (may && is_https(a) && !is_https(b)) may = false;
  curl_url_cleanup(a);
  curl_url_cleanup(b);
  return may;
}
