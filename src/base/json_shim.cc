// The one C++ file: simdjson parses, and its tape becomes the flat node array of base/json.h; and
// the library finds the fewest digits of a number.
#include "base/json.h"

#include <charconv>
#include <cstring>
#include <new>
#include <simdjson.h>
#include <unistd.h>
#include <vector>

struct th_json_parser {
  simdjson::dom::parser parser;
  size_t max_len;
  unsigned max_depth;
  th_jnode *nodes;
  size_t cap;
  explicit th_json_parser(size_t len, unsigned depth)
      : parser(len), max_len(len), max_depth(depth), nodes(nullptr), cap(0) {}
};

namespace {

[[noreturn]] void end_without_memory() {
  static const char words[] = "trialhead: out of memory\n";
  if (write(2, words, sizeof words - 1) < 0) _exit(4);
  _exit(4);
}

// simdjson chooses its code for this processor at first use, allocates for it, and cannot tell of a
// failure. So it does before anything is under way, and a program that has not so much ends.
bool choose_code() {
  const std::new_handler before = std::set_new_handler(end_without_memory);
  const bool chosen = !simdjson::get_active_implementation()->name().empty();
  std::set_new_handler(before);
  return chosen;
}

[[maybe_unused]] const bool chosen = choose_code();

bool is_delimiter(char c) {
  return c == ',' || c == ']' || c == '}' || c == ':' || c == ' ' || c == '\n' || c == '\r' ||
         c == '\t';
}

// Between a string and the structural character behind it stands nothing but white space.
uint32_t string_end(const char *src, uint32_t behind) {
  while (src[behind - 1] != '"')
    behind--;
  return behind;
}

uint32_t scalar_end(const char *src, uint32_t at, uint32_t len) {
  while (at < len && !is_delimiter(src[at]))
    at++;
  return at;
}

// Walks tape and structural indexes together: each value and each bracket has one of both, commas
// and colons have only the latter.
struct Builder {
  const char *src;
  uint32_t len;
  const uint64_t *tape;
  const uint8_t *strings;
  const uint32_t *structural;
  uint32_t at = 0;
  th_jnode *nodes;
  uint32_t n = 0;

  uint32_t place() {
    while (src[structural[at]] == ',' || src[structural[at]] == ':')
      at++;
    return structural[at++];
  }

  void build(uint32_t *open) {
    unsigned depth = 0;
    size_t i = 1;
    const size_t last = size_t(tape[0] & 0xFFFFFFFFFFFFFF) - 1;
    while (i < last) {
      const char tag = char(tape[i] >> 56);
      const uint64_t payload = tape[i] & 0xFFFFFFFFFFFFFF;
      const uint32_t off = place();
      if (tag == '}' || tag == ']') {
        th_jnode &o = nodes[open[--depth]];
        o.end = off + 1;
        o.next = n;
        i++;
        continue;
      }
      th_jnode &v = nodes[n];
      v = th_jnode{};
      v.off = off;
      const uint32_t self = n++;
      v.next = n;
      switch (tag) {
      case '{':
      case '[':
        v.type = tag == '{' ? TH_JOBJECT : TH_JARRAY;
        open[depth++] = self;
        i++;
        break;
      case '"': {
        uint32_t size;
        memcpy(&size, strings + payload, sizeof size);
        v.type = TH_JSTRING;
        v.str = uint32_t(payload + sizeof size);
        v.n = size;
        v.end = string_end(src, structural[at]);
        i++;
        break;
      }
      case 'l':
      case 'u':
      case 'd':
        v.type = tag == 'l' ? TH_JINT : TH_JNUMBER;
        v.end = scalar_end(src, off, len);
        i += 2;
        break;
      default:
        v.type = tag == 't' ? TH_JTRUE : tag == 'f' ? TH_JFALSE : TH_JNULL;
        v.end = scalar_end(src, off, len);
        i++;
      }
    }
    count();
  }

