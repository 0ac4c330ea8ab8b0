// Vectors as wide as the processor's own, and what maps and attention both do with them.
//
// Written with the vectors of GCC and Clang, for any processor. Wider ones than it has would be
// kept in memory: with AVX2 alone products then took three to eight times as long.

#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int VECTOR = 64;  // bytes
#elif defined(__AVX__)
constexpr int VECTOR = 32;
#else
constexpr int VECTOR = 16;
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int SUMS = 24;  // vectors of sums that the registers hold, beside what is multiplied
#else
constexpr int SUMS = 12;
#endif

typedef float Floats __attribute__((vector_size(VECTOR)));
typedef int32_t Ints __attribute__((vector_size(VECTOR)));
typedef uint32_t Words __attribute__((vector_size(VECTOR)));
typedef int16_t Shorts __attribute__((vector_size(VECTOR)));
typedef int64_t Fours __attribute__((vector_size(VECTOR)));
typedef int8_t Bytes __attribute__((vector_size(VECTOR / 2)));
typedef uint16_t Halves __attribute__((vector_size(VECTOR / 2)));

constexpr int64_t WIDE = VECTOR / sizeof(float);
constexpr int64_t AHEAD = 4096;  // bytes that are asked for before they are needed

template <class Vector>
static inline Vector load(const void *from) {
    Vector value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

static inline Floats spread(float value) { return value - Floats{}; }

static inline float total(Floats v) {
    typedef float Four __attribute__((vector_size(16)));
    constexpr int FOURS = WIDE / 4;
    Four fours[FOURS];
    std::memcpy(fours, &v, sizeof v);
    for (int n = FOURS / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++) fours[i] += fours[i + n];
    const Four four = fours[0];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

static inline Floats widen(Halves numbers) {  // of bf16
#if defined(__AVX512F__)
    return Floats(Words(_mm512_cvtepu16_epi32(__m256i(numbers))) << 16);
#elif defined(__AVX2__)
    return Floats(Words(_mm256_cvtepu16_epi32(__m128i(numbers))) << 16);
#else
    return Floats(__builtin_convertvector(numbers, Words) << 16);
#endif
}

static inline Shorts widen(Bytes bytes) {
#if defined(__AVX512BW__)
    return Shorts(_mm512_cvtepi8_epi16(__m256i(bytes)));
#elif defined(__AVX2__) && !defined(__AVX512F__)
    return Shorts(_mm256_cvtepi8_epi16(__m128i(bytes)));
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
#elif defined(__AVX2__) && !defined(__AVX512F__)
    return sum + Ints(_mm256_madd_epi16(__m256i(a), __m256i(b)));
#elif defined(__SSE2__) && !defined(__AVX__)
    return sum + Ints(_mm_madd_epi16(__m128i(a), __m128i(b)));
#else
    Ints x = Ints(a), y = Ints(b);
    return sum + ((x << 16) >> 16) * ((y << 16) >> 16) + (x >> 16) * (y >> 16);
#endif
}
