// Steps and updates of a network on any of the processors of this benchmark. Prints the bits of each output, then
// what a step and an update take, in units of the processor's counter, and the bytes of stack that were used.
#include "program.c"
#include "board.h"

#ifndef LEARNS
#define LEARNS 1
#endif

#ifdef NETWORK_NUMBER  // in fixed point
typedef NUMBER number;
#define SHARE(a, b) ((number)((int32_t)(a) * NETWORK_NUMBER(1) / (b)))
#define HALF NETWORK_NUMBER(0.5)
#define RATE ((number)((((int64_t)1 << (sizeof(number) * 8 - 1)) + 5) / 10))  // a double of AVR has 24 bits only
#else
typedef float number;
#define SHARE(a, b) ((float)(a) / (float)(b))
#define HALF 0.5f
#define RATE 0.1f
#endif

static Network net;

int main(void) {
    number inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS], targets[NETWORK_OUTPUTS];
    uint32_t stepped = 0, learned = 0;
    mark_stack();
    begin_counting();
#if LEARNS
    network_init(&net);
#else
    network_clear(&net);
#endif
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < NETWORK_INPUTS; i++) inputs[i] = (number)(SHARE((t * 7 + i * 3) % 11, 11) - HALF);
        for (int o = 0; o < NETWORK_OUTPUTS; o++) targets[o] = SHARE((t * 5 + o * 3) % 7, 7);
        fixed_here(inputs);
        fixed_here(targets);
        const uint32_t begin = count();
        if (network_step(&net, inputs, outputs)) {
            leave(1);
            return 1;
        }
        fixed_here(&net);
        const uint32_t between = count();
#if LEARNS
        if (network_learn(&net, targets, RATE)) {
            leave(2);
            return 2;
        }
#endif
        fixed_here(&net);
        const uint32_t end = count();
        stepped += elapsed(begin, between);
        learned += elapsed(between, end);
        for (int o = 0; o < NETWORK_OUTPUTS; o++) {
#ifdef NETWORK_NUMBER
            const uint32_t bits = (uint32_t)(int32_t)outputs[o];
#else
            uint32_t bits;
            memcpy(&bits, &outputs[o], sizeof bits);
#endif
            put_number(bits);
        }
    }
    const uint32_t stack = used_stack();
    put_number(stepped);
    put_number(learned);
    put_number(stack);
    leave(0);
    return 0;
}