  // Counts exactly what the tape's 24-bit counters may saturate on.
  void count() {
    for (uint32_t i = 0; i < n; i++) {
      if (nodes[i].type != TH_JARRAY && nodes[i].type != TH_JOBJECT) continue;
      uint32_t c = 0;
      for (uint32_t k = i + 1; k < nodes[i].next; k = nodes[k].next)
        c++;
      nodes[i].n = nodes[i].type == TH_JOBJECT ? c / 2 : c;
    }
  }
};

int fail(simdjson::error_code code, th_err *err) {
  switch (code) {
  case simdjson::MEMALLOC:
    return th_err_set(err, TH_ENOMEM, "out of memory while parsing JSON");
  case simdjson::CAPACITY:
    return th_err_set(err, TH_ELIMIT, "JSON document is too long");
  case simdjson::DEPTH_ERROR:
    return th_err_set(err, TH_ELIMIT, "JSON is nested too deeply");
  case simdjson::UTF8_ERROR:
    return th_err_set(err, TH_EINPUT, "invalid UTF-8");
  case simdjson::UNCLOSED_STRING:
    return th_err_set(err, TH_EINPUT, "JSON string is not closed");
  case simdjson::EMPTY:
    return th_err_set(err, TH_EINPUT, "no JSON value");
  case simdjson::NUMBER_ERROR:
    return th_err_set(err, TH_EINPUT, "bad JSON number");
  case simdjson::STRING_ERROR:
    return th_err_set(err, TH_EINPUT, "bad escape or control character in a JSON string");
  default:
    return th_err_set(err, TH_EINPUT, "broken JSON");
  }
}

} // namespace

extern "C" th_json_parser *th_json_parser_new(size_t max_len, unsigned max_depth) {
  const size_t most = size_t(1) << 30;
  return new (std::nothrow) th_json_parser(max_len < most ? max_len : most, max_depth);
}

extern "C" void th_json_parser_free(th_json_parser *p) {
  if (!p) return;
  free(p->nodes);
  delete p;
}

extern "C" void th_json_parser_free_wiped(th_json_parser *p) {
  if (!p) return;
  // The strings and the numbers of the document; the positions beside them say nothing. The sizes
  // are those that simdjson allocates at least for this capacity.
  const size_t cap = p->parser.doc.capacity();
  if (p->parser.doc.string_buf) explicit_bzero(p->parser.doc.string_buf.get(), 5 * cap / 3);
  if (p->parser.doc.tape) explicit_bzero(p->parser.doc.tape.get(), cap * sizeof(uint64_t));
  th_json_parser_free(p);
}

extern "C" bool th_utf8_valid(th_span s) {
  return s.n == 0 || simdjson::validate_utf8(s.p, s.n);
}

static int reserve(th_json_parser *p, size_t need) {
  if (need <= p->cap) return 0;
  size_t cap = need + need / 2;
  auto *nodes = static_cast<th_jnode *>(realloc(p->nodes, cap * sizeof(th_jnode)));
  if (!nodes) return TH_ENOMEM;
  p->nodes = nodes;
  p->cap = cap;
  return 0;
}

extern "C" int th_json_parse(th_json_parser *p, th_span src, th_json *out, th_err *err) {
  if (src.n > p->max_len) return th_err_set(err, TH_ELIMIT, "JSON document is too long");
  if (p->parser.max_depth() != p->max_depth || p->parser.capacity() < src.n) {
    // Grown in steps: a batch of records of rising size does not allocate for each of them.
    size_t want = src.n < 4096 ? 4096 : src.n + src.n / 2;
    if (want > p->max_len) want = p->max_len;
    auto code = p->parser.allocate(want, p->max_depth);
    if (code) return fail(code, err);
  }
  auto result = p->parser.parse(src.p, src.n, false);
  if (result.error()) {
    int rc = fail(result.error(), err);
    if (rc == TH_EINPUT) th_err_at(err, th_json_error_offset(src), 0);
    return rc;
  }
  const uint64_t *tape = p->parser.doc.tape.get();
  const size_t words = size_t(tape[0] & 0xFFFFFFFFFFFFFF);
  std::vector<uint32_t> open;
  try {
    open.resize(p->max_depth + 2);
  } catch (const std::bad_alloc &) {
    return th_err_set(err, TH_ENOMEM, "out of memory while parsing JSON");
  }
  if (reserve(p, words + 1)) return th_err_set(err, TH_ENOMEM, "out of memory while parsing JSON");
  Builder b{};
  b.src = src.p;
  b.len = uint32_t(src.n);
  b.tape = tape;
  b.strings = p->parser.doc.string_buf.get();
  b.structural = p->parser.implementation->structural_indexes.get();
  b.nodes = p->nodes;
  b.build(open.data());
  *out = th_json{src.p, p->nodes, b.n, reinterpret_cast<const char *>(b.strings)};
  return 0;
}

extern "C" size_t th_json_digits(double v, char *out) {
  return static_cast<size_t>(
      std::to_chars(out, out + TH_JSON_DIGITS, v, std::chars_format::scientific).ptr - out);
}
