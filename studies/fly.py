"""What a network as large as a fly's brain learns of a teacher from a hundred of its
neurons.

    python -m studies fly    # an hour of one core, 5 GB; writes fly.json, fly.md

Teacher and student have 127,400 neurons of 200 types, and as many random connections as
the model of Shiu and others (2024), with heavy-tailed degrees. All neurons of a type
share one gain, which is the weight of their outgoing connections, and one bias. The
student knows the wiring, the types, and the sign of each, but none of the gains and
biases. It sees the activity of a hundred of the teacher's neurons, and learns by exact
gradients through time for half an hour. A second student has the same types, signs and
degrees, but the connections lead to shuffled targets.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import synapse
from synapse.readwrite import _files

from . import _many_seeds as many

PATH = many.HERE / "fly.json"
PAGE = many.HERE / "fly.md"
NEURONS = 127_400
CONNECTIONS = 14_687_178
TYPES = 200
INHIBITORY = 0.3
INPUTS = 20
TARGETS_OF_INPUT = 2_000
RECORDED = 100
STEPS = 20
SEQUENCES = 40
FRESH = 8
BATCH = 8
RATE = 0.01
STRENGTH = 1.5
"""Standard deviation of a weighted sum of independent activations of variance 1."""
MINUTES = 30.0
WIRINGS = ("the teacher's wiring", "shuffled wiring")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Wiring(NamedTuple):
    """Connections between neurons, and the type of each neuron."""

    source: Ints
    target: Ints
    type_of: Ints


class Parameters(NamedTuple):
    """What a student does not know: one value for each type."""

    gains: Floats
    biases: Floats


def wiring(neurons: int, connections: int, rng: np.random.Generator) -> Wiring:
    """Random connections between neurons of random types."""
    source, target = random_ends(neurons, connections, rng)
    return Wiring(source, target, rng.integers(0, TYPES, neurons))


def random_ends(
    neurons: int, connections: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Sources and targets with log-normal degrees, no pair twice."""
    out_degrees, in_degrees = (
        np.cumsum(rng.lognormal(0.0, 1.0, neurons)) for _ in range(2)
    )
    count = connections + connections // 50
    source, target = (
        np.searchsorted(total / total[-1], rng.random(count))
        for total in (out_degrees, in_degrees)
    )
    source, target = distinct(source, target, neurons)
    chosen = np.sort(rng.permutation(len(source))[:connections])
    return source[chosen], target[chosen]


def distinct(source: Ints, target: Ints, neurons: int) -> tuple[Ints, Ints]:
    """The pairs of different neurons, each of them once."""
    pairs = np.unique(source.astype(np.int64) * neurons + target)
    source, target = np.divmod(pairs, neurons)
    others = source != target
    return source[others], target[others]


def shuffled(true: Wiring, rng: np.random.Generator) -> Wiring:
    """The same degrees, but for pairs that would be connected twice: other targets."""
    source, target = distinct(
        true.source, rng.permutation(true.target), len(true.type_of)
    )
    return Wiring(source, target, true.type_of)


