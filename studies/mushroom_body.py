"""Odours that come with punishment, learnt by the spiking cells of a mushroom body.

    python -m studies mushroom_body    # five minutes; writes .json, .md, .png

The task, the cells and the larva's wiring are those of the demo `odours`. The adult's
wiring is random: 150 projection neurons of 50 glomeruli, 2,000 Kenyon cells with the
synapses of seven of them each, 34 output neurons, each with half of the Kenyon cells. A
trial presents all ten odours once. Rows are protocols, with the wiring or the rule that
they need."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import synapse
from demos import odours
from synapse import analysis, draw
from synapse.plasticity import Rule, trace
from synapse.readwrite import _files

from . import _many_seeds as many

PATH = many.HERE / "mushroom_body.json"
PAGE = many.HERE / "mushroom_body.md"
PICTURE = many.HERE / "mushroom_body.png"
WIRINGS = ("larva", "adult, random")
PROTOCOLS = (
    "punished",
    "punished, similar odours",
    "punished, rewired between the same kinds",
    "punished, rewired",
    "unpaired",
    "dopamine rule",
    "dopamine rule, similar odours",
    "dopamine rule, unpaired",
)
COLOURS = ("C0", "C0", "C2", "C4", "C0", "C1", "C1", "C1")
SISTERS = 3
GLOMERULI = 50
KENYON = 2000
CLAWS = 7
OUTPUTS = 34
DENSITY = 0.5
RATE_OF_DOPAMINE = 0.005


def adult(rng: np.random.Generator) -> pd.DataFrame:
    """A table of connections with the adult fly's degrees, as `odours.table` returns
    one."""
    claws = np.argsort(rng.random((KENYON, SISTERS * GLOMERULI)), axis=1)[:, :CLAWS]
    cells, outputs = np.nonzero(rng.random((KENYON, OUTPUTS)) < DENSITY)
    ends = {"P": claws.ravel(), "K": np.repeat(np.arange(KENYON), CLAWS)}
    more = {"K": cells, "O": outputs}
    source, target = (
        np.concatenate([np.char.add(pair[0], pair[1].astype(str)) for pair in both])
        for both in zip(ends.items(), more.items())
    )
    return pd.DataFrame({"source": source, "target": target, "synapses": 1})


def edges_of(
    wiring: str, protocol: str, seed: int, rng: np.random.Generator
) -> pd.DataFrame:
    """The connections of one trial: both sides of the larva take turns."""
    edges = (
        adult(rng) if wiring != "larva" else odours.table(("left", "right")[seed % 2])
    )
    kinds = {f"{end} kind": edges[end].str[0] for end in ("source", "target")}
    edges = edges.assign(**kinds)
    if "rewired" in protocol:
        within = list(kinds) if "same kinds" in protocol else []
        edges = analysis.rewire(edges, within=within, seed=rng)
    return edges


def depress(
    pre: float,
    weight: float,
    modulator: float,
    x: float = trace("pre", 10.0),
    rate: float = 1.0,
) -> float:
    """Dopamine above its usual level weakens the synapses that have been active, in
    proportion to their weight; below it, they recover."""
    return -rate * modulator * weight * (x + pre)


DEPRESSION = Rule(depress, name="depression by dopamine")


def by_dopamine(
    net: synapse.Network, against: np.ndarray
) -> Callable[[list[np.ndarray], np.ndarray], None]:
    """Return a function that learns a trial by the dopamine rule: punishment raises
    dopamine at the output neurons that speak against avoidance, its absence lowers
    it."""
    net.rule = DEPRESSION(rate=RATE_OF_DOPAMINE)
    voltage = net.layers[3]

    def learn(sequences: list[np.ndarray], punished: np.ndarray) -> None:
        for rows, hurts in zip(sequences, punished, strict=True):
            net.clear()
            level = 1.0 if hurts else -1.0
            dopamine = np.tile(against * level, (len(rows), 1))
            net.run(rows, learn=True, modulator={voltage: dopamine})

    return learn


def trial(case: str, seed: int) -> many.Row:
    """The fraction of choices in which the punished odour of a pair is avoided, before
    learning and after each trial."""
    wiring, protocol = case.split(": ")
    rng = np.random.default_rng([seed, WIRINGS.index(wiring)])
    edges = edges_of(wiring, protocol, seed, rng)
    wires = odours.wiring(edges)
    net, side = odours.network(wires, rng)
    sisters = SISTERS if wires.entries == SISTERS * GLOMERULI else 1
    rates = odours.odours(
        2 * odours.PAIRS, wires.entries // sisters, rng, "similar" in protocol
    )
    rates = np.tile(rates, sisters)
    begin = time.process_time()
    if protocol.startswith("dopamine"):
        learn = by_dopamine(net, side < 0)
    else:
        learn = odours.learner(net)
    avoided = [odours.choices(net, rates, rng)]
    for _ in range(odours.TRIALS):
        order = rng.permutation(len(rates))
        punished = order % 2 == 0
        if "unpaired" in protocol:
            punished = rng.permutation(punished)
        learn(odours.sniffs(rates[order], rng), punished)
        avoided.append(odours.choices(net, rates, rng))
    seconds = round(time.process_time() - begin, 1)
    return {
        "seed": seed,
        "avoided": [round(float(part.mean()), 4) for part in avoided],
        "trainable": sum(link.trainable for link in net.connections),
        "active": round(odours.active(net, rates, rng), 4),
        "seconds": seconds,
        "command": shlex.join(
            ["python", "-m", "studies", "mushroom_body", *sys.argv[1:]]
        ),
    }


def report(results: dict[str, list[many.Row]]) -> str:
    """The table: means and the lowest and highest seed."""
    shown = (0, 1, 2, 5, odours.TRIALS)
    head = [
        "avoids the punished odour, % after",
        *map(str, shown),
        "active, %",
        "weights",
        "seconds",
    ]
    lines = []
    for case, rows in results.items():
        avoided = 100 * np.array([row["avoided"] for row in rows])[:, shown]
        cells = [
            f"{mean:.0f} ({low:.0f} to {high:.0f})"
            for mean, low, high in zip(avoided.mean(0), avoided.min(0), avoided.max(0))
        ]
        middle = pd.DataFrame(rows)[["active", "trainable", "seconds"]].median()
        more = [f"{100 * middle['active']:.1f}", f"{middle['trainable']:,.0f}"]
        lines.append([case, *cells, *more, f"{middle['seconds']:.1f}"])
    return many.table(head, lines)


def picture(results: dict[str, list[many.Row]], path: Path) -> None:
    """The curves: means over seeds."""
    with draw.style():
        figure, axes = plt.subplots(
            1, 2, figsize=(9, 4), sharey=True, layout="constrained"
        )
        for ax, wiring in zip(axes, WIRINGS):
            for index, protocol in enumerate(PROTOCOLS):
                curves = np.array(
                    [row["avoided"] for row in results[f"{wiring}: {protocol}"]]
                )
                style = "--" if "similar" in protocol else "-"
                if "unpaired" in protocol:
                    style = ":"
                color = COLOURS[index]
                ax.plot(100 * curves.mean(0), style, color=color, label=protocol)
                ax.set(title=wiring, xlabel="trials", ylim=(20, 102))
        axes[0].set_ylabel("avoids the punished odour, %")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        with _files.replacing(path) as file:
            figure.savefig(file, format="png", dpi=110)
        plt.close(figure)


def main(chosen: argparse.Namespace) -> None:
    """Run what is missing, and write the table and the picture."""
    cases = [f"{wiring}: {protocol}" for wiring in WIRINGS for protocol in PROTOCOLS]
    results = many.filled(PATH, cases, chosen.seeds, trial)
    print(report(results))
    many.fill("mushroom_body", report(results), PAGE)
    picture(results, PICTURE)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seeds", type=int, default=10, help="number of seeds (10)")
    main(options.parse_args())
