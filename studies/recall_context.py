"""Why does clearing the context before each sequence hurt Synaptic's test, distracted
sequence recall?

    python -m studies recall_context    # three minutes; prints tables of defaults.md

An LSTM(6, 3, 2) in the style "synaptic" learns by the local rule from ten-step
sequences, which are cleared one by one, or form one stream. After every 1,000 sequences
it is tested on 200 others, in the same way; it has solved the task when 95 % of them
are right at every step. The forget gates' mean activation and the share of saturated
cells (a slope below 0.001) are means over the seeds and the steps of the last test.

The second table is for a simpler task: output the first bit of a sequence after eight
steps with input 0. An LSTM(1, 4, 1) learns it from 100 sequences at the rate 0.1."""

from __future__ import annotations

import argparse

import numpy as np

import architect
from synapse import Trainer, record
from synapse.tasks import Recall

TASK = Recall()
EVERY = 1000
MOST = 30_000
TESTED = 200
SYNAPTIC = {"style": "synaptic", "initializer": "uniform"}
STYLES = {
    "±0.1, as in Synaptic": SYNAPTIC,
    "±1 / sqrt(fan-in), the default": {"style": "synaptic"},
    "±0.1, linear cells, no peepholes": {
        **SYNAPTIC,
        "cell_squash": "identity",
        "peepholes": None,
    },
    "±1 / sqrt(fan-in), linear cells, no peepholes": {
        **SYNAPTIC,
        "cell_squash": "identity",
        "peepholes": None,
        "initializer": "fan_in",
    },
}
CASES = [
    *(
        (name, options, rate, way)
        for name, options in STYLES.items()
        for rate in (0.17, 0.1, 0.05)
        for way in ("cleared", "stream")
    ),
    ("±0.1", SYNAPTIC, 0.17, "cleared, exact gradients (rtrl)"),
    ("±0.1", SYNAPTIC, 0.17, "cleared, no targets before the prompts"),
    ("±0.1", SYNAPTIC, 0.17, "cleared, then five blank steps"),
    ("±0.1", SYNAPTIC, 0.17, "cleared before every second sequence"),
]


def draw(count, rng, way):
    """Inputs, targets and the steps that are tested; rows of a stream, or sequences."""
    sample = TASK.batch(count, rng)
    inputs = np.stack(sample.inputs)
    targets = np.stack(sample.targets)
    tested = np.ones(targets.shape[:2], bool)
    if "no targets" in way:
        tested[:, :8] = False
        targets = np.where(tested[:, :, None], targets, np.nan)
    if "blank" in way:
        blank = np.zeros((count, 5, inputs.shape[2]))
        inputs, tested = (
            np.concatenate([blank, inputs], axis=1),
            np.pad(tested, ((0, 0), (5, 0))),
        )
        targets = np.concatenate([blank[:, :, :2] * np.nan, targets], axis=1)
    if way == "stream":
        return (
            inputs.reshape(-1, inputs.shape[2]),
            targets.reshape(-1, targets.shape[2]),
            tested,
        )
    if "second" in way:
        return (
            inputs.reshape(count // 2, -1, inputs.shape[2]),
            targets.reshape(count // 2, -1, 2),
            tested,
        )
    return inputs, targets, tested


def trial(seed, options, rate, way):
    """The sequences needed or None, the forget gates' mean activation, and the share of
    saturated cells."""
    net = architect.LSTM(TASK.inputs, 3, TASK.outputs, seed=seed, **options)
    trainer = Trainer(net, rate=rate, rule="rtrl" if "rtrl" in way else "online")
    rng, others = (np.random.default_rng([seed, i]) for i in (1, 2))
    for shown in range(EVERY, MOST + 1, EVERY):
        inputs, targets, _ = draw(EVERY, rng, way)
        trainer.train(
            inputs,
            targets,
            epochs=1,
            progress=False,
            **({} if way == "stream" else {"seed": 0}),
        )
        inputs, targets, tested = draw(TESTED, others, way)
        with record(net) as log:
            outputs = net.run(inputs).reshape(*tested.shape, 2)
        wrong = (np.abs(outputs - targets.reshape(outputs.shape)) >= 0.5).any(
            axis=2
        ) & tested
        needed = shown if wrong.any(axis=1).mean() <= 0.05 else None
        if needed is not None:
            break
    gates, cells = (
        [net.neurons.index(neuron) for neuron in net[name]]
        for name in ("forget gates", "cells")
    )
    active = log.activation[:, cells]
    saturated = (
        (active * (1 - active) < 0.001).mean()
        if "cell_squash" not in options
        else np.nan
    )
    return needed, log.activation[:, gates].mean(), saturated


def first_bit(seed, options, epochs):
    """Whether 95 % of 200 new sequences are right."""
    net = architect.LSTM(1, 4, 1, seed=seed, **options)
    data = []
    for count, source in ((100, seed), (200, 1000 + seed)):
        inputs = np.zeros((count, 9, 1))
        targets = np.full((count, 9, 1), np.nan)
        inputs[:, 0, 0] = targets[:, -1, 0] = np.random.default_rng(source).integers(
            0, 2, count
        )
        data.append((inputs, targets))
    Trainer(net).train(*data[0], epochs=epochs, seed=seed, progress=False)
    inputs, targets = data[1]
    return ((net.run(inputs)[:, -1] > 0.5) == (targets[:, -1] > 0.5)).mean() >= 0.95


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    for name, options, rate, way in CASES:
        needed, gates, saturated = zip(
            *(trial(seed, options, rate, way) for seed in range(seeds)), strict=True
        )
        solved = sorted(n for n in needed if n is not None)
        middle = f"{solved[len(solved) // 2]:,}" if solved else "-"
        share = "-" if np.isnan(saturated).any() else f"{np.mean(saturated):.0%}"
        numbers = f"{np.mean(gates):.2f} | {share}"
        print(
            f"| {name} | {rate} | {way} | {len(solved)} of {seeds} | {middle} |"
            f" {numbers} |",
            flush=True,
        )
    for name, options in {**STYLES, "standard": {}}.items():
        learnt = (
            sum(first_bit(seed, options, epochs) for seed in range(seeds))
            for epochs in (50, 200)
        )
        print(
            f"| {name} | {' | '.join(f'{count} of {seeds}' for count in learnt)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
