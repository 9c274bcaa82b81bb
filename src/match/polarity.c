#include "match/polarity.h"

#include "text/token.h"

typedef enum reach {
  FORWARD, /* to the end of the clause */
  NEAR,    /* forward over a few words */
  BACK,    /* back to the beginning of the clause */
  TURN,    /* ends what reaches here */
} reach;

enum { CUE_WORDS = 4, NEAR_WORDS = 7 };

/* Words folded, one blank between them. Longer ones first among those that begin alike. */
static const struct {
  const char *words;
  reach reach;
} cues[] = {
    {"no family history", FORWARD},
    {"family history", FORWARD},
    {"no evidence of", NEAR},
    {"no", NEAR},
    {"not", NEAR},
    {"never", NEAR},
    {"denies", FORWARD},
    {"denied", FORWARD},
    {"denying", FORWARD},
    {"without", NEAR},
    {"negative for", FORWARD},
    {"absence of", NEAR},
    {"absent", BACK},
    {"free of", NEAR},
    {"was ruled out", BACK},
    {"were ruled out", BACK},
    {"is ruled out", BACK},
    {"rule out", NEAR},
    {"unremarkable for", NEAR},
    {"non contributory", BACK},
    {"noncontributory", BACK},
    {"mother has", FORWARD},
    {"mother had", FORWARD},
    {"father has", FORWARD},
    {"father had", FORWARD},
    {"brother has", FORWARD},
    {"brother had", FORWARD},
    {"sister has", FORWARD},
    {"sister had", FORWARD},
    {"mother with", FORWARD},
    {"father with", FORWARD},
    {"brother with", FORWARD},
    {"sister with", FORWARD},
    {"but", TURN},
    {"however", TURN},
    {"except", TURN},
    {"although", TURN},
    {"though", TURN},
    {"presents", TURN},
    {"presented", TURN},
    {"complains", TURN},
    {"reports", TURN},
    {"reported", TURN},
};

typedef struct word {
  uint32_t from, to;
  bool ends; /* the clause ends behind it */
} word;

typedef struct reader {
  th_span note;
  th_stretch *out;
  uint32_t n;
  word *words;
  uint32_t n_words;
} reader;

/* A sentence's end, a semicolon, an empty line between two words. "Dr. Smith" and "3.5" are none:
 * what follows must be a capital, and what stands before longer than a title. */
static bool ends_clause(th_span note, uint32_t from, uint32_t to, uint32_t word_len) {
  uint32_t lines = 0;
  for (uint32_t i = from; i < to; i++) {
    char c = note.p[i];
    if (c == ';' || c == '!' || c == '?') return true;
    if (c == '\n' && ++lines > 1) return true;
    if (c == '.' && word_len > 2 && i + 1 < to) return true;
  }
  return false;
}

static int split(reader *r, th_arena *arena, th_err *err) {
  th_tokens tokens;
  th_token t;
  uint32_t cap = 0;
  for (int pass = 0; pass < 2; pass++) {
    r->n_words = 0;
    th_tokens_init(&tokens, r->note);
    while (th_token_next(&tokens, &t)) {
      if (t.flags & TH_TOKEN_JOINED) continue;
      if (pass) r->words[r->n_words] = (word){t.from, t.to, false};
      r->n_words++;
    }
    if (pass) break;
    cap = r->n_words;
    r->words = th_arena_calloc(arena, (size_t)cap + 1, sizeof *r->words);
    r->out = th_arena_calloc(arena, (size_t)cap + 1, sizeof *r->out);
    if (!r->words || !r->out) return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  explicit_bzero(&tokens, sizeof tokens);
  for (uint32_t i = 0; i < r->n_words; i++) {
    uint32_t next = i + 1 < r->n_words ? r->words[i + 1].from : (uint32_t)r->note.n;
    r->words[i].ends =
        ends_clause(r->note, r->words[i].to, next, r->words[i].to - r->words[i].from);
  }
  return 0;
}

/* How many words from i on are the cue; 0 when they are not. */
static uint32_t is_cue(const reader *r, uint32_t i, const char *cue) {
  uint32_t n = 0;
  for (;; i++, n++) {
    size_t len = strcspn(cue, " ");
    if (i >= r->n_words || (n && r->words[i - 1].ends)) return 0;
    th_span w = {r->note.p + r->words[i].from, r->words[i].to - r->words[i].from};
    if (!th_span_eq_nocase(w, (th_span){cue, len})) return 0;
    if (!cue[len]) return n + 1;
    cue += len + 1;
  }
}

static int find_cue(const reader *r, uint32_t i, uint32_t *n) {
  for (size_t c = 0; c < TH_COUNT(cues); c++)
    if ((*n = is_cue(r, i, cues[c].words))) return (int)c;
  return -1;
}

static void add(reader *r, uint32_t from, uint32_t to) {
  while (r->n && r->out[r->n - 1].to >= from) {
    from = TH_MIN(from, r->out[r->n - 1].from);
    to = TH_MAX(to, r->out[r->n - 1].to);
    r->n--;
  }
  r->out[r->n++] = (th_stretch){from, to};
}

/* The last word that a forward cue of n words at i reaches. */
static uint32_t last_reached(const reader *r, uint32_t i, uint32_t n, uint32_t most) {
  uint32_t last = i + n - 1, unused;
  for (uint32_t k = i + n; k < r->n_words && k - i - n < most && !r->words[last].ends; k++) {
    int c = find_cue(r, k, &unused);
    if (c >= 0 && cues[c].reach == TURN) break;
    last = k;
  }
  return last;
}

int th_polarity_absent(th_span note, th_arena *arena, const th_stretch **out, uint32_t *n,
                       th_err *err) {
  reader r = {.note = note};
  uint32_t clause = 0, words;
  int rc = split(&r, arena, err);
  for (uint32_t i = 0; rc == 0 && i < r.n_words; i++) {
    int c = find_cue(&r, i, &words);
    if (c >= 0 && cues[c].reach == BACK) {
      add(&r, r.words[clause].from, r.words[i + words - 1].to);
    } else if (c >= 0 && cues[c].reach != TURN) {
      uint32_t last = last_reached(&r, i, words, cues[c].reach == NEAR ? NEAR_WORDS : UINT32_MAX);
      add(&r, r.words[i].from, r.words[last].to);
    }
    if (r.words[i].ends) clause = i + 1;
  }
  *out = r.out;
  *n = r.n;
  return rc;
}

bool th_stretch_holds(const th_stretch *stretches, uint32_t n, uint32_t at) {
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (stretches[mid].to <= at)
      low = mid + 1;
    else
      high = mid;
  }
  return low < n && stretches[low].from <= at;
}
