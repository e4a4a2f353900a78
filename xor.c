// The network Perceptron: 7 neurons, 12 connections. Written by Synapse.
// Layers:
//   input: neurons 0 .. 1
//   hidden: neurons 2 .. 5
//   output: neurons 6 .. 6
//
// A network that learns. C99 and C++; link with -lm. Compile it beside your program or include it there:
//
//     Xor net;
//     xor_init(&net);                         // first of all: the weights of the file, nothing shown yet
//     xor_step(&net, inputs, outputs);        // 2 in, 1 out, of type float
//     xor_learn(&net, targets, rate);         // from the latest step; NAN: no target for this output
//     xor_clear(&net);                        // forget what it was shown, not what it learned
//
// Functions that return int return XOR_DONE, 0, or an error, and then have changed nothing.
// There can be any number of instances, each with its own weights and memory:
// 184 bytes an instance, at most 656 of stack in a call (144 for arrays), about 322 of constants.

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    XOR_INPUTS = 2,
    XOR_OUTPUTS = 1,
    XOR_NEURONS = 7,
    XOR_COMPUTED = 5,  // neurons that are not inputs
    XOR_BIASES = 7,
    XOR_WEIGHTS = 12,
    XOR_NUMBERS = XOR_BIASES + XOR_WEIGHTS
};

enum {
    XOR_DONE,
    XOR_BAD_INPUT,   // an input is not finite
    XOR_BAD_TARGET,  // a target is infinite, or the cost cannot have it
    XOR_NO_TARGET,   // all targets are NAN
    XOR_BAD_RATE,    // the rate is not finite, or below 0
    XOR_DIVERGED,    // an output is not finite
    XOR_BAD_NUMBER,  // a number to load is not finite
    XOR_FROZEN       // a number to load differs from one that does not learn
};

typedef struct {
    float weight[12];       // of connections that learn
    float bias[XOR_BIASES];
    float activation[7];
    float before[XOR_NEURONS];  // the activations of the step before
    float state[XOR_COMPUTED];
    float slope[XOR_COMPUTED];  // of the squash at the state
    float eligibility[1];  // of the connections into a neuron that learn, then of its bias
    float influence[1];     // of a gater on a neuron with a memory
    float extended[1];   // of the connections into the gater, then of its bias
} Xor;

void xor_init(Xor *net);
void xor_clear(Xor *net);
int xor_step(Xor *net, const float *inputs, float *outputs);
int xor_run(Xor *net, const float *inputs, float *outputs, size_t rows);
int xor_learn(Xor *net, const float *targets, float rate);

// All biases, then all weights, as net.biases and net.weights of the library have them.
void xor_weights(const Xor *net, float *numbers);
int xor_load(Xor *net, const float *numbers);

// Arrays that do not overlap.
#if defined(__GNUC__) || defined(_MSC_VER)
#define XOR_APART __restrict
#else
#define XOR_APART
#endif

// --- tables ---------------------------------------------------------------------------

typedef uint16_t xor_index;

#define XOR_NONE 65535

// How the connections of a run lie: sources are neighbours or listed; gaters are none, one, neighbours or listed.
enum { XOR_DENSE, XOR_LISTED, XOR_SHARED, XOR_ZIPPED, XOR_PAIRED };
enum { XOR_LONGEST_LIST = 0 };  // of sources without gaters

// Of a run.
enum {
    XOR_DELAYED = 1,       // reads the activations of the step before
    XOR_DELAYED_GATE = 2,  // so does its gater
    XOR_SILENT = 4,        // its sources get no error
    XOR_FIXED = 8,         // its weights do not learn
    XOR_QUIET_GATER = 32,  // its gater gets no error
    XOR_TIED = 64          // its weights are shared
};

