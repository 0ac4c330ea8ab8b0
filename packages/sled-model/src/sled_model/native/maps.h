// Linear maps of few rows: every weight is read once, in order, for all rows.
//
// A row's result never hangs on the rows beside it: however many there are, its sums are taken in
// the same order. Written with the vectors of GCC and Clang, for any processor; where there is an
// instruction for pairs of 16-bit products (VNNI, AVX2), int8 weights use it.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef int16_t Shorts __attribute__((vector_size(64)));
typedef int8_t Bytes __attribute__((vector_size(32)));
typedef uint16_t Halves __attribute__((vector_size(32)));

constexpr int64_t LANES = 16;   // outputs in a tile
constexpr int64_t DEPTH = 64;   // inputs of packed weights are padded to a multiple
constexpr int64_t MOST = 4;     // rows that share one reading out of the cache
constexpr int64_t AHEAD = 4096; // bytes that are asked for before they are needed
constexpr float LEVELS = 127;   // of an int8 weight

template <class Vector>
static inline Vector load(const void *from) {
    Vector value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

static inline Floats spread(float value) { return value - Floats{}; }

static inline float total(Floats v) {
    typedef float Eight __attribute__((vector_size(32)));
    typedef float Four __attribute__((vector_size(16)));
    Eight eights[2];
    std::memcpy(eights, &v, sizeof v);
    const Eight eight = eights[0] + eights[1];
    Four fours[2];
    std::memcpy(fours, &eight, sizeof eight);
    const Four four = fours[0] + fours[1];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

enum Kind : int64_t { FLOAT = 0, BF16 = 1, INT8 = 2 };

// y = weight · x + bias. FLOAT: [out, in]. BF16: [tiles, in / 2, 16 outputs, 2 inputs]. INT8:
// [tiles, in / 4, 16 outputs, 4 inputs], times one scale an output. Packed weights and scales are
// padded with zeros.
struct Map {
    const void *weight;
    const float *scale;
    const float *bias;
    int64_t in, out, kind;
};

static inline int64_t padded(int64_t in) { return (in + DEPTH - 1) / DEPTH * DEPTH; }

// The inputs of a map, as its kernel wants them: for INT8 whole numbers and a step for each row.
// They have 13 bits or more, as many as leave sums within 32: what is lost is the weights' alone.
class Inputs {
  public:
    float *row(int64_t r) { return floats.data() + r * stride; }
    const int16_t *whole(int64_t r) const { return shorts.data() + r * stride; }
    float step(int64_t r) const { return steps[r]; }

    void begin(int64_t rows, int64_t in) {
        stride = padded(in);
        if (static_cast<int64_t>(floats.size()) < rows * stride) {
            floats.resize(rows * stride);
            shorts.resize(rows * stride);
        }
        steps.resize(rows);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = in; i < stride; i++) row(r)[i] = 0;
    }

    void end(const Map &map, int64_t rows) {
        if (map.kind != INT8) return;
        float most = 2147483520.0f / (LEVELS * static_cast<float>(map.in));
        most = most > 32767 ? 32767 : static_cast<float>(static_cast<int>(most));
        for (int64_t r = 0; r < rows; r++) round(row(r), shorts.data() + r * stride, most, r);
    }

  private:
    std::vector<float> floats, steps;
    std::vector<int16_t> shorts;
    int64_t stride = 0;

    void round(const float *from, int16_t *to, float most, int64_t r) {
        Floats peak{};
        for (int64_t i = 0; i < stride; i += LANES) {
            Floats v = load<Floats>(from + i), size = v < 0 ? -v : v;
            peak = size > peak ? size : peak;
        }
        float largest = 1e-20f;
        for (int64_t i = 0; i < LANES; i++) largest = peak[i] > largest ? peak[i] : largest;
        steps[r] = largest / most;
        const float inverse = most / largest, shift = 12582912.0f;  // adding it rounds to even
        for (int64_t i = 0; i < stride; i++) to[i] = int16_t(from[i] * inverse + shift - shift);
    }
};

// Each kernel gives one tile, 16 outputs, of R rows.

template <int R>
static inline void tile_of(const Map &map, int64_t tile, Inputs &x, int64_t first, Floats *y) {
    const float *weight = static_cast<const float *>(map.weight);
    const int64_t whole = map.in / LANES * LANES;
    for (int64_t four = 0; four < LANES; four += 4) {
        const float *w[4];
        for (int64_t o = 0; o < 4; o++) {
            int64_t output = tile * LANES + four + o;
            w[o] = weight + (output < map.out ? output : map.out - 1) * map.in;
        }
        Floats sum[R][4] = {};
        for (int64_t k = 0; k < whole; k += LANES)
            for (int r = 0; r < R; r++) {
                Floats in = load<Floats>(x.row(first + r) + k);
                for (int o = 0; o < 4; o++) {
                    sum[r][o] += load<Floats>(w[o] + k) * in;
                    if (r == 0) __builtin_prefetch(w[o] + k + AHEAD / 4);
                }
            }
        for (int r = 0; r < R; r++)
            for (int o = 0; o < 4; o++) {
                float all = total(sum[r][o]);
                for (int64_t k = whole; k < map.in; k++) all += w[o][k] * x.row(first + r)[k];
                y[r][four + o] = all;
            }
    }
}

template <int R>
static inline void tile_of_bf16(const Map &map, int64_t tile, Inputs &x, int64_t first, Floats *y) {
    const int64_t in = padded(map.in);
    const uint16_t *weight = static_cast<const uint16_t *>(map.weight) + tile * LANES * in;
    Floats even[R][2] = {}, odd[R][2] = {};
    for (int64_t k = 0; k < in; k += 4)
        for (int64_t half = 0; half < 2; half++) {
            __builtin_prefetch(weight + (k + 2 * half) * LANES + AHEAD / 4);  // 2 KiB: best here
            Words pair = load<Words>(weight + (k + 2 * half) * LANES);
            Floats low = Floats(pair << 16), high = Floats(pair & 0xffff0000u);
            for (int r = 0; r < R; r++) {
                const float *in_row = x.row(first + r) + k + 2 * half;
                even[r][half] += low * in_row[0];
                odd[r][half] += high * in_row[1];
            }
        }
    for (int r = 0; r < R; r++) y[r] = (even[r][0] + odd[r][0]) + (even[r][1] + odd[r][1]);
}

static inline Shorts widen(Bytes bytes) {
#if defined(__AVX512BW__)
    return Shorts(_mm512_cvtepi8_epi16(__m256i(bytes)));
#else
    return __builtin_convertvector(bytes, Shorts);
#endif
}

// Add the products of neighbouring pairs of 16-bit numbers to 32-bit sums.
static inline Ints pairs(Ints sum, Shorts a, Shorts b) {
#if defined(__AVX512VNNI__)
    return Ints(_mm512_dpwssd_epi32(__m512i(sum), __m512i(a), __m512i(b)));
#elif defined(__AVX512BW__)
    return sum + Ints(_mm512_madd_epi16(__m512i(a), __m512i(b)));
#else
    Ints x = Ints(a), y = Ints(b);
    return sum + ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16);
#endif
}

