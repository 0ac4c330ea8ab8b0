// One row's attention to its own past, and the functions of a vector that it needs.

#pragma once

#include <cmath>
#include <vector>

#include "vectors.h"

// Within 2 units in the last place; arguments are kept within what a float can hold.
static inline Floats exponential(Floats x) {
    x = x < -87.0f ? spread(-87.0f) : x;
    x = x > 88.0f ? spread(88.0f) : x;
    const float shift = 12582912.0f;  // adding it rounds
    Floats n = x * 1.44269504f + shift - shift;
    Floats r = x - n * 0.693359375f + n * 2.12194440e-4f;
    Floats p = spread(1.9875691500e-4f);
    for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
                    5.0000001201e-1f, 1.0f, 1.0f})
        p = p * r + c;
    return p * Floats((__builtin_convertvector(n, Ints) + 127) << 23);
}

// Where the past lies: keys and values [layers, rows, groups, positions, size], each row's length.
struct Past {
    void *keys, *values;
    int64_t layer, row, group;  // distances, in numbers
    const int64_t *lengths;
    int64_t bf16;
};

// One group of heads of a row: queries [heads, size], the new key and value, the result.
struct Group {
    const float *queries, *key, *value;
    float *out;
    int64_t heads, size;
};

static inline Floats widen(const float *from) { return load<Floats>(from); }

static inline Floats widen(const uint16_t *from) { return widen(load<Halves>(from)); }

static inline float one(const float *from) { return *from; }

static inline float one(const uint16_t *from) {
    uint32_t bits = static_cast<uint32_t>(*from) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void store(float value, float *to) { *to = value; }

static inline void store(float value, uint16_t *to) {  // to the nearest, ties to even
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    *to = static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Rotate each pair (x_i, x_{i + size/2}) by its angle.
static inline void turn(float *x, int64_t size, const float *cos, const float *sin) {
    const int64_t half = size / 2;
    for (int64_t i = 0; i < half; i++) {
        const float first = x[i], second = x[i + half];
        x[i] = first * cos[i] - second * sin[i];
        x[i + half] = second * cos[i] + first * sin[i];
    }
}

// The products of x with N neighbouring rows of y.
template <int N, class Number>
static inline void dots(const float *x, const Number *y, int64_t size, float scale, float *to) {
    const int64_t whole = size / WIDE * WIDE;
    Floats sums[N] = {};
    for (int64_t i = 0; i < whole; i += WIDE) {
        const Floats in = load<Floats>(x + i);
        for (int n = 0; n < N; n++) {
            sums[n] += in * widen(y + n * size + i);
            __builtin_prefetch(y + n * size + i + AHEAD / 4);
        }
    }
    for (int n = 0; n < N; n++) {
        float all = total(sums[n]);
        for (int64_t i = whole; i < size; i++) all += x[i] * one(y + n * size + i);
        to[n] = all * scale;
    }
}

// Turn scores, padded to whole vectors, into weights; give their sum.
static float soften(std::vector<float> &scores, int64_t count) {
    float most = scores[0];
    for (int64_t t = 1; t < count; t++) most = scores[t] > most ? scores[t] : most;
    const int64_t past = (count + WIDE - 1) / WIDE * WIDE;
    for (int64_t t = count; t < past; t++) scores[t] = -INFINITY;
    Floats sum{};
    for (int64_t t = 0; t < past; t += WIDE) {
        Floats score = load<Floats>(&scores[t]) - most;
        Floats weight = score < -87.0f ? Floats{} : exponential(score);
        std::memcpy(&scores[t], &weight, sizeof weight);
        sum += weight;
    }
    return total(sum);
}

// The weighted sum of the rows of W vectors' width that begin at `values`.
template <int W, class Number>
static void mix(const float *weights, const Number *values, int64_t count, int64_t size,
                float scale, float *out) {
    Floats sums[W] = {};
    for (int64_t t = 0; t < count; t++)
        for (int i = 0; i < W; i++) {
            sums[i] += weights[t] * widen(values + t * size + i * WIDE);
            __builtin_prefetch(values + t * size + i * WIDE + AHEAD / 4);
        }
    for (int i = 0; i < W; i++) {
        const Floats all = sums[i] * scale;
        std::memcpy(out + i * WIDE, &all, sizeof all);
    }
}

template <class Number>
static void attend_in(const Past &past, int64_t layer, int64_t row, int64_t number,
                      const Group &group, std::vector<float> &scores) {
    const int64_t offset = layer * past.layer + row * past.row + number * past.group;
    Number *keys = static_cast<Number *>(past.keys) + offset;
    Number *values = static_cast<Number *>(past.values) + offset;
    const int64_t size = group.size, count = past.lengths[row] + 1;
    for (int64_t i = 0; i < size; i++) {
        store(group.key[i], keys + (count - 1) * size + i);
        store(group.value[i], values + (count - 1) * size + i);
    }
    scores.resize(count + WIDE);
    const float scale = 1 / std::sqrt(static_cast<float>(size));
    for (int64_t h = 0; h < group.heads; h++) {
        const float *query = group.queries + h * size;
        int64_t t = 0;
        for (; t + 4 <= count; t += 4) dots<4>(query, keys + t * size, size, scale, &scores[t]);
        for (; t < count; t++) dots<1>(query, keys + t * size, size, scale, &scores[t]);
        const float sum = soften(scores, count);
        float *out = group.out + h * size;
        int64_t i = 0;
        for (; i + 4 * WIDE <= size; i += 4 * WIDE)
            mix<4>(scores.data(), values + i, count, size, 1 / sum, out + i);
        for (; i + WIDE <= size; i += WIDE)
            mix<1>(scores.data(), values + i, count, size, 1 / sum, out + i);
        for (; i < size; i++) {
            out[i] = 0;
            for (t = 0; t < count; t++) out[i] += scores[t] * one(values + t * size + i) / sum;
        }
    }
}

static void attend(const Past &past, int64_t layer, int64_t row, int64_t number, const Group &group,
                   std::vector<float> &scores) {
    if (past.bf16) attend_in<uint16_t>(past, layer, row, number, group, scores);
    else attend_in<float>(past, layer, row, number, group, scores);
}
