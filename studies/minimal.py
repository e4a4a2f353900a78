"""Networks that are right for every length: evolved by minimum description length.

    python -m studies minimal          # runs what is missing, writes minimal.md

After Lan, Geyer, Chemla and Katzir 2022: strings of a language are drawn from its
grammar, and evolution looks for the network whose description, with that of the strings
by it, takes the fewest bits. A network is right on a string if, after every symbol, the
share of each symbol that may come next is above that of each one that may not. Beside
it stands an LSTM with the defaults of this library, trained on the same strings.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

import architect
import synapse
from synapse import draw, evolve
from synapse.evolve._kernels.genes import GENE, NODE
from synapse.readwrite import _files

from . import _counters, _many_seeds as many

PATH = many.HERE / "minimal.json"
PAGE = many.HERE / "minimal.md"
CHAMPIONS = many.HERE / "papers" / "minimal"
RUNS = 20
STRINGS = 500
GOES_ON = 0.7
"""Probability of each further pair of letters in the grammars of counting."""
NESTS = 0.3
"""Probability of each further bracket."""
SUMMANDS = 20
"""Sums of all pairs of numbers below this."""
FAR = 10_000
MILLION = 1_000_000
MARGIN = 1e-6
"""By how much the share of a possible symbol must be above that of an impossible
one."""
SQUASHES = ("relu", "identity", "step")
SETTINGS = evolve.Settings(
    fractions=20,
    squashes=SQUASHES,
    threshold=math.inf,
    mutation_only=1.0,
    survival=0.4,
    add_node=0.1,
    remove_node=0.05,
    add_connection=0.2,
    remove_connection=0.15,
    recurrent=0.3,
    delay_connection=0.05,
    add_self_connection=0.05,
    mutate_squash=0.1,
    mutate_weights=0.5,
    perturb=0.7,
)
POPULATION = 500
CELLS = 8
EPOCHS = 100
PASSES = 20
RATE = 1e-5
SMALLEST = 1e-6
LENGTHS = [*range(51), *np.unique(np.geomspace(52, FAR, 40).astype(int)).tolist()]

Text = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Rows of a string, the symbol after each, and which symbols may come there."""


@dataclass(frozen=True)
class Language:
    """A language: its alphabet with # first, how strings are drawn and tested."""

    title: str
    alphabet: str
    draw: Callable[[np.random.Generator], str]
    tests: Callable[[int, np.random.Generator], list[str]]
    may_follow: Callable[[str], Iterator[str]]
    evaluations: int

    @property
    def outputs(self) -> int:
        """Number of outputs of a network."""
        return len(self.alphabet)

    def text(self, string: str) -> Text:
        """A string as rows, symbols and the sets of possible ones."""
        places = [self.alphabet.index(letter) for letter in string]
        rows = np.eye(len(self.alphabet))[[0, *places]]
        may = np.zeros((len(rows), len(self.alphabet)), bool)
        for row, letters in zip(may, self.may_follow(string), strict=True):
            row[[self.alphabet.index(letter) for letter in letters]] = True
        return rows, np.array([*places, 0]), may

    def strings(self, rng: np.random.Generator) -> tuple[list[Text], list[int]]:
        """Different strings that were drawn, and how often."""
        drawn = [self.draw(rng) for _ in range(STRINGS)]
        different = sorted(set(drawn), key=lambda string: (len(string), string))
        return [self.text(string) for string in different], [
            drawn.count(string) for string in different
        ]

    def examples(self, n: int, rng: np.random.Generator) -> list[Text]:
        """Strings of size n for a test."""
        return [self.text(string) for string in self.tests(n, rng)]


