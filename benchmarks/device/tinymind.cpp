// Steps and updates of a network of TinyMind, counted as main.c counts those of our programs. NET is its type.
#include "activationFunctions.hpp"
#include "fixedPointTransferFunctions.hpp"
#include "neuralnet.hpp"
#include "qformat.hpp"

#include <new>

#include "board.h"

typedef tinymind::QValue<8, 8, true POLICIES> Number;

struct Weights {
    static Number generateRandomWeight() {  // from -1 to 1, as in its tests
        static uint32_t state = 1;
        state = state * 1664525u + 1013904223u;
        return Number((int16_t)((int32_t)(state >> 23) - 256));
    }
};

typedef tinymind::FixedPointTransferFunctions<
    Number, Weights, tinymind::TanhActivationPolicy<Number>, tinymind::TanhActivationPolicy<Number>>
    Functions;
typedef NET Net;

alignas(8) static uint8_t memory[sizeof(Net)];

int main(void) {
    Number inputs[Net::NumberOfInputLayerNeurons], targets[Net::NumberOfOutputLayerNeurons];
    uint32_t stepped = 0, learned = 0;
    mark_stack();
    begin_counting();
    Net &net = *new (memory) Net;
    for (int t = 0; t < STEPS; t++) {
        for (unsigned i = 0; i < Net::NumberOfInputLayerNeurons; i++) inputs[i] = Number((int16_t)((t * 7 + i * 3) % 11 * 256 / 11 - 128));
        for (unsigned o = 0; o < Net::NumberOfOutputLayerNeurons; o++) targets[o] = Number((int16_t)((t * 5 + o * 3) % 7 * 256 / 7));
        fixed_here(inputs);
        fixed_here(targets);
        const uint32_t begin = count();
        net.feedForward(inputs);
        fixed_here(&net);
        const uint32_t between = count();
#if LEARNS
        net.trainNetwork(targets);
#endif
        fixed_here(&net);
        const uint32_t end = count();
        stepped += elapsed(begin, between);
        learned += elapsed(between, end);
    }
    const uint32_t stack = used_stack();
    put_number(sizeof net);
    put_number(stepped);
    put_number(learned);
    put_number(stack);
    leave(0);
    return 0;
}
