"""The text of a Python or JavaScript program that learns by the online rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ..._cost import Cost
from ..._squash import LARGEST, SHARES, SINGLE
from ...engine.lowering import flags as mark
from ...errors import FormatError
from ...objects.network import Network
from ...objects.saved import SavedNetwork
from ...objects.sensitivities import RTRL
from .._codegen import Language, free_name, function, helped
from .._formulas import kind_of
from .._loops import identifier, lines
from .c_source import (
    COST_NUMBERS,
    both_of_squash,
    filled,
    heading_of,
    signal_of_cost,
)
from .tables import Tables


class Texts(NamedTuple):
    """What the programs of a language have besides its template: how a squash fires, by
    kind, and the signals of a cost and of softmax outputs.
    """

    fires: dict[str, str]
    signals: str
    signals_of_shares: str
    brackets: tuple[str, str]
    none: str
    start: str


BEST = "    best = max(range(len(states)), key=states.__getitem__)\n"
RANGE = """def signals_of(targets, outputs, slopes):
    \"\"\"The error signal -dE/ds of each output; 0 without a target.\"\"\"
    aimed = [target for target in targets if not isnan(target)]
    if not aimed:
        raise ValueError("Expected a target for some output, got %r." % (targets,))
    if not all(LOW <= target <= HIGH and isfinite(target) for target in aimed):
        raise ValueError("Expected targets from LOW to HIGH, got %r." % (targets,))
    if not all(map(isfinite, outputs)):
        raise ValueError("The outputs are not finite: %r." % (outputs,))