// Of a neuron.
enum {
    XOR_MEMORY = 1,        // has a self-connection
    XOR_TRACED = 2,        // keeps eligibilities
    XOR_GATES = 4,         // keeps extended traces
    XOR_PLAIN_RUNS = 16,   // all its runs are dense
    XOR_FOUR = 256,        // it and the next three have dense runs from the same sources, and no traces
    XOR_SELF_LEARNS = 512,
    XOR_SELF_TIED = 1024,
    XOR_BIAS_LEARNS = 2048,
    XOR_LATE_SELF_GATER = 4096  // its self-connection's gater is read one step late
};

typedef struct {
    xor_index first_run, last_run;
    xor_index first_influence, last_influence;  // of its gaters on it
    xor_index first_pull, last_pull;  // of it on others
    xor_index self, self_gater, self_place;
    xor_index learning;  // how many connections into it learn
    xor_index trace;
    uint16_t flags;
} xor_node;

typedef struct {
    xor_index first, length;  // where its weights are
    xor_index source, gater;  // places in `activation`, or in `listed` if they are listed
    xor_index influence;
    xor_index place;  // of its first connection among those that learn
    uint8_t kind, flags;
} xor_run_of;

typedef struct {
    xor_index gater, gated, trace;
    uint8_t of_self;  // the gater gates the self-connection
    uint8_t traced;   // its traces are kept
} xor_pair;

typedef struct {
    xor_index start, stop;  // neurons that are not inputs
} xor_block;

typedef struct {
    xor_index start, stop, squash;
} xor_fire_of;

static const xor_node xor_nodes[] = {
    {0, 1, 0, 0, 0, 0, 0, 65535, 0, 2, 0, 2320}, {1, 2, 0, 0, 0, 0, 0, 65535, 0, 2, 0, 2064}, {2, 3, 0, 0, 0, 0, 0, 65535, 0, 2, 0, 2064}, {3, 4, 0, 0, 0, 0, 0, 65535, 0, 2, 0, 2064}, {4, 5, 0, 0, 0, 0, 0, 65535, 0, 4, 0, 2064}
};

static const xor_run_of xor_runs[] = {
    {0, 2, 0, 65535, 65535, 0, 0, 4}, {2, 2, 0, 65535, 65535, 0, 0, 4}, {4, 2, 0, 65535, 65535, 0, 0, 4}, {6, 2, 0, 65535, 65535, 0, 0, 4}, {8, 4, 2, 65535, 65535, 0, 0, 0}
};

// Sources and gaters of runs that are not neighbours.
static int xor_listed(int place) {
    (void)place;
    return 0; // there are none
}

static const xor_pair xor_pairs[] = {
    {0, 0, 0, 0, 0}
};

static const xor_block xor_sets[] = { // neurons whose states are computed before one fires
    {0, 4}, {4, 5}
};

static const xor_block xor_blocks[] = { // neurons that do not read each other
    {0, 4}, {4, 5}
};

static const xor_fire_of xor_fires[] = { // neurons with one squash, or a group
    {0, 4, 0}, {4, 5, 0}
};

static const float xor_fixed[] = { // weights that do not learn
    0.0f
};

// --- functions ------------------------------------------------------------------------

typedef struct {
    float value, slope;
} xor_both;

