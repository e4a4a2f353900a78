"""The wiring of the worm C. elegans: does it help, what does it determine, and what
exact gradients cost.

    python -m studies worm              # twenty seeds; writes worm.json, worm.md

``touch``: the task of the demo `connectome` with the worm's wiring, with random wiring
in which every neuron has as many incoming and outgoing connections, and with the signs
shuffled among the connections. ``teacher``: a student with the wiring of a teacher, but
unknown weights and biases, learns the activity of k recorded neurons; the result is how
well it predicts the neurons that were not recorded. ``cost``: exact gradients through
time and online. ``shuffles``: how often motifs of few neurons occur in the worm's
wiring, and in wirings that keep its degrees."""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np
import pandas as pd

import synapse
from demos import connectome
from synapse import analysis

from . import _many_seeds as many

PATH = many.HERE / "worm.json"
PAGE = many.HERE / "worm.md"
WIRINGS = ("the worm's wiring", "random wiring, same degrees", "signs shuffled")
ROUNDS = 8
TOUCHES = 100
RECORDED = (5, 20, 60, 150, 290)
STEPS = 30
SEQUENCES = 40
EPOCHS = 300
GAIN = 1.0
RATE = 0.003
NEURONS, EDGES = connectome.tables()


# --- the touch task -------------------------------------------------------------------


def touch(wiring: str, seed: int) -> many.Row:
    """Fraction of fresh touches with the right direction, before learning and after
    each round."""
    rng = np.random.default_rng([seed, WIRINGS.index(wiring)])
    edges = EDGES
    if wiring == WIRINGS[1]:
        edges = analysis.rewire(edges, within=[], seed=rng)
    elif wiring == WIRINGS[2]:
        edges = edges.assign(sign=rng.permutation(edges["sign"]))
    net = connectome.network(rng, NEURONS, edges)
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=synapse.optimizers.Adam(), rate=0.003
    )
    fresh = connectome.touches(net, 300, rng)
    right = [connectome.fraction_right(net, *fresh)]
    for _ in range(ROUNDS):
        trainer.train(
            *connectome.touches(net, TOUCHES, rng), epochs=2, seed=rng, progress=False
        )
        right.append(connectome.fraction_right(net, *fresh))
    return {"right": [round(part, 4) for part in right]}


# --- teacher and student --------------------------------------------------------------


def observed(edges: pd.DataFrame, weights: np.ndarray) -> synapse.Network:
    """A network of these connections in which all neurons but the touch receptors are
    outputs."""
    inputs = [*connectome.HEAD, *connectome.TAIL]
    others = [name for name in NEURONS["name"] if name not in inputs]
    options = {"squash": "tanh", "output_squash": "tanh", "synchronous": True}
    return synapse.from_edges(
        edges.assign(weight=weights), inputs, others, neurons=NEURONS, **options
    )


def teacher(case: str, seed: int) -> many.Row:
    """The median correlation with the teacher on fresh sequences, of recorded neurons
    and others."""
    count, signs = case.split(" recorded, signs ")
    # the teacher and the data do not depend on the case
    rng = np.random.default_rng([seed, 7])
    sizes = (
        EDGES["synapses"]
        / EDGES.groupby("target")["synapses"].transform(np.linalg.norm)
        * GAIN
    )
    sign = EDGES["sign"].fillna(pd.Series(rng.choice([-1, 1], len(EDGES)), EDGES.index))
    edges = EDGES.assign(sign=sign)
    true = observed(edges, (sign * sizes).to_numpy())
    true.biases = np.append(
        np.zeros(len(true.input)), rng.normal(0.0, 0.3, len(true.output))
    )
    noise = rng.normal(size=(SEQUENCES + 20, STEPS + 4, len(true.input)))
    inputs = sum(noise[:, i : STEPS + i] for i in range(5)) / np.sqrt(5)
    activity = np.array(true.run(list(inputs)))
    guessed = sign.to_numpy() if signs == "known" else rng.choice([-1, 1], len(EDGES))
    guess = rng.permutation(sizes) * guessed
    student = observed(edges if signs == "known" else EDGES.drop(columns="sign"), guess)
    order = rng.permutation(len(true.output))
    recorded = order[: int(count)]
    others = order[int(count) :]
    targets = activity[:SEQUENCES].copy()
    targets[:, :, others] = np.nan
    fresh = list(inputs[SEQUENCES:])
    aims = activity[SEQUENCES:]
    before = correlations(np.array(student.run(fresh)), aims)
    adam = synapse.optimizers.Adam()
    trainer = synapse.Trainer(
        student, RATE, "squared_error", rule="bptt", optimizer=adam, batch_size=8
    )
    trainer.train(inputs[:SEQUENCES], targets, epochs=EPOCHS, seed=rng, progress=False)
    student.clear()
    after = correlations(np.array(student.run(fresh)), aims)
    parts = {
        "recorded": after[recorded],
        "others": after[others],
        "before": before[others],
    }
    return {name: round(float(np.median(part)), 4) for name, part in parts.items()}


def correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The correlation of the activity of each neuron in two networks, over all steps of
    all sequences."""
    one, other = (part - part.mean((0, 1)) for part in (one, other))
    return (one * other).sum((0, 1)) / np.sqrt(
        (one**2).sum((0, 1)) * (other**2).sum((0, 1)) + 1e-30
    )


# --- the cost of exact gradients ------------------------------------------------------


def cost(method: str, seed: int) -> many.Row:
    """Seconds of processor time for a sequence, memory, and the cosine to the gradient
    through time."""
    rng = np.random.default_rng(seed)
    net = connectome.network(rng, NEURONS, EDGES)
    inputs, targets = connectome.touches(net, 20, rng)
    exact = synapse.gradient(net, inputs, targets).weights
    tracemalloc.start()
    if method == "bptt":
        synapse.gradient(net, inputs[:1], targets[:1])
    else:
        net.rule = method
        net.activate(inputs[0, 0])
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    best = np.inf
    gradient = np.zeros_like(exact)
    for rows, aims in zip(inputs, targets, strict=True):
        net.clear()
        begin = time.process_time()
        if method == "bptt":
            gradient += synapse.gradient(net, rows[None], aims[None]).weights
        else:
            for row, aim in zip(rows, aims, strict=True):
                error = np.nan_to_num(aim - net.activate(row))
                gradient -= net.output_gradient(errors=error).weights
        best = min(best, time.process_time() - begin)
    cosine = float(gradient @ exact / np.linalg.norm(gradient) / np.linalg.norm(exact))
    return {
        "seconds": float(f"{best:.3g}"),
        "memory": memory,
        "cosine": round(cosine, 9),
    }


# --- shuffles -------------------------------------------------------------------------

KEPT = {
    "degrees": [],
    "degrees of each sign": None,
    "these between any two kinds": ["sign", "from_kind", "to_kind"],
}
"""What shuffled wirings keep, and within which columns targets are exchanged."""
SHUFFLES = 50
"""Shuffles of a seed."""
MOTIFS = {
    "two excite each other": lambda plus, minus: (plus * plus.T).sum() / 2,
    "two inhibit each other": lambda plus, minus: (minus * minus.T).sum() / 2,
    "a excites b and c, b excites c": lambda plus, minus: (plus @ plus * plus).sum(),
    "a excites b and c, b inhibits c": lambda plus, minus: (plus @ minus * plus).sum(),
    "a excites b, b excites c, a inhibits c": lambda plus, minus: (
        plus @ plus * minus
    ).sum(),
}


def motifs(edges: pd.DataFrame) -> list[float]:
    """How often each motif occurs among connections whose sign is predicted."""
    names = NEURONS.set_index("name").index
    pairs = [names.get_indexer(edges[end]) for end in ("source", "target")]
    matrices = []
    for sign in (1, -1):
        matrix = np.zeros((len(names), len(names)), np.float32)
        matrix[tuple(end[edges["sign"] == sign] for end in pairs)] = 1.0
        matrices.append(matrix)
    return [float(count(*matrices)) for count in MOTIFS.values()]


def shuffles(kept: str, seed: int) -> many.Row:
    """Counts of motifs in shuffled wirings: their mean, the mean of their squares, and
    how many reach the worm's."""
    kinds = NEURONS.set_index("name")["kind"]
    edges = EDGES.assign(
        from_kind=EDGES["source"].map(kinds), to_kind=EDGES["target"].map(kinds)
    )
    rng = np.random.default_rng([seed, list(KEPT).index(kept)])
    counts = np.array(
        [
            motifs(analysis.rewire(edges, within=KEPT[kept], seed=rng))
            for _ in range(SHUFFLES)
        ]
    )
    return {
        "mean": counts.mean(axis=0).tolist(),
        "square": (counts**2).mean(axis=0).tolist(),
        "reach": (counts >= motifs(edges)).sum(axis=0).tolist(),
    }


