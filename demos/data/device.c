// What a device would do: it predicts each next reading, and learns from the one that came.
//
//     ./device RATE < readings > predictions
#include <stdio.h>
#include <stdlib.h>

#include "net.c"

int main(int count, char **arguments) {
    static Network net;
    const float rate = count > 1 ? (float)atof(arguments[1]) : 0.0f;
    float reading, prediction = 0.0f;
    network_init(&net);
    for (int step = 0; scanf("%f", &reading) == 1; step++) {
        // The reading is the target of the prediction of the step before.
        if (step > 0 && rate > 0.0f) network_learn(&net, &reading, rate);
        if (network_step(&net, &reading, &prediction) != NETWORK_DONE) return 1;
        printf("%.9g\n", (double)prediction);
    }
    return 0;
}
