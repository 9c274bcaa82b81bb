#include "portal/message.h"

_Static_assert((int)TH_LANG_COUNT == (int)TH_MESSAGE_TABLES,
               "a file in web/messages/ for each of TH_LANGS");

#define LANG_NAME(id, code, name, prefix) name,
#define LANG_PREFIX(id, code, name, prefix) prefix,
static const char *const names[TH_LANG_COUNT] = {TH_LANGS(LANG_NAME)};
static const char *const prefixes[TH_LANG_COUNT] = {TH_LANGS(LANG_PREFIX)};

static const char *text_at(const th_message_table *t, uint32_t place) {
  size_t low = 0, high = t->n_texts;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (t->texts[mid].place < place)
      low = mid + 1;
    else
      high = mid;
  }
  return low < t->n_texts && t->texts[low].place == place ? t->texts[low].text : NULL;
}

const char *th_say_str(th_lang lang, const char *text) {
  /* Compared as numbers: most texts are no part of the block. */
  uintptr_t at = (uintptr_t)text - (uintptr_t)th_messages_en;
  if (lang == TH_LANG_EN || at >= TH_MESSAGES_EN_LEN) return text;
  const char *found = text_at(&th_message_tables[lang], (uint32_t)at);
  return found ? found : text;
}

th_span th_say(th_lang lang, th_span text) {
  if (lang == TH_LANG_EN || text.n == 0) return text;
  const char *said = th_say_str(lang, text.p);
  return said == text.p ? text : th_span_of(said);
}

void th_say_put(th_lang lang, const char *text, th_buf *out) {
  th_buf_str(out, th_say_str(lang, text));
}

const char *th_say_label(th_lang lang, const char *english) {
  const th_message_table *t = &th_message_tables[lang];
  size_t low = 0, high = t->n_labels;
  while (low < high) {
    size_t mid = (low + high) / 2;
    int c = strcmp(t->labels[mid].english, english);
    if (c == 0) return t->labels[mid].text;
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return english;
}

static int compare_folded(const char *folded, th_span text) {
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 0x20) : text.p[i];
    if (folded[i] != c) return (unsigned char)folded[i] - (unsigned char)c;
  }
  return folded[text.n] != 0;
}

bool th_say_term(th_lang lang, th_span english, th_buf *out) {
  const th_message_table *t = &th_message_tables[lang];
  size_t low = 0, high = t->n_terms;
  if (!english.n) return false;
  if (lang == TH_LANG_EN) {
    th_buf_span(out, english);
    return true;
  }
  while (low < high) {
    size_t mid = (low + high) / 2;
    int c = compare_folded(t->terms[mid].english, english);
    if (c == 0) {
      const char *text = t->terms[mid].text;
      bool small = english.p[0] >= 'a' && english.p[0] <= 'z' && text[0] >= 'A' && text[0] <= 'Z';
      th_buf_char(out, small ? (char)(text[0] | 0x20) : text[0]);
      th_buf_str(out, text + 1);
      return true;
    }
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return false;
}

th_lang th_lang_of_path(th_span path) {
  for (int lang = TH_LANG_EN + 1; lang < TH_LANG_COUNT; lang++) {
    th_span prefix = th_span_of(th_lang_prefix((th_lang)lang));
    if (th_span_starts(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/'))
      return (th_lang)lang;
  }
  return TH_LANG_EN;
}

const char *th_lang_name(th_lang lang) {
  return names[lang];
}

const char *th_lang_prefix(th_lang lang) {
  return prefixes[lang];
}

bool th_lang_stands_once(th_span path) {
  static const char *const once[] = {"/api/", "/assets/",    "/search.",
                                     "/map/", "/robots.txt", "/sitemap"};
  for (size_t i = 0; i < TH_COUNT(once); i++)
    if (th_span_starts(path, th_span_of(once[i]))) return true;
  return false;
}