def network(
    wires: Wiring, values: Parameters, entries: Ints, recorded: Ints
) -> synapse.Network:
    """The neurons, and inputs into some of them with weights that are known."""
    neurons = len(wires.type_of)
    strength = np.float32(1.0)
    inputs = neurons + np.arange(INPUTS)
    into = np.repeat(inputs, len(entries) // INPUTS)
    tables = {
        "source": np.concatenate([wires.source, into]),
        "target": np.concatenate([wires.target, entries]),
        "weight": np.concatenate(
            [
                values.gains[wires.type_of[wires.source]],
                np.full(len(entries), strength),
            ]
        ).astype(np.float32),
        "trainable": np.arange(len(wires.source) + len(entries)) < len(wires.source),
        "tie": np.append(
            wires.type_of[wires.source] + 1, np.zeros(len(entries), np.int64)
        ),
    }
    numbers = np.arange(neurons + INPUTS)
    parts = {
        "name": numbers,
        "bias": np.append(values.biases[wires.type_of], np.zeros(INPUTS)),
        "bias_tie": np.append(wires.type_of + 1, np.zeros(INPUTS, np.int64)),
    }
    options = {"squash": "tanh", "output_squash": "tanh", "synchronous": True}
    return synapse.from_edges(
        tables, inputs, recorded, neurons=parts, dtype=np.float32, **options
    )


def activity(net: synapse.Network, inputs: Floats, order: Ints) -> Floats:
    """The activations of all neurons but the inputs in the second half of each
    sequence, in the order of their numbers."""
    seen = []
    for sequence in inputs:
        net.clear()
        for step, row in enumerate(sequence):
            net.run(row[None], traces=False)
            if 2 * step >= len(sequence):
                seen.append(
                    np.concatenate([layer.activations for layer in net.layers[1:]])
                )
    return np.array(seen)[:, order]


def places(net: synapse.Network) -> Ints:
    """Where the neurons stand in the order of activation, by their numbers."""
    numbers = [int(neuron.name) for neuron in net][INPUTS:]
    return np.argsort(numbers)


def correlations(known: Floats, guessed: Floats) -> Floats:
    """The correlation of each column with the same one."""
    known, guessed = (part - part.mean(axis=0) for part in (known, guessed))
    norms = np.linalg.norm(known, axis=0) * np.linalg.norm(guessed, axis=0)
    return np.sum(known * guessed, axis=0) / np.maximum(norms, 1e-12)


def parameters(net: synapse.Network, wires: Wiring, order: Ints) -> Parameters:
    """The present gains and biases."""
    types = wires.type_of
    gains, biases = np.zeros(TYPES), np.zeros(TYPES)
    gains[types[wires.source]] = net.weights[: len(wires.source)]
    biases[types] = net.biases[INPUTS:][order]
    return Parameters(gains, biases)


def judged(
    net: synapse.Network,
    wires: Wiring,
    true: Parameters,
    guess: Parameters,
    fresh: tuple[Floats, Floats],
    recorded: Ints,
) -> many.Row:
    """How well a student predicts fresh sequences, and knows the parameters."""
    order = places(net)
    agreement = correlations(fresh[1], activity(net, fresh[0], order))
    now = parameters(net, wires, order)
    others = np.delete(agreement, recorded)
    return {
        "recorded": float(np.median(agreement[recorded])),
        "others": float(np.median(others)),
        "others, quartiles": [float(q) for q in np.quantile(others, (0.25, 0.75))],
        "gains": found(true.gains, guess.gains, now.gains),
        "biases": found(true.biases, guess.biases, now.biases),
    }


def found(true: Floats, guess: Floats, now: Floats) -> float:
    """Which share of the squared error of the first guess is gone."""
    return float(1.0 - np.sum((now - true) ** 2) / np.sum((guess - true) ** 2))


def run(neurons: int, connections: int, minutes: float, seed: int) -> many.Row:
    """Teacher and both students."""
    rng = np.random.default_rng(seed)
    wires = wiring(neurons, connections, rng)
    inhibitory = np.arange(TYPES) < INHIBITORY * TYPES
    usual = np.where(inhibitory, 1.0 - 1.0 / INHIBITORY, 1.0)  # excitation is balanced
    sizes = rng.lognormal(0.0, 0.5, TYPES)
    unit = STRENGTH / np.sqrt(connections / neurons * np.mean((usual * sizes) ** 2))
    true = Parameters(unit * usual * sizes, rng.normal(0.0, 0.3, TYPES))
    guess = Parameters(unit * usual * sizes.mean(), np.zeros(TYPES))
    entering = min(TARGETS_OF_INPUT, neurons // 10)
    entries = np.concatenate(
        [rng.choice(neurons, entering, replace=False) for _ in range(INPUTS)]
    )
    recorded = np.sort(rng.choice(neurons, RECORDED, replace=False))
    inputs = rng.normal(size=(SEQUENCES + FRESH, STEPS, INPUTS)).astype(np.float32)
    teacher = network(wires, true, entries, recorded)
    targets = teacher.run(list(inputs[:SEQUENCES]), traces=False)
    fresh = inputs[SEQUENCES:]
    known = fresh, activity(teacher, fresh, places(teacher))
    print(teacher, "activity", known[1].std(axis=0).mean().round(3), flush=True)
    del teacher
    results: many.Row = {"neurons": neurons, "connections": connections, "seed": seed}
    for name in WIRINGS:
        chosen = wires if name == WIRINGS[0] else shuffled(wires, rng)
        student = network(chosen, guess, entries, recorded)
        facts: dict[str, Any] = {
            "before": judged(student, chosen, true, guess, known, recorded)
        }
        print(name, facts["before"], flush=True)
        facts |= learn(student, inputs[:SEQUENCES], targets, minutes, seed)
        facts["after"] = judged(student, chosen, true, guess, known, recorded)
        print(name, facts["after"], facts["updates"], flush=True)
        results[name] = facts
    return results


def learn(
    student: synapse.Network,
    inputs: Floats,
    targets: Any,
    minutes: float,
    seed: int,
) -> many.Row:
    """Train for so many minutes of processor time; returns what was done."""
    adam = synapse.optimizers.Adam()
    trainer = synapse.Trainer(
        student, RATE, "squared_error", rule="bptt", optimizer=adam, batch_size=BATCH
    )
    rng = np.random.default_rng(seed)
    costs: list[float] = []
    begin = time.process_time()
    while time.process_time() - begin < 60 * minutes:
        result = trainer.train(
            list(inputs), list(targets), epochs=1, seed=rng, progress=False
        )
        costs.append(float(result.loss))
        print(len(costs), costs[-1], flush=True)
    spent = time.process_time() - begin
    updates = len(costs) * len(inputs) // BATCH
    return {"costs": costs, "updates": updates, "minutes": spent / 60}


def report(results: many.Row) -> str:
    """The table of the page."""
    head = ["student", "", "recorded", "others", "gains", "biases", "updates"]
    lines = []
    for name in WIRINGS:
        facts = results[name]
        for when, updates in (("before", ""), ("after", str(facts["updates"]))):
            row = facts[when]
            low, high = row["others, quartiles"]
            lines.append(
                [
                    name,
                    when,
                    f"{row['recorded']:.4f}",
                    f"{row['others']:.4f} ({low:.4f} to {high:.4f})",
                    f"{row['gains']:.3f}",
                    f"{row['biases']:.3f}",
                    updates,
                ]
            )
    return many.table(head, lines)


def main(chosen: argparse.Namespace) -> None:
    """Run both students, and write the table."""
    if not chosen.table:
        results = run(chosen.neurons, chosen.connections, chosen.minutes, chosen.seed)
        _files.write(PATH, json.dumps(results, indent=0))
    results = json.loads(PATH.read_text())
    print(report(results))
    many.fill("fly", report(results), PAGE)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--neurons", type=int, default=NEURONS)
    options.add_argument("--connections", type=int, default=CONNECTIONS)
    options.add_argument(
        "--minutes", type=float, default=MINUTES, help="of each student (30)"
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument(
        "--table", action="store_true", help="only make the table, from the JSON"
    )
    main(options.parse_args())