class Sums:
    """Binary numbers with the lowest bit first, and the bits of their sum."""

    title = "addition"
    outputs = 1
    evaluations = 500_000

    def text(self, a: int, b: int, bits: int) -> Text:
        """The bits of two numbers, those of their sum, and which are right."""
        rows = np.stack([_digits(a, bits), _digits(b, bits)], axis=1)
        total = _digits(a + b, bits)
        return rows.astype(float), total, np.eye(2, dtype=bool)[total]

    def strings(self, rng: np.random.Generator) -> tuple[list[Text], list[int]]:
        """All sums."""
        bits = (2 * SUMMANDS).bit_length()
        pairs = [(a, b) for a in range(SUMMANDS) for b in range(SUMMANDS)]
        return [self.text(*pair, bits) for pair in pairs], [1] * len(pairs)

    def examples(self, n: int, rng: np.random.Generator) -> list[Text]:
        """Sums of numbers of n bits."""
        several = [((1 << n) - 1, 1)]
        for _ in range(3):
            drawn = ["".join(map(str, rng.integers(0, 2, n))) for _ in range(2)]
            several.append((int("0" + drawn[0], 2), int("0" + drawn[1], 2)))
        return [self.text(*pair, n + 2) for pair in several]


def _digits(number: int, count: int) -> np.ndarray:
    """The lowest bits of a number, from the lowest one on."""
    text = format(number, "b")[::-1].ljust(count, "0")
    return np.array([digit == "1" for digit in text], np.int64)


def _steps(rng: np.random.Generator) -> int:
    return int(rng.geometric(1.0 - GOES_ON)) - 1


def _brackets(rng: np.random.Generator) -> str:
    string = ""
    while rng.random() < NESTS:
        string += "[" + _brackets(rng) + "]"
    return string


def _walk(n: int, rng: np.random.Generator) -> str:
    """A string of brackets of n pairs."""
    string = []
    opened = 0
    closed = 0
    while closed < n:
        opens = opened < n and (opened == closed or rng.random() < 0.5)
        string.append("[" if opens else "]")
        opened += opens
        closed += not opens
    return "".join(string)


def _counting(letters: str) -> Callable[[str], Iterator[str]]:
    """What may follow in strings with the same number of each letter."""

    def follow(string: str) -> Iterator[str]:
        n = len(string) // len(letters)
        yield letters[0] + "#"
        for place in range(1, len(string) + 1):
            block, within = divmod(place - 1, n)
            if block == 0:
                yield letters[:2]
            elif within + 1 < n:
                yield letters[block]
            else:
                yield (letters + "#")[block + 1]

    return follow


def _sum_of_two(string: str) -> Iterator[str]:
    """What may follow in a^n b^m c^(n+m)."""
    yield "ab#"
    left = 0
    for letter in string:
        left += -1 if letter == "c" else 1
        if letter == "c":
            yield "c" if left else "#"
        else:
            yield "abc" if letter == "a" else "bc"


def _closing(string: str) -> Iterator[str]:
    """What may follow in balanced brackets."""
    depth = 0
    yield "[#"
    for letter in string:
        depth += 1 if letter == "[" else -1
        yield "[]" if depth else "[#"


def _equal(letters: str, evaluations: int, title: str) -> Language:
    def word(n: int) -> str:
        return "".join(letter * n for letter in letters)

    return Language(
        title,
        "#" + letters,
        lambda rng: word(_steps(rng)),
        lambda n, rng: [word(n)],
        _counting(letters),
        evaluations,
    )


def _two(n: int, m: int) -> str:
    return "a" * n + "b" * m + "c" * (n + m)


LANGUAGES: dict[str, Language | Sums] = {
    "anbn": _equal("ab", 500_000, "aⁿbⁿ"),
    "anbncn": _equal("abc", 1_200_000, "aⁿbⁿcⁿ"),
    "anbmcnm": Language(
        "aⁿbᵐcⁿ⁺ᵐ",
        "#abc",
        lambda rng: _two(_steps(rng), _steps(rng)),
        lambda n, rng: [_two(n, 0), _two(0, n), _two(n, n), _two(1, n), _two(n, 1)],
        _sum_of_two,
        700_000,
    ),
    "dyck1": Language(
        "Dyck-1",
        "#[]",
        _brackets,
        lambda n, rng: ["[" * n + "]" * n, "[]" * n, _walk(n, rng)],
        _closing,
        300_000,
    ),
    "addition": Sums(),
}


def start(inputs: int, outputs: int) -> evolve.Genome:
    """Every input connected to every output by 1, so that all symbols are as likely."""
    minimal = evolve.Genome.minimal(inputs, outputs, squash="relu", seed=0)
    genes = minimal.genes[minimal.genes["source"] != inputs]
    genome = evolve.Genome(minimal.nodes, genes, inputs, outputs)
    return genome.with_weights(1.0)


