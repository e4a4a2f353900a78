// Counts instructions of a step and of learning, and prints them by semihosting.
#include "program.c"

#define TICKS (*(volatile uint32_t *)0xE000E018)

static void print(const char *text) {
    register uint32_t call __asm("r0") = 4;
    register const char *with __asm("r1") = text;
    __asm volatile("bkpt 0xab" : "+r"(call) : "r"(with) : "memory");
}

static void print_number(uint32_t number) {
    char text[12];
    int i = sizeof text;
    text[--i] = 0;
    text[--i] = '\n';
    do text[--i] = (char)('0' + number % 10);
    while (number /= 10);
    print(text + i);
}

int main(void) {
    static Network net;
    float inputs[NETWORK_INPUTS], outputs[NETWORK_OUTPUTS], targets[NETWORK_OUTPUTS];
    uint32_t stepped = 0, learned = 0;
    network_init(&net);
    *(volatile uint32_t *)0xE000E014 = 0xFFFFFF;  // the timer counts down from here
    TICKS = 0;
    *(volatile uint32_t *)0xE000E010 = 5;
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < NETWORK_INPUTS; i++) inputs[i] = (float)((t * 7 + i * 3) % 11) / 11.0f - 0.5f;
        for (int o = 0; o < NETWORK_OUTPUTS; o++) targets[o] = 0.3f;
        const uint32_t begin = TICKS;
        if (network_step(&net, inputs, outputs)) return 1;
        const uint32_t between = TICKS;
        if (network_learn(&net, targets, 0.01f)) return 2;
        stepped += (begin - between) & 0xFFFFFF;
        learned += (between - TICKS) & 0xFFFFFF;
    }
    print_number(stepped);
    print_number(learned);
    return 0;
}
