"""Event-based XOR: the parity of a stream of bits of which a network sees the changes
alone.

    python -m studies event_xor        # runs what is missing, writes event_xor.md

After the code of Hasani and others 2022: a stream of 2 to 31 random bits is given as
events, one whenever the bit changes, with the number of bits since the previous event;
the last event tells how many bits remain. After the last event, the network says
whether the number of ones is odd. Here the streams are drawn afresh, for training and
for the test."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import time

import numpy as np

import architect
import synapse

from . import _many_seeds as many

PATH = many.HERE / "event_xor.json"
PAGE = many.HERE / "event_xor.md"
LONGEST = 31
TESTED = 10_000
# the longest interval at which a gate begins to open: one of 1,500 streams has a longer
# one
WIDEST = 12
SLOPE = 2.0  # by which it opens
CASES = {
    "mixed": {"mixed_memory": True},
    "mixed, usual biases": {"mixed_memory": True},
    "CfC": {},
    "without gate": {"gated": False},
    "mixed, strictly online": {"mixed_memory": True},
}

Streams = tuple[list[np.ndarray], list[np.ndarray]]


def streams(count: int, rng: np.random.Generator, longest: int = LONGEST) -> Streams:
    """Random streams: events (bit, bits since the previous one), and targets, the
    parity at the end alone."""
    last = rng.integers(1, longest, (count, 1))  # the place of a stream's last bit
    bits = rng.integers(0, 2, (count, longest))
    place = np.arange(longest)
    changes = np.diff(bits, axis=1, prepend=-1) != 0
    stream, when = np.nonzero((changes | (place == last)) & (place <= last))
    starts = np.diff(stream, prepend=-1) > 0
    elapsed = np.where(starts, 1, np.diff(when, prepend=0))
    begins = np.flatnonzero(starts)
    targets = np.full((len(when), 1), np.nan)
    targets[np.append(begins[1:], len(when)) - 1, 0] = (bits * (place <= last)).sum(
        axis=1
    ) % 2
    events = np.column_stack([bits[stream, when], elapsed]).astype(float)
    return np.split(events, begins[1:]), np.split(targets, begins[1:])


def fraction_right(
    net: synapse.Network, sequences: list[np.ndarray], targets: list[np.ndarray]
) -> float:
    """Fraction of streams whose parity is right."""
    answers = [outputs[-1, 0] > 0.5 for outputs in net.run(sequences)]
    return float(
        np.mean(
            [answer == aim[-1, 0] for answer, aim in zip(answers, targets, strict=True)]
        )
    )


def spread(net: synapse.Network, rng: np.random.Generator) -> None:
    """Let the gates of a CfC open at intervals that are uniform up to the widest,
    instead of all at none."""
    layers = {layer.name: layer for layer in net.hidden}
    opens = rng.uniform(0.5, WIDEST + 0.5, len(layers["blends"]))
    for speed, blend, interval in zip(
        layers["speeds"], layers["blends"], opens.tolist(), strict=True
    ):
        speed.bias = SLOPE
        blend.bias = -SLOPE * interval


def trial(case: str, seed: int) -> many.Row:
    """One network: the fraction right after learning from random streams at a rate that
    falls to 0."""
    online = case.endswith("online")
    units, count, chunk, rate = (
        (32, 300_000, 5_000, 0.002) if online else (32, 12_000_000, 20_000, 0.0015)
    )
    if case != "mixed" and not online:
        count = 4_000_000
    net = architect.CfC(1, units, 1, **CASES[case], seed=seed)
    if not case.endswith("usual biases"):
        spread(net, np.random.default_rng([seed, 4]))
    adam = synapse.optimizers.Adam()
    if online:
        trainer = synapse.Trainer(net, rate, rule="rtrl", optimizer=adam, clip=1.0)
    else:
        trainer = synapse.Trainer(
            net, rate, rule="bptt", optimizer=adam, batch_size=64, clip=1.0
        )
    begin = time.process_time()
    rng = np.random.default_rng([seed, 1])
    for learned in range(0, count, chunk):
        trainer.rate = rate * 0.5 * (1.0 + math.cos(math.pi * learned / count))
        longest = min(LONGEST, 3 + 35 * learned // count) if online else LONGEST
        trainer.train(
            *streams(chunk, rng, longest), epochs=1, shuffle=False, progress=False
        )
    seconds = round(time.process_time() - begin, 1)
    right = fraction_right(net, *streams(TESTED, np.random.default_rng([seed, 2])))
    weights = sum(connection.trainable for connection in net.connections)
    setting = {"units": units, "weights": weights, "streams": count}
    command = shlex.join(["python", "-m", "studies", "event_xor", *sys.argv[1:]])
    return {
        "seed": seed,
        "right": right,
        **setting,
        "seconds": seconds,
        "command": command,
    }


def report(results: dict[str, list[many.Row]]) -> str:
    """The table: the mean and the deviation over seeds, and what was learned from."""
    head = ["", "units", "weights", "right, %", "lowest", "streams", "seconds", "seeds"]
    lines = []
    for case in filter(results.get, CASES):
        rows = results[case]
        right = 100 * np.array([row["right"] for row in rows])
        columns = [
            [row[name] for row in rows]
            for name in ("units", "weights", "streams", "seconds")
        ]
        units, weights, count, seconds = (
            f"{np.median(column):,.0f}" for column in columns
        )
        both = f"{right.mean():.2f} ± {right.std():.2f}"
        lines.append(
            [
                case,
                units,
                weights,
                both,
                f"{right.min():.2f}",
                count,
                seconds,
                len(rows),
            ]
        )
    return many.table(head, lines)


def main(chosen: argparse.Namespace) -> None:
    """Run what is missing, and write the table."""
    results = many.filled(PATH, chosen.cases, chosen.seeds, trial)
    many.fill("event_xor", report(results), PAGE)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument(
        "cases", nargs="*", default=list(CASES), help="rows of the table (all)"
    )
    options.add_argument("--seeds", type=int, default=10, help="number of seeds (10)")
    main(options.parse_args())
