// Steps and updates of a network on any of the processors of this benchmark. Prints the bits of each output, then
// what a step and an update take, in units of the processor's counter.
#include "program.c"
#include "board.h"

static void put_number(uint32_t number) {
    char text[12];
    int i = sizeof text;
    text[--i] = 0;
    text[--i] = '\n';
    do text[--i] = (char)('0' + number % 10);
    while (number /= 10);
    put(text + i);
}

static Network net;

int main(void) {
    float inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS], targets[NETWORK_OUTPUTS];
    uint32_t stepped = 0, learned = 0;
    begin_counting();
    network_init(&net);
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < NETWORK_INPUTS; i++) inputs[i] = (float)((t * 7 + i * 3) % 11) / 11.0f - 0.5f;
        for (int o = 0; o < NETWORK_OUTPUTS; o++) targets[o] = 0.3f;
        const uint32_t begin = count();
        if (network_step(&net, inputs, outputs)) return 1;
        const uint32_t between = count();
        if (network_learn(&net, targets, 0.01f)) return 2;
        const uint32_t end = count();
        stepped += elapsed(begin, between);
        learned += elapsed(between, end);
        for (int o = 0; o < NETWORK_OUTPUTS; o++) {
            uint32_t bits;
            memcpy(&bits, &outputs[o], sizeof bits);
            put_number(bits);
        }
    }
    put_number(stepped);
    put_number(learned);
    leave(0);
    return 0;
}