// e^x - less for floats of IEEE 754, without branches, so that compilers
// compute several at once. e^x is 2^k e^r with |r| < 0.35, and e^r - 1 its series.
// Numbers beyond +-87.3, and NaN, count as +-87.3.
static inline float xor_fast_power(float x, float less) {
    int32_t bits, size;
    memcpy(&bits, &x, sizeof bits);
    size = bits & INT32_MAX;
    size = size < 0x42ae999a ? size : 0x42ae999a;
    bits = (bits & INT32_MIN) | size;
    memcpy(&x, &bits, sizeof x);
    const int32_t k = (int32_t)(x * 1.44269504f + 127.5f);
    const float n = (float)(k - 127);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r * r + r;
    bits = (int32_t)((uint32_t)k << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return (power - less) + power * series;
}

static inline float xor_fast_exp(float x) {
    return xor_fast_power(x, 0.0f);
}

static inline float xor_fast_tanh(float x) {
    const float lost = xor_fast_power(-2.0f * fabsf(x), 1.0f);
    return copysignf(lost / (2.0f + lost), x);
}

static inline xor_both xor_squash_tanh(float s) {
    const float v0 = xor_fast_power(-2.0f * fabsf(s), 1.0f);
    const float v1 = copysignf(v0 / (2.0f + v0), s);
    const xor_both both = {v1, 1.0f - v1 * v1}; return both;
}

static void xor_fire_tanh(
    float *XOR_APART value, float *XOR_APART slope, const float *XOR_APART state, int count) {
    for (int j = 0; j < count; j++) {
        const xor_both both = xor_squash_tanh(state[j]);
        value[j] = both.value;
        slope[j] = both.slope;
    }
}

// By the bits of a number: with -ffast-math, compilers take every number for finite.
static inline uint32_t xor_magnitude(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits & 0x7fffffffu;
}

static inline int xor_is_finite(float number) {
    return xor_magnitude(number) < 0x7f800000u;
}

static inline int xor_is_nan(float number) {
    return xor_magnitude(number) > 0x7f800000u;
}

static int xor_all_finite(const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!xor_is_finite(numbers[i])) return 0;
    }
    return 1;
}

static const float *xor_weights_of(const Xor *net, const xor_run_of *run) {
    return (run->flags & XOR_FIXED ? xor_fixed : net->weight) + run->first;
}

static float xor_self_weight(const Xor *net, const xor_node *node) {
    return (node->flags & XOR_SELF_LEARNS ? net->weight : xor_fixed)[node->self];
}

