"""Event-based XOR: the parity of a stream of bits of which a network sees the changes alone.

    python -m studies event_xor                  # writes event_xor.json, and prints the table

After the code of Hasani and others 2022: a stream of 2 to 31 random bits is given as events, one whenever
the bit changes, with the number of bits since the previous event; the last event tells how many bits
remain. After the last event, the network says whether the number of ones is odd. Here the streams are drawn
afresh, the longest ones grow from 3 bits on whenever 98 % of a batch are right, and tests have all lengths.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np

import architect
import synapse

from . import _many_seeds as many

PATH = many.HERE / "event_xor.json"
LONGEST, BATCH, SHARE, TESTED = 31, 64, 0.98, 10_000
CASES = {
    "mixed": {"mixed_memory": True},
    "CfC": {},
    "without gate": {"gated": False},
}


def streams(count: int, longest: int, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Events of random streams, (bit, bits since the previous event), and whether the ones are odd."""
    sequences, odd = [], np.empty(count)
    for i in range(count):
        bits = rng.integers(0, 2, rng.integers(2, longest + 1))
        starts = np.flatnonzero(np.diff(bits, prepend=-1))  # of runs of equal bits
        elapsed = np.diff(np.append(starts, len(bits) - 1), prepend=-1).astype(float)
        events = np.column_stack([np.append(bits[starts], bits[-1]), elapsed])
        sequences.append(events[events[:, 1] > 0])
        odd[i] = bits.sum() % 2
    return sequences, odd


def aims(sequences: list[np.ndarray], odd: np.ndarray) -> list[np.ndarray]:
    """Targets: one after the last event."""
    both = zip(sequences, odd, strict=True)
    return [np.append(np.full(len(rows) - 1, np.nan), one)[:, None] for rows, one in both]


def fraction_right(net: synapse.Network, sequences: list[np.ndarray], odd: np.ndarray) -> float:
    """Fraction of streams whose parity is right."""
    answers = [outputs[-1, 0] > 0.5 for outputs in net.run(sequences)]
    return float(np.mean(np.array(answers) == odd))


def trial(case: str, seed: int, units: int = 32, minutes: float = 5.0, method: str = "bptt") -> many.Row:
    """One network: the fraction right after training for some minutes of processor time, or until 99.9 %."""
    rng = np.random.default_rng([seed, 1])
    net = architect.CfC(1, units, 1, **CASES[case], seed=seed)
    adam = synapse.optimizers.Adam()
    trainer = synapse.Trainer(net, 0.003, method=method, optimizer=adam, batch_size=BATCH, clip=1.0)
    longest, learned, begin, right = 3, 0, time.process_time(), 0.0
    fresh = streams(TESTED, LONGEST, np.random.default_rng([seed, 2]))
    check = streams(1000, LONGEST, np.random.default_rng([seed, 3]))
    while time.process_time() - begin < 60 * minutes:
        sequences, odd = streams(10 * BATCH, longest, rng)
        trainer.train(sequences, aims(sequences, odd), epochs=1, shuffle=False, progress=False)
        learned += len(sequences)
        if fraction_right(net, *streams(500, longest, rng)) >= SHARE:
            longest = min(longest + 1, LONGEST)
            if longest == LONGEST and fraction_right(net, *check) >= 0.999:
                break
    right = fraction_right(net, *fresh)
    seconds = round(time.process_time() - begin, 1)
    return {"seed": seed, "right": right, "streams": learned, "longest": longest, "seconds": seconds}


def report(found: dict[str, list[many.Row]]) -> str:
    """The table: the mean and the deviation over seeds, and what was learned from."""
    head = ["", "right after training, %", "streams", "longest stream", "processor seconds", "seeds"]
    lines = []
    for case, rows in found.items():
        right = 100 * np.array([row["right"] for row in rows])
        columns = [[row[name] for row in rows] for name in ("streams", "longest", "seconds")]
        cells = [f"{np.median(column):,.0f}" for column in columns]
        lines.append([case, f"{right.mean():.2f} ± {right.std():.2f}", *cells, str(len(rows))])
    return many.table(head, lines)


def main(given: argparse.Namespace) -> None:
    """Run what is missing, and print the table."""
    run = partial(trial, units=given.units, minutes=given.minutes)
    found = many.filled(PATH, given.cases, given.seeds, run)
    print(report(found))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("cases", nargs="*", default=list(CASES), help="rows of the table (all)")
    options.add_argument("--seeds", type=int, default=10, help="number of seeds (10)")
    options.add_argument("--units", type=int, default=32, help="number of cells (32)")
    options.add_argument("--minutes", type=float, default=5.0, help="limit of processor time for a trial (5)")
    main(options.parse_args())
