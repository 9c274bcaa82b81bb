#include "../test.h"

#include "index/codec.h"

#include <stdio.h>
#include <time.h>

static uint64_t state_;
static uint32_t draw(void) {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return (uint32_t)(state_ >> 16);
}
static void seed(void) {
  state_ = (uint64_t)time(NULL) | 1;
  print_message("seed %llu\n", (unsigned long long)state_);
}

static const struct {
  th_codec id;
  const char *name;
} variants[] = {{TH_CODEC_SCALAR, "scalar"}, {TH_CODEC_SSE2, "sse2"}, {TH_CODEC_AVX2, "avx2"}};

static void every_width_comes_back_in_every_variant(void **state) {
  (void)state;
  seed();
  for (unsigned bits = 0; bits <= 32; bits++) {
    uint32_t in[TH_BLOCK], out[TH_BLOCK];
    uint8_t packed[TH_BLOCK * 4 + 1 + TH_PAD];
    for (unsigned i = 0; i < TH_BLOCK; i++)
      in[i] = bits == 0 ? 0 : draw() >> (32 - bits);
    in[7] = bits == 0 ? 0 : UINT32_MAX >> (32 - bits);
    memset(packed, 0xAA, sizeof packed);
    th_pack(in, bits, packed + 1);
    assert_int_equal(packed[1 + th_packed_size(bits)], 0xAA);
    assert_int_equal(th_bits_of(in, TH_BLOCK), bits);
    for (size_t v = 0; v < TH_COUNT(variants); v++) {
      if (!th_codec_force(variants[v].id)) continue;
      memset(out, 0x55, sizeof out);
      th_unpack(packed + 1, bits, out);
      assert_memory_equal(in, out, sizeof in);
      const uint32_t starts[] = {UINT32_MAX, 0, 1000000, draw()};
      for (size_t s = 0; s < TH_COUNT(starts); s++) {
        uint32_t sum = starts[s];
        th_unpack_sum(packed + 1, bits, starts[s], out);
        for (unsigned i = 0; i < TH_BLOCK; i++) {
          sum += in[i] + 1;
          assert_int_equal(out[i], sum);
        }
      }
    }
  }
  assert_true(th_codec_force(TH_CODEC_BEST));
}

static void bit_streams_come_back_and_know_their_end(void **state) {
  (void)state;
  seed();
  for (int round = 0; round < 200; round++) {
    enum { N = 300 };
    uint32_t values[N], total = 0;
    unsigned bits[N];
    uint8_t room[N * 4 + 16];
    th_bit_sink w = {room, 0, 0};
    for (int i = 0; i < N; i++) {
      bits[i] = draw() % 33;
      values[i] = bits[i] ? draw() >> (32 - bits[i]) : 0;
      total += bits[i];
      th_sink_put(&w, values[i], bits[i]);
    }
    assert_int_equal(th_sink_end(&w) - room, (total + 7) / 8);
    th_bit_reader r = th_bits_open(room, th_sink_end(&w));
    for (int i = 0; i < N; i++) {
      if (i % 3 == 2)
        th_bits_skip(&r, bits[i]);
      else
        assert_int_equal(th_bits_get(&r, bits[i]), values[i]);
    }
    assert_false(r.over);
    assert_int_equal(th_bits_get(&r, 9), 0);
    assert_true(r.over);
  }
}

static void ranges_take_the_bits_they_need(void **state) {
  (void)state;
  const struct {
    uint32_t range;
    unsigned bits;
  } cases[] = {{0, 0}, {1, 0},   {2, 1},   {3, 2},          {4, 2},
               {5, 3}, {256, 8}, {257, 9}, {UINT32_MAX, 32}};
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_int_equal(th_bits_for(cases[i].range), cases[i].bits);
}

static void double_keys_keep_order(void **state) {
  (void)state;
  const double v[] = {-1e300, -2.5, -1e-300, -0.0, 1e-300, 0.5, 2, 1e300};
  for (size_t i = 0; i < TH_COUNT(v); i++) {
    assert_true(th_double_of_key(th_double_key(v[i])) == v[i]);
    if (i) assert_true(th_double_key(v[i - 1]) < th_double_key(v[i]));
  }
  assert_true(th_double_key(-0.0) == th_double_key(0.0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_width_comes_back_in_every_variant),
      cmocka_unit_test(bit_streams_come_back_and_know_their_end),
      cmocka_unit_test(ranges_take_the_bits_they_need),
      cmocka_unit_test(double_keys_keep_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