// total + sum of w_i y_i, in parts, so that no addition waits for another.
static float xor_dot(const float *weight, const float *value, int n, float total) {
    int t = 0;
    if (n >= 8) {
        float part[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        for (; t + 8 <= n; t += 8) {
            for (int k = 0; k < 8; k++) part[k] += weight[t + k] * value[t + k];
        }
        for (int k = 0; k < 4; k++) part[k] += part[k + 4];
        total += (part[0] + part[2]) + (part[1] + part[3]);
    }
    for (; t < n; t++) total += weight[t] * value[t];
    return total;
}


// --- a step ---------------------------------------------------------------------------

// The weighted inputs from a run: sum of g_ij w_ij y_i.
static float xor_run_sum(Xor *net, const xor_run_of *run) {
    const float *weight = xor_weights_of(net, run), *value = net->activation;
    const int n = run->length;
    float total = 0;
    if (run->kind == XOR_LISTED) {
        float part[4] = {0, 0, 0, 0}; // so that no addition waits for another
        const int whole = XOR_LONGEST_LIST < 4 ? 0 : n - n % 4;
        for (int t = 0; t < whole; t += 4) {
            for (int k = 0; k < 4; k++) part[k] += weight[t + k] * value[xor_listed(run->source + t + k)];
        }
        for (int t = whole; t < n; t++) part[0] += weight[t] * value[xor_listed(run->source + t)];
        return (part[0] + part[1]) + (part[2] + part[3]);
    }
    switch (run->kind) {
    case XOR_DENSE:
        return xor_dot(weight, value + run->source, n, 0);
    case XOR_SHARED:
        total = xor_dot(weight, value + run->source, n, 0);
        if (run->influence != XOR_NONE) net->influence[run->influence] += total;
        return value[run->gater] * total;
    case XOR_ZIPPED:
        for (int t = 0; t < n; t++) total += value[run->gater + t] * weight[t] * value[run->source + t];
        return total;
    default:
        for (int t = 0; t < n; t++) {
            const int i = xor_listed(run->source + t), g = xor_listed(run->gater + t);
            total += value[g] * weight[t] * value[i];
        }
        return total;
    }
}

// e_ij = g_jj w_jj e_ij + g_ij y_i
static void xor_move_eligibility(Xor *net, const xor_node *node, float carry, float old) {
    const float *value = net->activation;
    float *trace = net->eligibility + node->trace;
    for (int r = node->first_run; r < node->last_run; r++) {
        const xor_run_of *run = &xor_runs[r];
        if (run->flags & XOR_FIXED) continue;
        float *eligibility = trace + run->place;
        const int together = run->kind != XOR_LISTED && run->kind != XOR_PAIRED;
        for (int t = 0; t < run->length; t++) {
            const int i = together ? run->source + t : xor_listed(run->source + t);
            float gain = 1;
            if (run->kind == XOR_SHARED) gain = value[run->gater];
            if (run->kind == XOR_ZIPPED) gain = value[run->gater + t];
            if (run->kind == XOR_PAIRED) gain = value[xor_listed(run->gater + t)];
            eligibility[t] = carry * eligibility[t] + gain * value[i];
        }
    }
    if (node->flags & XOR_SELF_LEARNS) {
        const float gain = node->self_gater == XOR_NONE ? 1 : value[node->self_gater];
        trace[node->self_place] = carry * trace[node->self_place] + gain * old;
    }
    trace[node->learning] = carry * trace[node->learning] + 1;
}

// x_ij^k = g_kk w_kk x_ij^k + f'_j e_ij I_jk, for every j that gates k, a neuron of the set that begins with `set`.
static void xor_move_extended(Xor *net, const xor_node *node, float carry, int set) {
    for (int p = node->first_influence; p < node->last_influence; p++) {
        const xor_pair *pair = &xor_pairs[p];
        if (!pair->traced) continue;
        const int j = pair->gater - XOR_INPUTS;
        const xor_node *gater = &xor_nodes[j];
        const float scale = net->slope[j] * net->influence[p];
        float *extended = net->extended + pair->trace;
        if (gater->flags & XOR_TRACED) {
            const float *eligibility = net->eligibility + gater->trace;
            for (int t = 0; t <= gater->learning; t++) {
                extended[t] = carry * extended[t] + scale * eligibility[t];
            }
            continue;
        }
        for (int r = gater->first_run; r < gater->last_run; r++) {
            const xor_run_of *run = &xor_runs[r];
            if (run->flags & XOR_FIXED) continue;
            float *x = extended + run->place;
            const int n = run->length, delayed = run->flags & XOR_DELAYED;
            if (run->kind == XOR_LISTED) {
                for (int t = 0; t < n; t++) {
                    const int i = xor_listed(run->source + t);
                    x[t] = carry * x[t] + scale * (delayed && i < set ? net->before : net->activation)[i];
                }
                continue;
            }
            // The gater read the step before of delayed sources, some of which have fired since.
            int fired = delayed ? set - run->source : 0;
            fired = fired < 0 ? 0 : fired > n ? n : fired;
            const float *before = net->before + run->source, *now = net->activation + run->source;
            for (int t = 0; t < fired; t++) x[t] = carry * x[t] + scale * before[t];
            for (int t = fired; t < n; t++) x[t] = carry * x[t] + scale * now[t];
        }
        extended[gater->learning] = carry * extended[gater->learning] + scale;
    }
}

// s_j = g_jj w_jj s_j + b_j + sum of g_ij w_ij y_i, and the traces into j.
static void xor_weigh(Xor *net, int j, int set) {
    const xor_node *node = &xor_nodes[j];
    const float old = net->state[j];
    float state = net->bias[XOR_INPUTS + j], carry = 0;
    if (node->flags & XOR_MEMORY) {
        carry = xor_self_weight(net, node);
        for (int p = node->first_influence; p < node->last_influence; p++) {
            net->influence[p] = xor_pairs[p].of_self ? carry * old : 0;
        }
        if (node->self_gater != XOR_NONE) carry *= net->activation[node->self_gater];
        state += carry * old;
    }
    for (int r = node->first_run; r < node->last_run; r++) {
        state += xor_run_sum(net, &xor_runs[r]);
    }
    if (node->flags & XOR_TRACED) xor_move_eligibility(net, node, carry, old);
    if (node->flags & XOR_MEMORY) xor_move_extended(net, node, carry, set);
    net->state[j] = state;
}

// The states of four neurons, each source read once for all.
static void xor_weigh_four(Xor *net, int j) {
    const xor_node *node = &xor_nodes[j];
    const int runs = node->last_run - node->first_run;
    float state0 = net->bias[XOR_INPUTS + j], state1 = net->bias[XOR_INPUTS + j + 1], state2 = net->bias[XOR_INPUTS + j + 2], state3 = net->bias[XOR_INPUTS + j + 3];
    for (int r = node->first_run; r < node->last_run; r++) {
        const xor_run_of *run = &xor_runs[r];
        const float *value = net->activation + run->source;
        const float *weight0 = xor_weights_of(net, run), *weight1 = xor_weights_of(net, run + runs);
        const float *weight2 = xor_weights_of(net, run + 2 * runs), *weight3 = xor_weights_of(net, run + 3 * runs);
        float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (int t = 0; t < run->length; t++) {
            sum0 += weight0[t] * value[t];
            sum1 += weight1[t] * value[t];
            sum2 += weight2[t] * value[t];
            sum3 += weight3[t] * value[t];
        }
        state0 += sum0;
        state1 += sum1;
        state2 += sum2;
        state3 += sum3;
    }
    net->state[j] = state0;
    net->state[j + 1] = state1;
    net->state[j + 2] = state2;
    net->state[j + 3] = state3;
}

// y_j = f_j(s_j), and the slope.
static void xor_activate(Xor *net, const xor_fire_of *fire) {
    const int start = fire->start, count = fire->stop - fire->start;
    float *value = net->activation + XOR_INPUTS + start;
    memcpy(net->before + XOR_INPUTS + start, value, (size_t)count * sizeof *value);
    switch (fire->squash) {
    case 0: xor_fire_tanh(value, net->slope + start, net->state + start, count); break;
    default: break;
    }
}

static void xor_advance(Xor *net, const float *inputs, float *outputs) {
    memcpy(net->before, net->activation, XOR_INPUTS * sizeof *inputs);
    memcpy(net->activation, inputs, XOR_INPUTS * sizeof *inputs);
    const xor_fire_of *fire = xor_fires, *last_fire = fire + sizeof xor_fires / sizeof *fire;
    for (size_t s = 0; s < sizeof xor_sets / sizeof *xor_sets; s++) {
        const xor_block set = xor_sets[s];
        for (int j = set.start; j < set.stop;) {
            if (xor_nodes[j].flags & XOR_FOUR) {
                xor_weigh_four(net, j);
                j += 4;
            } else {
                xor_weigh(net, j++, XOR_INPUTS + set.start);
            }
        }
        for (; fire < last_fire && fire->start < set.stop; fire++) xor_activate(net, fire);
    }
    memcpy(outputs, net->activation + XOR_NEURONS - XOR_OUTPUTS, XOR_OUTPUTS * sizeof *outputs);
}

int xor_step(Xor *net, const float *inputs, float *outputs) {
    return xor_run(net, inputs, outputs, 1);
}

int xor_run(Xor *net, const float *inputs, float *outputs, size_t rows) {
    if (!xor_all_finite(inputs, rows * XOR_INPUTS)) return XOR_BAD_INPUT;
    for (size_t row = 0; row < rows; row++) {
        xor_advance(net, inputs + row * XOR_INPUTS, outputs + row * XOR_OUTPUTS);
    }
    return XOR_DONE;
}

// --- learning -------------------------------------------------------------------------

// What a call of xor_learn needs on the stack.
typedef struct {
    float pushed[XOR_NEURONS];   // sum of delta_k g_jk w_jk of later neurons
    float gated[XOR_NEURONS];    // sum of delta_k I_jk, of neurons without a memory
    float traced[XOR_NEURONS];   // the same, of those with one
    float signal[XOR_COMPUTED];  // -dE/ds of the outputs
    float error[XOR_COMPUTED];   // delta_j
    float step[XOR_COMPUTED];    // rate times the part of delta_j that moves weights along e_ij
} xor_work;

static inline float xor_signal(float target, float output, float slope, float outputs) {
    (void)outputs;
    return (target - output) * slope;
}

// The error signal -dE/ds of each output; DONE, or why there is none.
static int xor_aim(const Xor *net, xor_work *work, const float *targets) {
    static const float weights[] = { // of the costs of the outputs
    1.0f
    };
    const float *value = net->activation + XOR_NEURONS - XOR_OUTPUTS;
    const int first = XOR_COMPUTED - XOR_OUTPUTS;
    float total = 0, weighed = 0;
    int aimed = 0;
    for (int o = 0; o < XOR_OUTPUTS; o++) {
        const float target = targets[o];
        if (!xor_is_finite(value[o])) return XOR_DIVERGED;
        if (xor_is_nan(target)) continue;
        if (!xor_is_finite(target) || target < -FLT_MAX || target > FLT_MAX) return XOR_BAD_TARGET;
        total += target;
        weighed += weights[o] * target;
        aimed++;
    }
    if (!aimed) return XOR_NO_TARGET;
    for (int o = 0; o < XOR_OUTPUTS; o++) {
        if (xor_is_nan(targets[o])) continue;
        work->signal[first + o] = weights[o] * xor_signal(targets[o], value[o], net->slope[first + o], 1);
    }
    (void)total;
    (void)weighed;
    return XOR_DONE;
}

// The online rule, LSTM-g (Monner and Reggia 2012): https://doi.org/10.1016/j.neunet.2011.07.003

static const xor_index xor_pulls[] = { // pairs, by gater
    0
};

// delta_j = P_j + G_j, and the move of the bias.
static void xor_find_error(Xor *net, xor_work *work, int j, float rate) {
    const xor_node *node = &xor_nodes[j];
    const int i = XOR_INPUTS + j;
    const float slope = net->slope[j];
    const float projected = slope * work->pushed[i] + work->signal[j];
    const float factored = slope * work->gated[i];
    const float step = rate * (projected + factored);
    work->error[j] = projected + (factored + slope * work->traced[i]);
    work->step[j] = step;
    if (node->flags & XOR_BIAS_LEARNS) {
        const int traced = node->flags & XOR_TRACED;
        net->bias[XOR_INPUTS + j] += traced ? step * net->eligibility[node->trace + node->learning] : step;
    }
}

// The error of the gated neuron of a pair; inputs have none.
static float xor_error_of(const xor_work *work, const xor_pair *pair) {
    return pair->gated < XOR_INPUTS ? 0 : work->error[pair->gated - XOR_INPUTS];
}

// Errors along a run to its sources and gaters, by weights from before their moves.
static void xor_push_run(Xor *net, xor_work *work, const xor_node *node, const xor_run_of *run, float delta) {
    const float *weight = xor_weights_of(net, run);
    const float *value = run->flags & XOR_DELAYED ? net->before : net->activation;
    const float *gains = run->flags & XOR_DELAYED_GATE ? net->before : net->activation;
    const int quiet = XOR_DELAYED_GATE | XOR_QUIET_GATER;
    const int to_gater = !(run->flags & quiet) && !(node->flags & XOR_MEMORY);
    const int to_sources = !(run->flags & XOR_SILENT);
    const int n = run->length, zipped = run->kind == XOR_ZIPPED;
    switch (run->kind) {
    case XOR_DENSE:
        for (int t = 0; to_sources && t < n; t++) work->pushed[run->source + t] += delta * weight[t];
        return;
    case XOR_LISTED:
        for (int t = 0; to_sources && t < n; t++) work->pushed[xor_listed(run->source + t)] += delta * weight[t];
        return;
    case XOR_PAIRED:
        for (int t = 0; t < n; t++) {
            const int i = xor_listed(run->source + t), g = xor_listed(run->gater + t);
            if (to_gater) work->gated[g] += delta * weight[t] * value[i];
            if (to_sources) work->pushed[i] += delta * gains[g] * weight[t];
        }
        return;
    default:
        for (int t = 0; t < n; t++) {
            const int i = run->source + t, g = run->gater + zipped * t;
            if (to_sources) work->pushed[i] += delta * gains[g] * weight[t];
            if (to_gater) work->gated[g] += delta * weight[t] * value[i];
        }
    }
}

// The moves of the weights of a run, step e_ij, and pull x_ij along extended traces if there are some.
static void xor_move_run(Xor *net, const xor_node *node, const xor_run_of *run, float step, float pull, const float *extended) {
    float *XOR_APART weight = net->weight + run->first;
    const float *value = run->flags & XOR_DELAYED ? net->before : net->activation;
    const float *gains = run->flags & XOR_DELAYED_GATE ? net->before : net->activation;
    const int n = run->length, zipped = run->kind == XOR_ZIPPED;
    if (node->flags & XOR_TRACED) {
        const float *eligibility = net->eligibility + node->trace + run->place;
        for (int t = 0; t < n; t++) weight[t] += step * eligibility[t];
        return;
    }
    switch (run->kind) {
    case XOR_DENSE:
        value += run->source;
        if (pull != 0) {
            extended += run->place;
            for (int t = 0; t < n; t++) weight[t] += step * value[t] + pull * extended[t];
        } else {
            for (int t = 0; t < n; t++) weight[t] += step * value[t];
        }
        return;
    case XOR_LISTED:
        for (int t = 0; t < n; t++) weight[t] += step * value[xor_listed(run->source + t)];
        return;
    case XOR_PAIRED:
        for (int t = 0; t < n; t++) {
            const int i = xor_listed(run->source + t), g = xor_listed(run->gater + t);
            weight[t] += step * (gains[g] * value[i]);
        }
        return;
    default:
        for (int t = 0; t < n; t++) weight[t] += step * gains[run->gater + zipped * t] * value[run->source + t];
    }
}

// Both, of the most usual run, in one pass.
static void xor_push_and_move(Xor *net, xor_work *work, const xor_run_of *run, float delta, float step) {
    float *XOR_APART weight = net->weight + run->first;
    float *XOR_APART pushed = work->pushed + run->source;
    const float *XOR_APART value = (run->flags & XOR_DELAYED ? net->before : net->activation) + run->source;
    const int n = run->length;
    if (run->flags & XOR_SILENT) {
        for (int t = 0; t < n; t++) weight[t] += step * value[t];
        return;
    }
    for (int t = 0; t < n; t++) {
        pushed[t] += delta * weight[t];
        weight[t] += step * value[t];
    }
}

// Push the error of a neuron to earlier ones, then learn: dw_ij = rate (P_j e_ij + sum of delta_k x_ij^k).
static void xor_propagate_neuron(Xor *net, xor_work *work, int j, float rate) {
    const xor_node *node = &xor_nodes[j];
    const float delta = work->error[j], step = work->step[j];
    const float *extended = net->extended;
    float pull = 0;
    int pulls = 0;
    const int gates = node->flags & XOR_GATES;
    if (gates && node->flags & XOR_PLAIN_RUNS) { // its first pair in the same pass as the traces
        const xor_pair *pair = &xor_pairs[xor_pulls[node->first_pull]];
        extended += pair->trace;
        pull = rate * xor_error_of(work, pair);
        pulls = 1;
    }
    if (delta != 0 || step != 0 || pull != 0) {
        for (int r = node->first_run; r < node->last_run; r++) {
            const xor_run_of *run = &xor_runs[r];
            const int plain = run->kind == XOR_DENSE && !(run->flags & XOR_FIXED);
            if (plain && !(node->flags & XOR_TRACED) && pull == 0) {
                xor_push_and_move(net, work, run, delta, step);
                continue;
            }
            xor_push_run(net, work, node, run, delta);
            if (!(run->flags & XOR_FIXED)) xor_move_run(net, node, run, step, pull, extended);
        }
        if (node->flags & XOR_SELF_LEARNS) {
            net->weight[node->self] += step * net->eligibility[node->trace + node->self_place];
        }
        for (int p = node->first_influence; p < node->last_influence; p++) {
            const xor_pair *pair = &xor_pairs[p];
            if (pair->traced) work->traced[pair->gater] += delta * net->influence[p];
        }
    }
    if (!gates) return;
    for (int q = node->first_pull; q < node->last_pull; q++) {
        const xor_pair *pair = &xor_pairs[xor_pulls[q]];
        const float along = rate * xor_error_of(work, pair);
        if (along == 0) continue;
        const float *x = net->extended + pair->trace;
        if (q >= node->first_pull + pulls) {
            for (int r = node->first_run; r < node->last_run; r++) {
                const xor_run_of *run = &xor_runs[r];
                if (run->flags & XOR_FIXED) continue;
                float *weight = net->weight + run->first;
                for (int t = 0; t < run->length; t++) weight[t] += along * x[run->place + t];
            }
            if (node->flags & XOR_SELF_LEARNS) net->weight[node->self] += along * x[node->self_place];
        }
        if (node->flags & XOR_BIAS_LEARNS) net->bias[XOR_INPUTS + j] += along * x[node->learning];
    }
}

static void xor_propagate(Xor *net, xor_work *work, float rate) {
    for (int b = (int)(sizeof xor_blocks / sizeof *xor_blocks) - 1; b >= 0; b--) {
        const xor_block block = xor_blocks[b];
        for (int j = block.start; j < block.stop; j++) xor_find_error(net, work, j, rate);
        for (int j = block.stop; j-- > block.start;) {
            xor_propagate_neuron(net, work, j, rate);
        }
    }
}


int xor_learn(Xor *net, const float *targets, float rate) {
    xor_work work;
    memset(&work, 0, sizeof work);
    if (!xor_is_finite(rate) || rate < 0) return XOR_BAD_RATE;
    const int status = xor_aim(net, &work, targets);
    if (status != XOR_DONE) return status;
    xor_propagate(net, &work, rate);
    return XOR_DONE;
}

// --- what it has learned --------------------------------------------------------------

static const float xor_first_weights[] = {
    0.40920058f, 0.46614495f, 0.309263f, 0.5622855f, 0.14330202f,
    -0.69558823f, 0.21394199f, 0.6035038f, -0.31911787f, 0.09198643f,
    -0.45196146f, 0.20909926f
};
static const float xor_first_biases[] = {
    0.0f, 0.0f, 0.045057546f, -0.18316562f, -0.81104696f,
    -0.54061925f, 0.45641804f
};
static const xor_index xor_order[] = { // the place of each weight; fixed ones follow those that learn
    0, 1, 2, 3, 4,
    5, 6, 7, 8, 9,
    10, 11
};

void xor_clear(Xor *net) {
    const size_t learned = offsetof(Xor, activation); // weights and biases, which come first
    memset((char *)net + learned, 0, sizeof *net - learned);
}

void xor_init(Xor *net) {
    memset(net, 0, sizeof *net);
    memcpy(net->weight, xor_first_weights, sizeof net->weight);
    memcpy(net->bias, xor_first_biases, sizeof net->bias);
}

void xor_weights(const Xor *net, float *numbers) {
    memcpy(numbers, net->bias, sizeof net->bias);
    numbers += XOR_BIASES;
    for (int c = 0; c < XOR_WEIGHTS; c++) {
        const int place = xor_order[c];
        numbers[c] = place < 12 ? net->weight[place] : xor_fixed[place - 12];
    }
}

int xor_load(Xor *net, const float *numbers) {
    const float *weight = numbers + XOR_BIASES;
    if (!xor_all_finite(numbers, XOR_NUMBERS)) return XOR_BAD_NUMBER;
    for (int c = 0; c < XOR_WEIGHTS; c++) {
        const int place = xor_order[c] - 12;
        if (place >= 0 && weight[c] != xor_fixed[place]) return XOR_FROZEN;
    }
    memcpy(net->bias, numbers, sizeof net->bias);
    for (int c = 0; c < XOR_WEIGHTS; c++) {
        const int place = xor_order[c];
        if (place < 12) net->weight[place] = weight[c];
    }
    return XOR_DONE;
}
