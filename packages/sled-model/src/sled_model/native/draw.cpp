// A latent of every row from its hidden state and what the noise asks for (see ../_head.py).

#include "attention.h"
#include "maps.h"
#include "threads.h"

struct Block {
    Map inner, outer;
};

struct Head {
    const Block *blocks;
    Map condition_in, output;
    int64_t count, width;
    float epsilon;
};

// Normalise without learnt parameters, then scale and shift.
static void modulate(const float *x, const float *shift, const float *scale, int64_t size,
                     float epsilon, float *y) {
    Floats sums{}, squares{};
    const int64_t whole = size / WIDE * WIDE;
    for (int64_t i = 0; i < whole; i += WIDE) sums += load<Floats>(x + i);
    float mean = total(sums), spread_out = 0;
    for (int64_t i = whole; i < size; i++) mean += x[i];
    mean /= static_cast<float>(size);
    for (int64_t i = 0; i < whole; i += WIDE) {
        Floats off = load<Floats>(x + i) - mean;
        squares += off * off;
    }
    spread_out = total(squares);
    for (int64_t i = whole; i < size; i++) spread_out += (x[i] - mean) * (x[i] - mean);
    const float inverse = 1 / std::sqrt(spread_out / static_cast<float>(size) + epsilon);
    for (int64_t i = 0; i < size; i++) y[i] = shift[i] + (x[i] - mean) * inverse * scale[i];
}

static void silu(const float *x, int64_t size, float *y) {
    for (int64_t i = 0; i < size; i += WIDE) {
        const int64_t count = size - i < WIDE ? size - i : WIDE;
        Floats v{};
        std::memcpy(&v, x + i, count * sizeof(float));
        v = v / (1.0f + exponential(-v));
        std::memcpy(y + i, &v, count * sizeof(float));
    }
}

// z [rows, in], modulations [rows, (3 blocks + 2) * width]: shift, scale and gate of each block,
// shift and scale of the output. Latents go to [rows, out].
extern "C" void sled_draw(const Head *head, int64_t rows, const float *z, const float *modulations,
                          float *latents, int64_t threads) {
    const int64_t width = head->width, all = (3 * head->count + 2) * width;
    std::vector<float> features(rows * width), inner(rows * width);
    float *x = features.data(), *h = inner.data();
    Meeting meeting;
#pragma omp parallel num_threads(static_cast<int>(threads))
    {
        const int thread = omp_get_thread_num(), count = omp_get_num_threads();
        Inputs inputs;
        auto modulated = [&](int64_t part) {
            inputs.begin(rows, width);
            for (int64_t r = 0; r < rows; r++) {
                const float *shift = modulations + r * all + part * width;
                modulate(x + r * width, shift, shift + width, width, head->epsilon, inputs.row(r));
            }
        };
        inputs.begin(rows, head->condition_in.in);
        for (int64_t r = 0; r < rows; r++)
            std::memcpy(inputs.row(r), z + r * head->condition_in.in,
                        head->condition_in.in * sizeof(float));
        product(head->condition_in, inputs, rows, thread, count,
                [&](int64_t r, int64_t o, float value) { x[r * width + o] = value; });
        meeting.wait(count);
        for (int64_t b = 0; b < head->count; b++) {
            const Block &block = head->blocks[b];
            modulated(3 * b);
            product(block.inner, inputs, rows, thread, count,
                    [&](int64_t r, int64_t o, float value) { h[r * width + o] = value; });
            meeting.wait(count);
            inputs.begin(rows, width);
            for (int64_t r = 0; r < rows; r++) silu(h + r * width, width, inputs.row(r));
            product(block.outer, inputs, rows, thread, count, [&](int64_t r, int64_t o, float value) {
                x[r * width + o] += modulations[r * all + (3 * b + 2) * width + o] * value;
            });
            meeting.wait(count);
        }
        modulated(3 * head->count);
        product(head->output, inputs, rows, thread, count, [&](int64_t r, int64_t o, float value) {
            latents[r * head->output.out + o] = value;
        });
    }
}
