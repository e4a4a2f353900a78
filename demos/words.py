"""Words: a network learns the words and classes of a stream as they come.

    python -m demos words

Task: Tell from the words of a line of code which module of Python's library it is from.
Nobody says beforehand which words and which modules there are: modules join one by one.

A word that is new takes an input that is there, and a new module gets an output; a line
takes time for its own words, however many there have been. It needs River."""

from __future__ import annotations

import re
import sysconfig
import time
from pathlib import Path

import numpy as np
from river import linear_model, multiclass

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.river import NetworkClassifier

LIBRARY = Path(sysconfig.get_path("stdlib"))
MODULES = (
    *("decimal", "statistics", "tarfile", "turtle"),
    *("argparse", "threading", "ipaddress", "doctest"),
)
FILES = {"decimal": "_pydecimal"}
"""Modules that are written in another file."""


def words_of(line: str) -> dict[str, int]:
    """The words of a line, each with the value 1."""
    return dict.fromkeys(re.findall(r"[A-Za-z_]{2,}", line.lower()), 1)


def stream(rng: np.random.Generator, modules: list[str]) -> list[tuple[dict, str]]:
    """Lines with two words or more, in random order; each module joins later than the
    one before.
    """
    lines = []
    for number, module in enumerate(modules):
        path = LIBRARY / f"{FILES.get(module, module)}.py"
        found = map(words_of, path.read_text("utf-8").splitlines())
        known = [words for words in found if len(words) > 1]
        times = rng.uniform(number / (len(modules) + 1), 1.0, len(known))
        lines += [(when, words, module) for when, words in zip(times, known)]
    return [(words, module) for _, words, module in sorted(lines, key=lambda x: x[0])]


def followed(model, lines, every: int = 0) -> np.ndarray:
    """Whether the module of each line was predicted before it was learned; prints every
    so many lines what the model is by then.
    """
    right = []
    seen: set[str] = set()
    begun = time.process_time()
    for number, (words, module) in enumerate(lines, 1):
        right.append(model.predict_one(words) == module)
        model.learn_one(words, module)
        if every:
            seen.update(words)
            if number % every == 0:
                spent = 1e6 * (time.process_time() - begun) / every
                modules = len(model.predict_proba_one(words))
                print(
                    f"{number:7} lines {len(seen):6} words {modules:3} modules"
                    f" {np.mean(right[-every:]):7.0%} right {spent:6.0f} µs a line"
                )
                begun = time.process_time()
    return np.array(right)


def telling(network, module: str, count: int = 6) -> list[str]:
    """The words whose direct connections speak most for a module."""
    output = next(neuron for neuron in network.output if neuron.name == module)
    by_word = {
        neuron.name.removesuffix(" present"): neuron.connection_to(output).weight
        - np.mean([neuron.connection_to(other).weight for other in network.output])
        for neuron in network.input
        if neuron.name.endswith(" present")
    }
    return sorted(by_word, key=by_word.get, reverse=True)[:count]


@with_pyplot
def picture(plt, curves, joined, path):
    """The moving fraction of right predictions, and when modules joined."""
    figure, axes = plt.subplots(figsize=(8, 3.4))
    width = max(1, len(joined[1]) // 25)
    kernel = np.ones(width) / width
    colors = (ink.BLUE, ink.GRAY)
    for (name, right), color in zip(curves.items(), colors):
        mean = np.convolve(right, kernel, mode="valid")
        axes.plot(np.arange(width, len(right) + 1), mean, color=color, label=name)
    labels = np.array(joined[1])
    for module in joined[0]:
        first = int(np.argmax(labels == module))
        axes.axvline(first, color=ink.GRAY, lw=0.5, ls=":")
        axes.annotate(
            module,
            (first, 0.02),
            xytext=(2, 0),
            textcoords="offset points",
            rotation=90,
            fontsize=7,
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    axes.set(xlabel="lines", ylabel=f"right, of {width} lines", ylim=(0, 1))
    axes.legend(loc="lower right", frameon=False)
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    modules = MODULES[:3] if quick else MODULES
    lines = stream(np.random.default_rng(seed), modules)
    labels = [module for _, module in lines]
    heading("1. Words and modules come")
    model = NetworkClassifier(hidden=16, seed=seed)
    right = followed(model, lines, every=max(1, len(lines) // 10))

    heading("2. Beside a linear model")
    linear = multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    theirs = followed(linear, lines)
    print(f"network {right.mean():.1%} right, linear {theirs.mean():.1%}")
    check("the network predicts more modules", right.mean() > theirs.mean())

    heading("3. What single words say")
    network = model.network
    print(f"{network!r}: an input for each word.\n")
    for module in modules:
        print(f"  {module:11} {', '.join(telling(network, module))}")
    known = sum(neuron.name.endswith(" present") for neuron in network.input)
    check("most words have one input", known > 0.9 * len(network.input))
    curves = {"network": right, "linear": theirs}
    picture(curves, (modules, labels), out / "words.png")
    lesson(
        f"{right.mean():.0%} of {len(lines)} lines were predicted before they were"
        f" learned, of {len(modules)} modules that came one after the other, with"
        f" {len(network.input)} words that nobody had listed."
    )