template <int R>
static inline void tile_of_int8(const Map &map, int64_t tile, Inputs &x, int64_t first, Floats *y) {
    const int64_t in = padded(map.in);
    const int8_t *weight = static_cast<const int8_t *>(map.weight) + tile * LANES * in;
    // A lane holds half of an output's sum: those of inputs 0 and 1, or 2 and 3, of every four.
    Ints sum[R][2] = {};
    for (int64_t k = 0; k < in; k += 4) {
        Shorts w[2];
        for (int half = 0; half < 2; half++)
            w[half] = widen(load<Bytes>(weight + k * LANES + 32 * half));
        __builtin_prefetch(weight + k * LANES + AHEAD);
        for (int r = 0; r < R; r++) {
            int64_t four = load<int64_t>(x.whole(first + r) + k);
            typedef int64_t Fours __attribute__((vector_size(64)));
            Shorts in_row = Shorts(four - Fours{});
            for (int half = 0; half < 2; half++) sum[r][half] = pairs(sum[r][half], w[half], in_row);
        }
    }
    for (int r = 0; r < R; r++) {
        float both[LANES];
        for (int half = 0; half < 2; half++) {
            int32_t lanes[LANES];
            std::memcpy(lanes, &sum[r][half], sizeof lanes);
            for (int o = 0; o < 8; o++) both[8 * half + o] = float(lanes[2 * o] + lanes[2 * o + 1]);
        }
        y[r] = load<Floats>(both) * load<Floats>(map.scale + tile * LANES) * x.step(first + r);
    }
}

template <int R>
__attribute__((noinline)) static void tile_of_any(const Map &map, int64_t tile, Inputs &x, int64_t first, Floats *y) {
    if (map.kind == FLOAT) tile_of<R>(map, tile, x, first, y);
    else if (map.kind == BF16) tile_of_bf16<R>(map, tile, x, first, y);
    else tile_of_int8<R>(map, tile, x, first, y);
}

// Map `rows` inputs, between `Inputs::begin` and the next; `give(row, output, value)` takes what this thread of so many works out.
template <class Give>
static void product(const Map &map, Inputs &x, int64_t rows, int thread, int threads, Give give) {
    const int64_t tiles = (map.out + LANES - 1) / LANES;
    x.end(map, rows);
    for (int64_t t = tiles * thread / threads; t < tiles * (thread + 1) / threads; t++)
        for (int64_t first = 0; first < rows; first += MOST) {
            Floats y[MOST];
            const int64_t count = rows - first < MOST ? rows - first : MOST;
            if (count == 1) tile_of_any<1>(map, t, x, first, y);
            else if (count == 2) tile_of_any<2>(map, t, x, first, y);
            else if (count == 3) tile_of_any<3>(map, t, x, first, y);
            else tile_of_any<4>(map, t, x, first, y);
            const int64_t past = map.out - t * LANES < LANES ? map.out - t * LANES : LANES;
            for (int64_t r = 0; r < count; r++)
                for (int64_t o = 0; o < past; o++) {
                    const int64_t output = t * LANES + o;
                    give(first + r, output, map.bias ? y[r][o] + map.bias[output] : y[r][o]);
                }
        }
}
