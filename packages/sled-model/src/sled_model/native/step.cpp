// One new element for every row of a cache: the whole backbone in one call (see ../_step.py).
//
// Threads work out what each of them needs, and meet only where one needs what another has made.

#include "attention.h"
#include "maps.h"
#include "threads.h"

struct Layer {
    const float *attention_norm;
    Map qkv, output;
    const float *feed_forward_norm;
    Map gate_up, down;
};

struct Backbone {
    const Layer *layers;
    const float *norm, *cos, *sin;
    int64_t count, hidden, heads, groups, size;
    float floor;  // of a squared length: the norms' epsilon times the hidden size
};

// A norm without a weight has it in the map that follows, times the root of the size.
static void normalise(const float *x, const float *weight, int64_t size, float floor, float *y) {
    Floats sum{};
    const int64_t whole = size / WIDE * WIDE;
    for (int64_t i = 0; i < whole; i += WIDE) sum += load<Floats>(x + i) * load<Floats>(x + i);
    float all = total(sum) + floor;
    for (int64_t i = whole; i < size; i++) all += x[i] * x[i];
    const float scale = std::sqrt((weight ? static_cast<float>(size) : 1.0f) / all);
    for (int64_t i = 0; i < size; i++) y[i] = weight ? x[i] * scale * weight[i] : x[i] * scale;
}

static void activate(const float *gate_up, int64_t size, float *y) {
    for (int64_t i = 0; i < size; i += WIDE) {
        const int64_t count = size - i < WIDE ? size - i : WIDE;
        Floats gate{}, up{};
        std::memcpy(&gate, gate_up + i, count * sizeof(float));
        std::memcpy(&up, gate_up + size + i, count * sizeof(float));
        gate = gate / (1.0f + exponential(-gate)) * up;
        std::memcpy(y + i, &gate, count * sizeof(float));
    }
}

// What threads share: buffers [rows, ..] and where they meet.
struct Shared {
    std::vector<float> heads, mixed, wide;
    Meeting meeting;

    Shared(const Backbone &net, int64_t rows)
        : heads(rows * (net.heads + 2 * net.groups) * net.size),
          mixed(rows * net.heads * net.size),
          wide(rows * net.layers[0].gate_up.out) {}
};

class Worker {
  public:
    Worker(const Backbone &net, const Past &past, int64_t rows, float *x, Shared &shared)
        : net(net), past(past), rows(rows), x(x), shared(shared), thread(omp_get_thread_num()),
          threads(omp_get_num_threads()) {}

    void layer(int64_t number) {
        const Layer &layer = net.layers[number];
        normalised(layer.attention_norm, layer.qkv);
        mapped(layer.qkv, shared.heads.data());
        attended(number);
        inputs.begin(rows, layer.output.in);
        for (int64_t r = 0; r < rows; r++)
            copy(shared.mixed.data() + r * layer.output.in, layer.output.in, inputs.row(r));
        added(layer.output);
        normalised(layer.feed_forward_norm, layer.gate_up);
        mapped(layer.gate_up, shared.wide.data());
        inputs.begin(rows, layer.down.in);
        for (int64_t r = 0; r < rows; r++)
            activate(shared.wide.data() + r * layer.gate_up.out, layer.down.in, inputs.row(r));
        added(layer.down);
    }

    void finish(float *hidden) {
        for (int64_t r = thread; r < rows; r += threads)
            normalise(x + r * net.hidden, net.norm, net.hidden, net.floor, hidden + r * net.hidden);
    }

  private:
    const Backbone &net;
    const Past &past;
    const int64_t rows;
    float *const x;
    Shared &shared;
    const int thread, threads;
    Inputs inputs;
    std::vector<float> scores;

    static void copy(const float *from, int64_t count, float *to) {
        std::memcpy(to, from, count * sizeof(float));
    }

    void normalised(const float *weight, const Map &map) {
        inputs.begin(rows, map.in);
        for (int64_t r = 0; r < rows; r++)
            normalise(x + r * net.hidden, weight, net.hidden, net.floor, inputs.row(r));
    }

    void mapped(const Map &map, float *y) {
        product(map, inputs, rows, thread, threads,
                [&](int64_t r, int64_t o, float value) { y[r * map.out + o] = value; });
        shared.meeting.wait(threads);
    }

    void added(const Map &map) {
        product(map, inputs, rows, thread, threads,
                [&](int64_t r, int64_t o, float value) { x[r * map.out + o] += value; });
        shared.meeting.wait(threads);
    }

    void attended(int64_t layer) {
        const int64_t all = rows * net.groups, turning = net.heads + net.groups;
        for (int64_t i = all * thread / threads; i < all * (thread + 1) / threads; i++) {
            const int64_t row = i / net.groups, group = i % net.groups;
            const int64_t each = net.heads / net.groups, place = past.lengths[row];
            float *heads = shared.heads.data() + row * (turning + net.groups) * net.size;
            float *queries = heads + group * each * net.size;
            float *key = heads + (net.heads + group) * net.size;
            const float *value = heads + (turning + group) * net.size;
            const float *cos = net.cos + place * net.size / 2, *sin = net.sin + place * net.size / 2;
            for (int64_t h = 0; h < each; h++) turn(queries + h * net.size, net.size, cos, sin);
            turn(key, net.size, cos, sin);
            float *out = shared.mixed.data() + (row * net.heads + group * each) * net.size;
            attend(past, layer, row, group, {queries, key, value, out, each, net.size}, scores);
        }
        shared.meeting.wait(threads);
    }
};

// x [rows, hidden] is written over; hidden states go to `hidden`; the past grows by one element.
extern "C" void sled_step(const Backbone *net, const Past *past, int64_t rows, float *x,
                          float *hidden, int64_t threads) {
    Shared shared(*net, rows);
#pragma omp parallel num_threads(static_cast<int>(threads))
    {
        Worker worker(*net, *past, rows, x, shared);
        for (int64_t number = 0; number < net->count; number++) worker.layer(number);
        worker.finish(hidden);
    }
}