"""
OF_PYTHON = Texts(
    fires={
        SINGLE: """def fire_NAME(states):
    both = [squash_NAME(s) for s in states]
    return [value for value, _ in both], [slope for _, slope in both]""",
        LARGEST: f"""def fire_NAME(states):
{BEST}    value, slope = squash_NAME(states[best])
    at_best = [float(j == best) for j in range(len(states))]
    values = [value if one else 0.0 for one in at_best]
    return values, [slope * one for one in at_best]""",
        SHARES: f"""def fire_NAME(states):
{BEST}    powers = [exp(s - states[best]) for s in states]
    total = sum(powers)
    values = [power / total for power in powers]
    return values, [value * (1.0 - value) for value in values]""",
    },
    signals=RANGE
    + """    return [
        0.0 if isnan(target) else weight * signal(target, output, slope, SIZE)
        for target, output, slope, weight in zip(targets, outputs, slopes, COST_WEIGHTS)
    ]""",
    signals_of_shares=RANGE
    + """    if len(aimed) < OUTPUTS or abs(sum(aimed) - 1.0) > 1e-6:
        raise ValueError(
            "Expected targets of all outputs that add up to 1, got %r." % (targets,)
        )
    total = sum(weight * target for weight, target in zip(COST_WEIGHTS, targets))
    return [
        weight * target - output * total
        for target, output, weight in zip(targets, outputs, COST_WEIGHTS)
    ]""",
    brackets=("(", ")"),
    none="None",
    start="        self.NAME = [\n    VALUES\n        ]\n",
)
BEST_OF_JAVASCRIPT = """function fire_NAME(net, first, last) {
  const value = net.activation, slope = net.slope, state = net.state;
  let best = first;
  for (let j = first; j < last; j++) best = state[j] > state[best] ? j : best;
"""
RANGE_OF_JAVASCRIPT = """\
/** The error signal -dE/ds of each output; 0 without a target. */
function signalsOf(targets, outputs, slopes) {
  const aimed = targets.filter(target => !Number.isNaN(target));
  if (!aimed.length) {
    throw new RangeError(`Expected a target for some output, got ${targets}.`);
  }
  const inRange = target => target >= LOW && target <= HIGH && Number.isFinite(target);
  if (!aimed.every(inRange)) {
    throw new RangeError(`Expected targets from LOW to HIGH, got ${targets}.`);
  }
  if (!outputs.every(Number.isFinite)) {
    throw new RangeError(`The outputs are not finite: ${outputs}.`);
  }
"""
OF_JAVASCRIPT = Texts(
    fires={
        SINGLE: """function fire_NAME(net, first, last) {
  for (let j = first; j < last; j++) {
    [net.activation[INPUTS + j], net.slope[j]] = squash_NAME(net.state[j]);
  }
}""",
        LARGEST: BEST_OF_JAVASCRIPT
        + """  const [largest, steepness] = squash_NAME(state[best]);
  for (let j = first; j < last; j++) {
    value[INPUTS + j] = j === best ? largest : 0;
    slope[j] = j === best ? steepness : 0;
  }
}""",
        SHARES: BEST_OF_JAVASCRIPT
        + """  let total = 0;
  for (let j = first; j < last; j++) {
    value[INPUTS + j] = Math.exp(state[j] - state[best]);
    total += value[INPUTS + j];
  }
  for (let j = first; j < last; j++) {
    value[INPUTS + j] /= total;
    slope[j] = value[INPUTS + j] * (1 - value[INPUTS + j]);
  }
}""",
    },
    signals=RANGE_OF_JAVASCRIPT
    + """  return targets.map((target, o) => {
    if (Number.isNaN(target)) return 0;
    return COST_WEIGHTS[o] * signal(target, outputs[o], slopes[o], SIZE);
  });
}""",
    signals_of_shares=RANGE_OF_JAVASCRIPT
    + """  const sum = aimed.reduce((a, b) => a + b, 0);
  if (aimed.length < OUTPUTS || Math.abs(sum - 1) > 1e-6) {
    throw new RangeError(
      `Expected targets of all outputs that add up to 1, got ${targets}.`);
  }
  const total = targets.reduce((all, target, o) => all + COST_WEIGHTS[o] * target, 0);
  return targets.map((target, o) => COST_WEIGHTS[o] * target - outputs[o] * total);
}""",
    brackets=("[", "]"),
    none="null",
    start="    this.NAME.set([\n    VALUES\n    ]);\n",
)
TEXTS = {"python": OF_PYTHON, "javascript": OF_JAVASCRIPT}


def interpreted_learner(
    network: Network,
    saved: SavedNetwork,
    language: Language,
    *,
    prefix: str,
    cost: Cost,
    bound: float | None,
    keep_context: bool,
) -> str:
    """Return a program in Python or JavaScript that learns by the online rule. `saved`
    has the columns of the network.
    """
    _require_online(network, language)
    texts = TEXTS[language.key]
    tables = Tables(network.clone())
    functions = [_squash(language, texts, name, saved) for name in tables.squashes]
    signal, shares, probabilities = signal_of_cost(cost, language)
    size = 1 if cost.name == "cross_entropy" else tables.outputs
    signals = texts.signals_of_shares if shares else texts.signals
    infinity = language.calls["inf"]
    low, high = ("0.0", "1.0") if probabilities else (f"-{infinity}", infinity)
    signals = signals.replace("LOW", low).replace("HIGH", high)
    formula = function(language, "signal", signal, COST_NUMBERS)
    weight = tables.column("weight")
    begin, end = texts.brackets
    fires = [
        f"{begin}{i}, {j}, fire_{identifier(name)}{end}" for i, j, name in tables.fires
    ]
    parts = {
        **_of_tables(tables, texts, language),
        "heading": heading_of(saved, language),
        "type": free_name(language, prefix),
        "fires": lines(fires),
        "start": _start(tables, texts, language) if keep_context else "",
        "bound": texts.none if bound is None else repr(bound),
        "fixed": _numbers(language, weight[tables.fixed_weights]),
        "first_weights": _numbers(language, weight[tables.learning_weights]),
        "functions": "\n\n\n".join(
            (*helped(language, [*functions, formula]), *functions)
        ),
        "signal": ("" if shares else f"{formula}\n\n\n")
        + signals.replace("SIZE", repr(float(size))),
    }
    return filled(f"learner{language.suffix}.in", parts)


def _require_online(network: Network, language: Language) -> None:
    """Raise FormatError if the network learns by another rule."""
    if network.rule.name == RTRL:
        raise FormatError(
            f"Programs in {language.name} learn by the online rule, and the network's"
            " is rtrl. Write it in C, or set the learning rule of a copy to 'online'."
        )


def _of_tables(tables: Tables, texts: Texts, language: Language) -> dict[str, object]:
    """Return the tables of a program as rows in brackets, -1 for none."""
    begin, end = texts.brackets

    def rows(table: Sequence[Sequence[int]]) -> str:
        numbers = (", ".join(map(str, row)) for row in table)
        return lines([f"{begin}{text}{end}" for text in numbers])

    signs = tables.column("sign")[tables.learning_weights].tolist()
    nodes = [(*row[:-1], row[-1] & ~mark.PLAIN_RUNS) for row in tables.nodes()]
    return {
        "inputs": tables.inputs,
        "outputs": tables.outputs,
        "neurons": tables.neurons,
        "past": tables.past.size,
        "past_first": tables.past.first,
        "past_width": tables.past.width,
        "traces": int(tables.traces[-1]),
        "extended": tables.extended,
        "learned": len(tables.learning_weights),
        "nodes": rows(nodes),
        "runs": rows(tables.runs),
        "listed": lines(list(map(str, tables.listed))),
        "pair_rows": rows(tables.pairs),
        "pulls": lines(list(map(str, tables.pulls))),
        "sets": rows(tables.sets),
        "blocks": rows(tables.blocks),
        "ties": rows(tables.tied(True)[0]),
        "bias_ties": rows(tables.tied(False)[0]),
        "signs": lines(list(map(str, signs))) if tables.signed else "",
        "order": lines(list(map(str, tables.places_in_order.tolist()))),
        "biases": language.table(tables.column("bias")),
        "cost_weights": language.table(
            tables.of_computed("cost_weight")[-tables.outputs :]
        ),
    }


def _start(tables: Tables, texts: Texts, language: Language) -> str:
    """Return assignments of the context at the time of writing."""
    return "".join(
        texts.start.replace("NAME", name).replace("VALUES", language.table(values))
        for name, values in tables.context().items()
        if len(values)
    )


def _numbers(language: Language, values: NDArray[Any]) -> str:
    return language.table(values) if len(values) else ""


def _squash(language: Language, texts: Texts, name: str, saved: SavedNetwork) -> str:
    """Return the functions of one squash, with its slope."""
    fire = texts.fires[kind_of(name)].replace("NAME", identifier(name))
    if kind_of(name) == SHARES:
        return fire
    tree = both_of_squash(name, saved, language)
    formula = function(language, f"squash_{identifier(name)}", tree, ("s",))
    return f"{formula}\n\n\n{fire}"