def shuffled(results: dict[str, list[many.Row]]) -> str:
    """The table of motifs: the worm's, and mean and deviation of shuffles."""
    lines = [[name, f"{count:.0f}"] for name, count in zip(MOTIFS, motifs(EDGES))]
    for kept in KEPT:
        rows = results[kept]
        mean, square = (
            np.mean([row[name] for row in rows], axis=0) for name in ("mean", "square")
        )
        reach = np.sum([row["reach"] for row in rows], axis=0)
        for line, *numbers in zip(lines, mean, np.sqrt(square - mean**2), reach):
            line.append("{:.0f} ± {:.0f} ({})".format(*numbers))
    head = ["motif", "worm", *(f"{kept} stay" for kept in KEPT)]
    return many.table(head, lines)


# --- the page -------------------------------------------------------------------------


def quartiles(values: list[float], digits: int = 2) -> str:
    low, middle, high = np.round(np.percentile(values, [25, 50, 75]), digits) + 0.0
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def report(results: dict[str, list[many.Row]]) -> str:
    """The tables: medians and quartiles, and motifs."""
    shown = [0, 1, 2, 4, ROUNDS]
    head = [
        "fraction right after",
        *(f"{TOUCHES * count} touches" for count in shown),
        "seeds",
    ]
    lines = []
    for wiring in WIRINGS:
        rows = results[wiring]
        lines.append(
            [
                wiring,
                *(quartiles([row["right"][i] for row in rows]) for i in shown),
                str(len(rows)),
            ]
        )
    parts = [many.table(head, lines)]
    names = (
        "others, before learning",
        "others, signs known",
        "others, signs unknown",
        "recorded, known",
    )
    head = ["recorded", *names]
    lines = []
    for count in RECORDED:
        known, unknown = (
            results[f"{count} recorded, signs {word}"] for word in ("known", "unknown")
        )
        cells = (
            (known, "before"),
            (known, "others"),
            (unknown, "others"),
            (known, "recorded"),
        )
        lines.append(
            [
                str(count),
                *(quartiles([row[name] for row in rows]) for rows, name in cells),
            ]
        )
    parts.append(many.table(head, lines))
    head = ["exact gradients", "seconds for a sequence of 8 steps", "MB", "cosine"]
    lines = []
    for method in ("bptt", "rtrl"):
        middle = pd.DataFrame(results[method]).median()
        megabytes = f"{middle['memory'] / 1e6:.1f}"
        lines.append(
            [
                f'`"{method}"`',
                f"{middle['seconds']:.2g}",
                megabytes,
                f"{middle['cosine']:.9f}",
            ]
        )
    return "\n\n".join([*parts, many.table(head, lines), shuffled(results)])


def main(chosen: argparse.Namespace) -> None:
    """Run what is missing, and write the tables."""
    cases = [
        f"{count} recorded, signs {word}"
        for count in RECORDED
        for word in ("known", "unknown")
    ]
    many.filled(PATH, ["bptt", "rtrl"], min(chosen.seeds, 5), cost)
    for seeds in range(
        1, chosen.seeds + 1
    ):  # all rows have about as many seeds at any time
        many.filled(PATH, KEPT, seeds, shuffles)
        many.filled(PATH, WIRINGS, seeds, touch)
        many.filled(PATH, cases, seeds, teacher)
    results = many.filled(PATH, [], 0, touch)
    print(report(results))
    many.fill("worm", report(results), PAGE)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seeds", type=int, default=20, help="number of seeds (20)")
    main(options.parse_args())