def shares(outputs: np.ndarray) -> np.ndarray:
    """Shares of the symbols by outputs, as the objective has them."""
    if outputs.shape[1] == 1:
        one = np.clip(outputs, 0.0, 1.0)
        return np.hstack([1.0 - one, one])
    positive = np.maximum(outputs, 0.0)
    total = positive.sum(axis=1, keepdims=True)
    equal = np.full_like(positive, 1.0 / positive.shape[1])
    return np.divide(positive, total, out=equal, where=total > 0.0)


def is_right(run: Callable[[np.ndarray], np.ndarray], text: Text) -> bool:
    """Whether possible symbols are held more likely than impossible ones throughout."""
    rows, _, may = text
    predicted = shares(run(rows))
    worst = np.where(may, predicted, np.inf).min(axis=1)
    best_of_others = np.where(may, -np.inf, predicted).max(axis=1)
    return bool((worst > best_of_others + MARGIN).all())


def right_up_to(
    run: Callable[[np.ndarray], np.ndarray], language: Language | Sums
) -> int:
    """The largest tested size up to which all strings are right; -1: none."""
    rng = np.random.default_rng(0)
    reached = -1
    for n in LENGTHS:
        texts = language.examples(n, rng) if n or language.outputs > 1 else []
        if not all(is_right(run, text) for text in texts):
            break
        reached = n
    return reached


def fitness_of(language: Language | Sums, seed: int) -> Any:
    """The objective on strings that are drawn by a seed."""
    texts, counts = language.strings(np.random.default_rng(seed))
    return evolve.fitness.description_length(
        [rows for rows, _, _ in texts],
        [symbols for _, symbols, _ in texts],
        language.outputs,
        counts=counts,
        squashes=len(SQUASHES),
    )


def fresh(genome: evolve.Genome) -> Callable[[np.ndarray], np.ndarray]:
    """A run of a genome from an empty context."""

    def run(rows: np.ndarray) -> np.ndarray:
        genome.clear()
        return genome.run(rows)

    return run


def evolve_once(name: str, seed: int) -> dict[str, Any]:
    """One run: what was found, how far it is right, and the network as JSON."""
    language = LANGUAGES[name]
    fitness = fitness_of(language, seed)
    begin = time.process_time()
    result = evolve.neat(
        fitness,
        start=start(fitness.inputs, fitness.outputs),
        settings=SETTINGS,
        population=POPULATION,
        max_evaluations=language.evaluations,
        seed=seed,
        progress=False,
    )
    seconds = time.process_time() - begin
    genome = result.genome
    assert genome is not None
    of_genome, of_text = fitness.bits(genome)
    return {
        "language": name,
        "seed": seed,
        "seconds": seconds,
        "genome_bits": of_genome,
        "text_bits": of_text,
        "hidden": genome.hidden,
        "connections": genome.connections,
        "right": right_up_to(fresh(genome), language),
        "nodes": genome.nodes.tolist(),
        "genes": genome.genes.tolist(),
    }


def train_once(name: str, seed: int) -> dict[str, Any]:
    """An LSTM by the defaults on the same strings, and how far it is right."""
    language = LANGUAGES[name]
    texts, counts = language.strings(np.random.default_rng(seed))
    order = np.repeat(np.arange(len(texts)), counts)
    single = language.outputs == 1
    net = architect.LSTM(
        texts[0][0].shape[1],
        CELLS,
        language.outputs,
        output_squash="logistic" if single else "softmax",
        seed=seed,
    )
    eye = np.eye(max(2, language.outputs))
    inputs = [texts[i][0] for i in order]
    targets = [
        texts[i][1][:, None].astype(float) if single else eye[texts[i][1]]
        for i in order
    ]
    cost = "cross_entropy" if single else "categorical_cross_entropy"
    begin = time.process_time()
    synapse.Trainer(net, cost=cost).train(inputs, targets, epochs=EPOCHS, seed=seed)
    seconds = time.process_time() - begin

    def run(rows: np.ndarray) -> np.ndarray:
        net.clear()
        return net.run(rows, traces=False)

    return {
        "language": name,
        "seed": seed,
        "seconds": seconds,
        "right": right_up_to(run, language),
    }


