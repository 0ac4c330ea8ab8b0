// Linear maps of few rows: every weight is read once, in order, for all rows.
//
// A row's result never hangs on the rows beside it: however many there are, its sums are taken in
// the same order.

#pragma once

#include <vector>

#include "vectors.h"

constexpr int64_t LANES = 16;  // outputs in a tile
constexpr int64_t DEPTH = 64;  // inputs of packed weights are padded to a multiple
constexpr int64_t MOST = 4;    // rows that share one reading out of the cache
constexpr float LEVELS = 127;  // of an int8 weight

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

// A row's outputs of one tile.
struct Tile {
    float of[LANES];
};

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
        for (int64_t i = 0; i < stride; i += WIDE) {
            Floats v = load<Floats>(from + i), size = v < 0 ? -v : v;
            peak = size > peak ? size : peak;
        }
        float largest = 1e-20f;
        for (int64_t i = 0; i < WIDE; i++) largest = peak[i] > largest ? peak[i] : largest;
        steps[r] = largest / most;
        const float inverse = most / largest, shift = 12582912.0f;  // adding it rounds to even
        for (int64_t i = 0; i < stride; i++) to[i] = int16_t(from[i] * inverse + shift - shift);
    }
};

// Of so many vectors of outputs with `sums` of sums each: how many at once the registers hold.
static constexpr int at_once(int vectors, int sums) {
    while (vectors > 1 && vectors * sums > SUMS) vectors /= 2;
    return vectors;
}

// Each kernel gives one tile, 16 outputs, of R rows.

template <int R>
static inline void tile_of(const Map &map, int64_t tile, Inputs &x, int64_t first, Tile *y) {
    constexpr int O = at_once(4, R);
    const float *weight = static_cast<const float *>(map.weight);
    const int64_t whole = map.in / WIDE * WIDE;
    for (int64_t begin = 0; begin < LANES; begin += O) {
        const float *w[O];
        for (int64_t o = 0; o < O; o++) {
            int64_t output = tile * LANES + begin + o;
            w[o] = weight + (output < map.out ? output : map.out - 1) * map.in;
        }
        Floats sum[R][O] = {};
        for (int64_t k = 0; k < whole; k += WIDE)
            for (int r = 0; r < R; r++) {
                Floats in = load<Floats>(x.row(first + r) + k);
                for (int o = 0; o < O; o++) {
                    sum[r][o] += load<Floats>(w[o] + k) * in;
                    if (r == 0) __builtin_prefetch(w[o] + k + AHEAD / 4);
                }
            }
        for (int r = 0; r < R; r++)
            for (int o = 0; o < O; o++) {
                float all = total(sum[r][o]);
                for (int64_t k = whole; k < map.in; k++) all += w[o][k] * x.row(first + r)[k];
                y[r].of[begin + o] = all;
            }
    }
}

template <int R>
static inline void tile_of_bf16(const Map &map, int64_t tile, Inputs &x, int64_t first, Tile *y) {
    constexpr int PARTS = LANES / WIDE, V = at_once(PARTS, 2 * R), SPLIT = PARTS == 1 ? 2 : 1;
    const int64_t in = padded(map.in);
    const uint16_t *weight = static_cast<const uint16_t *>(map.weight) + tile * LANES * in;
    for (int part = 0; part < PARTS; part += V) {
        // Inputs in turn add to other sums, so that none waits for the one before.
        Floats even[R][V][SPLIT] = {}, odd[R][V][SPLIT] = {};
        for (int64_t k = 0; k < in; k += 2 * SPLIT)
            for (int s = 0; s < SPLIT; s++) {
                const uint16_t *pairs_of = weight + (k + 2 * s) * LANES;
                if (part == 0) __builtin_prefetch(pairs_of + AHEAD / 4);  // 2 KiB: best here
                for (int v = 0; v < V; v++) {
                    Words pair = load<Words>(pairs_of + 2 * (part + v) * WIDE);
                    Floats low = Floats(pair << 16), high = Floats(pair & 0xffff0000u);
                    for (int r = 0; r < R; r++) {
                        const float *in_row = x.row(first + r) + k + 2 * s;
                        even[r][v][s] += low * in_row[0];
                        odd[r][v][s] += high * in_row[1];
                    }
                }
            }
        for (int r = 0; r < R; r++)
            for (int v = 0; v < V; v++) {
                Floats all = even[r][v][0] + odd[r][v][0];
                if (SPLIT == 2) all += even[r][v][SPLIT - 1] + odd[r][v][SPLIT - 1];
                std::memcpy(y[r].of + (part + v) * WIDE, &all, sizeof all);
            }
    }
}

template <int R>
static inline void tile_of_int8(const Map &map, int64_t tile, Inputs &x, int64_t first, Tile *y) {
    // A lane holds half of an output's sum: those of inputs 0 and 1, or 2 and 3, of every four.
    constexpr int PARTS = 2 * LANES / WIDE, V = at_once(PARTS, R);
    const int64_t in = padded(map.in);
    const int8_t *weight = static_cast<const int8_t *>(map.weight) + tile * LANES * in;
    for (int part = 0; part < PARTS; part += V) {
        Ints sum[R][V] = {};
        for (int64_t k = 0; k < in; k += 4) {
            Shorts w[V];
            for (int v = 0; v < V; v++)
                w[v] = widen(load<Bytes>(weight + k * LANES + (part + v) * VECTOR / 2));
            if (part == 0) __builtin_prefetch(weight + k * LANES + AHEAD);
            for (int r = 0; r < R; r++) {
                Shorts in_row = Shorts(load<int64_t>(x.whole(first + r) + k) - Fours{});
                for (int v = 0; v < V; v++) sum[r][v] = pairs(sum[r][v], w[v], in_row);
            }
        }
        for (int r = 0; r < R; r++)
            for (int v = 0; v < V; v++) {
                int32_t lanes[WIDE];
                std::memcpy(lanes, &sum[r][v], sizeof lanes);
                float *of = y[r].of + (part + v) * WIDE / 2;
                for (int o = 0; o < WIDE / 2; o++) of[o] = float(lanes[2 * o] + lanes[2 * o + 1]);
            }
    }
    const float *scale = map.scale + tile * LANES;
    for (int r = 0; r < R; r++)
        for (int o = 0; o < LANES; o++) y[r].of[o] = y[r].of[o] * scale[o] * x.step(first + r);
}

template <int R>
__attribute__((noinline)) static void tile_of_any(const Map &map, int64_t tile, Inputs &x, int64_t first, Tile *y) {
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
            Tile y[MOST];
            const int64_t count = rows - first < MOST ? rows - first : MOST;
            if (count == 1) tile_of_any<1>(map, t, x, first, y);
            else if (count == 2) tile_of_any<2>(map, t, x, first, y);
            else if (count == 3) tile_of_any<3>(map, t, x, first, y);
            else tile_of_any<4>(map, t, x, first, y);
            const int64_t past = map.out - t * LANES < LANES ? map.out - t * LANES : LANES;
            for (int64_t r = 0; r < count; r++)
                for (int64_t o = 0; o < past; o++) {
                    const int64_t output = t * LANES + o;
                    give(first + r, output, map.bias ? y[r].of[o] + map.bias[output] : y[r].of[o]);
                }
        }
}