WORKS = {"evolved": evolve_once, "lstm": train_once}


def run_missing(runs: int, processes: int) -> None:
    """Run what the file does not have; it is written after every run."""
    results = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    os.nice(10)
    with ProcessPoolExecutor(processes) as pool:
        waiting = {}
        for seed in range(runs):
            for work, function in WORKS.items():
                for name in LANGUAGES:
                    known = results.setdefault(work, {}).setdefault(name, {})
                    if str(seed) not in known:
                        future = pool.submit(function, name, seed)
                        waiting[future] = (known, str(seed))
        for future in as_completed(waiting):
            known, seed_text = waiting[future]
            known[seed_text] = future.result()
            _files.write(PATH, json.dumps(results))


# --- champions ------------------------------------------------------------------------


def genome_of(run: dict[str, Any], language: Language | Sums) -> evolve.Genome:
    """The genome of a stored run."""
    nodes = np.array([tuple(row) for row in run["nodes"]], NODE)
    genes = np.array([tuple(row) for row in run["genes"]], GENE)
    inputs = 2 if language.outputs == 1 else language.outputs
    return evolve.Genome(nodes, genes, inputs, language.outputs)


def named(net: synapse.Network, language: Language | Sums) -> synapse.Network:
    """The network with the symbols as names of its inputs and outputs."""
    symbols = language.alphabet if isinstance(language, Language) else "ab"
    for neuron, symbol in zip(net.input, symbols, strict=True):
        neuron.name = symbol
    following = symbols if isinstance(language, Language) else ["sum"]
    for neuron, symbol in zip(net.output, following, strict=True):
        neuron.name = f"next {symbol}"
    hidden = [neuron for layer in net.hidden for neuron in layer]
    for number, neuron in enumerate(hidden, 1):
        neuron.name = f"hidden {number}"
    return net


def proof_of(name: str, net: synapse.Network) -> str:
    """What the proof of a network says: the number of its steps, or why it fails."""
    try:
        if name == "addition":
            return f"{_counters.adds_right(net)} memories"
        return f"{_counters.proved(net, _counters.MACHINES[name])} steps"
    except _counters.NotProvedError as error:
        return f"no: {error}"


def champion_of(name: str, runs: dict[str, Any]) -> dict[str, Any]:
    """The shortest description among those that are proved right, or are right as far
    as was tested.
    """
    far = [run for run in runs.values() if run["right"] == FAR] or list(runs.values())
    language = LANGUAGES[name]
    kept = [
        run
        for run in far
        if proof_of(name, genome_of(run, language).network())[:3] != "no:"
    ]
    return min(kept or far, key=lambda run: run["genome_bits"])


def write_champions(results: dict[str, Any]) -> None:
    """Write the champion of each language, and draw it."""
    CHAMPIONS.mkdir(exist_ok=True)
    for name, runs in results["evolved"].items():
        language = LANGUAGES[name]
        net = named(genome_of(champion_of(name, runs), language).network(), language)
        synapse.save(net, CHAMPIONS / f"{name}.json")
        biases = [f"{n.name} {n.bias:.3g}" for n in net if n.bias]
        axes = draw.network(net, numbers=True)
        axes.set_title(f"{language.title}, biases: {', '.join(biases) or 'none'}")
        axes.figure.savefig(CHAMPIONS / f"{name}.png", dpi=110, bbox_inches="tight")


def learn(name: str, run: dict[str, Any], seed: int = 0) -> dict[str, float]:
    """Go on from a champion by exact gradients of the bits of its strings, step by
    step; returns bits and how far it is right before and after.
    """
    language = LANGUAGES[name]
    genome = genome_of(run, language)
    texts, counts = language.strings(np.random.default_rng(run["seed"]))
    fitness = fitness_of(language, run["seed"])
    net = genome.network()
    net.rule = "rtrl"
    rng = np.random.default_rng(seed)
    order = np.repeat(np.arange(len(texts)), counts)
    for _ in range(PASSES):
        for i in rng.permutation(order).tolist():
            net.clear()
            for row, symbol in zip(texts[i][0], texts[i][1].tolist(), strict=True):
                outputs = net.activate(row)
                net.propagate(RATE, errors=errors_of_share(outputs, symbol))
    of_genome, before = fitness.bits(genome)
    genome.adopt(net)
    _, after = fitness.bits(genome)
    return {
        "before": before,
        "after": after,
        "genome": of_genome,
        "right": right_up_to(fresh(genome), language),
    }


def errors_of_share(outputs: np.ndarray, symbol: int) -> np.ndarray:
    """The derivative of ln(share of a symbol) with respect to the outputs' states.

    Outputs are rectified: those at 0 have no slope, and a share of 0 is as it is.
    """
    if outputs[symbol] <= 0.0:
        return np.zeros(len(outputs))
    errors = np.where(outputs > 0.0, -1.0 / max(outputs.sum(), SMALLEST), 0.0)
    errors[symbol] += 1.0 / max(outputs[symbol], SMALLEST)
    return errors


# --- the page -------------------------------------------------------------------------


def report(results: dict[str, Any]) -> str:
    """The table of the page."""
    lines = [
        "| language | runs right to n = 10,000 | n of the others | bits of the shortest"
        " (network + strings) | units, connections | proved | minutes of a run"
        " | LSTM, right to n = |",
        "| --- | ---: | --- | ---: | ---: | --- | ---: | ---: |",
    ]
    for name, runs in results["evolved"].items():
        language = LANGUAGES[name]
        reached = [run["right"] for run in runs.values()]
        others = sorted(n for n in reached if n < FAR)
        best = champion_of(name, runs)
        genome = genome_of(best, language)
        lstm = [run["right"] for run in results["lstm"][name].values()]
        minutes = np.median([run["seconds"] for run in runs.values()]) / 60.0
        units = genome.hidden + genome.inputs + genome.outputs
        cells = [
            language.title,
            f"{reached.count(FAR)} of {len(reached)}",
            ", ".join(map(str, others)) or "-",
            f"{best['genome_bits']:.0f} + {best['text_bits']:.0f}",
            f"{units}, {genome.connections}",
            proof_of(name, genome.network()),
            f"{minutes:.1f}",
            f"{min(lstm)} to {max(lstm)}" if lstm else "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def report_learning(results: dict[str, Any]) -> str:
    """The table of what exact gradients make of the champions."""
    lines = [
        "| language | bits of the strings before | after | right to n before | after |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, learned in results["learned"].items():
        best = champion_of(name, results["evolved"][name])
        lines.append(
            f"| {LANGUAGES[name].title} | {learned['before']:.1f} |"
            f" {learned['after']:.1f} | {best['right']:,} | {learned['right']:,} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing and write the page."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--runs", type=int, default=RUNS, help=f"seeds ({RUNS})")
    options.add_argument("--processes", type=int, default=2, help="processes (2)")
    options.add_argument(
        "--table", action="store_true", help="only the page, from the existing file"
    )
    chosen = options.parse_args(arguments)
    if not chosen.table:
        run_missing(chosen.runs, chosen.processes)
    results = json.loads(PATH.read_text(encoding="utf-8"))
    write_champions(results)
    rng = np.random.default_rng(0)
    for name, language in LANGUAGES.items():
        net = synapse.load(CHAMPIONS / f"{name}.json")
        run = fresh(evolve.Genome.from_network(net))
        texts = language.examples(MILLION, rng)
        print(name, f"{MILLION:,}", all(is_right(run, text) for text in texts))
    results["learned"] = {
        name: learn(name, champion_of(name, runs))
        for name, runs in results["evolved"].items()
        if name != "addition"
    }
    _files.write(PATH, json.dumps(results))
    page = PAGE.read_text(encoding="utf-8")
    for mark, text in (
        ("table", report(results)),
        ("learning", report_learning(results)),
    ):
        begin = f"<!-- {mark} -->\n"
        before, _, rest = page.partition(begin)
        page = (
            f"{before}{begin}{text}\n<!-- end -->" + rest.partition("<!-- end -->")[2]
        )
    _files.write(PAGE, page)


if __name__ == "__main__":
    main()
