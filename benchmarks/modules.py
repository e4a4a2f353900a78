"""The modules of ``to_torch`` against the modules of PyTorch itself, and against loops
of dense products written by hand where it has none.

``python -m benchmarks.modules '{"seconds": 0.2, "repeats": 5}'`` runs the measurement:
float32, batch 32 (or ``"batch"``), sequences of 50 (or ``"steps"``), one thread, µs of
processor time a step and sequence. With ``"device": "cuda"``, modules, peers and data
are on the GPU, and the time is that of the clock until the GPU has finished; then the
largest differences of outputs and gradients between GPU and CPU are printed, too, with
and without the rounded products (TF32) that cuDNN uses by default."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from . import child
from .comparison import Comparison
from .markdown import multiple, number, table
from .plan import Plan, Tell

TITLE = "Modules of `to_torch`, µs per time step and sequence"

BATCH = 32
STEPS = 50
CPU = "cpu"
SIZES = ((30, 72, 30), (100, 100, 20))
FORWARD = "forward"
TRAINING = "forward and backward"


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure each module and its peer in alternation, in a process of its own."""
    sizes = SIZES[:1] if plan.quick else SIZES
    spec = {"seconds": plan.seconds, "repeats": plan.repeats, "sizes": sizes}
    news = child.ask("benchmarks.modules", spec, 600)
    for row in news.get("rows", []):
        tell(
            f"{row['name']}, {row['work']}: {row['ours']:.3g} µs, {row['peer']}"
            f" {row['theirs']:.3g} µs"
        )
    return news


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """An exported module beside PyTorch's own, or a loop written by hand."""
    return [
        Comparison(
            f"{row['name']}, {row['work']}",
            row["ours"],
            row["peer"].strip("`"),
            row["theirs"],
        )
        for row in results.get("rows", [])
    ]


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns."""
    lines = [
        [
            f"{row['name']}, {row['work']}",
            number(row["ours"]),
            row["peer"],
            number(row["theirs"]),
            number(row["ours"] / row["theirs"]),
        ]
        for row in results.get("rows", [])
    ]
    return [
        table(
            [
                "network, work",
                "module of `to_torch`",
                "peer",
                "peer's time",
                "module / peer",
            ],
            lines,
        )
    ]


def text_of_gpu(results: dict[str, Any]) -> str:
    """The table of the results of two batches on a GPU, a row for each network, and how
    far its numbers are from those of the CPU."""
    batches = results["batches"]
    header = ["", "peer"]
    networks: dict[tuple[str, str], list[str]] = {}
    for work in dict.fromkeys(row["work"] for row in next(iter(batches.values()))):
        for batch, rows in batches.items():
            header += [f"{work}, batch {batch}"]
            for row in (row for row in rows if row["work"] == work):
                ratio = multiple(row["theirs"] / row["ours"])
                networks.setdefault((row["name"], row["peer"]), []).append(ratio)
    lines = [[*names, *ratios] for names, ratios in networks.items()]
    exact, rounded = (
        [max(column) for column in zip(*results[key].values(), strict=True)]
        for key in ("agreement without TF32", "agreement")
    )
    return table(header, lines) + (
        "\nIf `torch.backends.cudnn.allow_tf32` is False, outputs on the GPU and on"
        f" the CPU differ by at most {bound(exact[0])}, and gradients by at most"
        f" {bound(exact[1])} of the largest gradient. By default, however, cuDNN rounds"
        " the factors of products (TF32) in `nn.LSTM`, `nn.GRU` and `nn.RNN`. The"
        f" outputs then differ by at most {bound(rounded[0])}, and the gradients by"
        f" {bound(rounded[1])}.\n"
    )


def bound(value: float) -> str:
    """A number rounded up to one digit, so that it is at least the value."""
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit) * unit:.1g}"


def pairs(
    sizes: tuple[int, int, int],
) -> dict[str, tuple[Any, str, list[Any], Callable[[Any], Any]]]:
    """By network: the network, the peer's name, the peer's parameters, and the peer's
    function."""
    import torch

    import architect

    n, h, m = sizes

    def weights(*shape: int) -> Any:
        return torch.nn.Parameter(0.1 * torch.randn(*shape))

    def with_head(recurrent: Any) -> tuple[list[Any], Callable[[Any], Any]]:
        head = torch.nn.Linear(h, m)
        parameters = [*recurrent.parameters(), *head.parameters()]
        return parameters, lambda x: torch.sigmoid(head(recurrent(x)[0]))

    linears = torch.nn.Sequential(
        torch.nn.Linear(n, h),
        torch.nn.Sigmoid(),
        torch.nn.Linear(h, m),
        torch.nn.Sigmoid(),
    )

    into = weights(n, 4 * h)
    within = weights(h, 4 * h)
    out = weights(h, m)
    bias = weights(4 * h)
    ends = weights(m)
    peepholes = weights(3, h)

    def elman(x: Any) -> Any:
        state = x.new_zeros(len(x), h)
        outputs = []
        recurrent = within[:, :h]
        for row in x.unbind(1):
            state = torch.sigmoid(
                torch.addmm(bias[:h], row, into[:, :h]) + state @ recurrent
            )
            outputs.append(torch.sigmoid(torch.addmm(ends, state, out)))
        return torch.stack(outputs, 1)

    def peephole(x: Any) -> Any:
        hidden = x.new_zeros(len(x), h)
        cell = x.new_zeros(len(x), h)
        outputs = []
        for row in x.unbind(1):
            i, f, o, g = (torch.addmm(bias, row, into) + hidden @ within).split(h, 1)
            i = torch.sigmoid(i + peepholes[0] * cell)
            f = torch.sigmoid(f + peepholes[1] * cell)
            cell = f * cell + i * torch.tanh(g)
            hidden = torch.sigmoid(o + peepholes[2] * cell) * torch.tanh(cell)
            outputs.append(torch.sigmoid(torch.addmm(ends, hidden, out)))
        return torch.stack(outputs, 1)

    name = "-".join(map(str, sizes))
    ours = [into, within, out, bias, ends, peepholes]
    by_hand = "loop by hand"

    def lstm_net(**options: Any) -> Any:
        return architect.LSTM(
            *sizes, style="standard", dtype="float32", seed=0, **options
        )

    return {
        f"LSTM {name}": (
            lstm_net(),
            "`nn.LSTM`",
            *with_head(torch.nn.LSTM(n, h, batch_first=True)),
        ),
        f"peephole LSTM {name}": (
            lstm_net(peepholes="one_to_one"),
            by_hand,
            ours,
            peephole,
        ),
        f"GRU {name}": (
            architect.GRU(*sizes, dtype="float32", seed=0),
            "`nn.GRU`",
            *with_head(torch.nn.GRU(n, h, batch_first=True)),
        ),
        f"Elman {name}, tanh": (
            architect.Elman(
                *sizes,
                squash="tanh",
                output_squash="logistic",
                dtype="float32",
                seed=0,
            ),
            "`nn.RNN`",
            *with_head(torch.nn.RNN(n, h, batch_first=True)),
        ),
        f"Elman {name}, logistic": (
            architect.Elman(*sizes, dtype="float32", seed=0),
            by_hand,
            ours,
            elman,
        ),
        f"perceptron {name}": (
            architect.Perceptron(*sizes, dtype="float32", seed=0),
            "`nn.Linear`",
            list(linears.parameters()),
            linears,
        ),
    }


def works(
    call: Callable[[Any], Any], parameters: list[Any], x: Any
) -> dict[str, Callable[[], Any]]:
    """What is timed of one module."""
    import torch

    def forward() -> None:
        with torch.no_grad():
            call(x)

    def training() -> None:
        for parameter in parameters:
            parameter.grad = None
        call(x).square().sum().backward()

    return {FORWARD: forward, TRAINING: training}


def rows_of(
    sizes: tuple[int, int, int],
    batch: int,
    steps: int,
    seconds: float,
    repeats: int,
    device: str,
) -> list[dict[str, Any]]:
    """The rows of networks of these sizes, for batches of so many sequences and
    steps."""
    import torch

    import synapse

    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_default_device(device)
    x = torch.rand(batch, steps, sizes[0])
    rows = []
    for name, (net, peer, parameters, theirs) in pairs(sizes).items():
        module = synapse.to_torch(net).to(device)
        both = works(module, list(module.parameters()), x), works(theirs, parameters, x)
        for work in (FORWARD, TRAINING):
            calls = [side[work] for side in both]
            times = _alternating(calls, seconds, repeats, device)
            ours, other = (
                statistics.median(column) / batch / steps * 1e6 for column in times
            )
            rows.append(
                {
                    "name": name,
                    "work": work,
                    "ours": ours,
                    "peer": peer,
                    "theirs": other,
                }
            )
    return rows


def _alternating(
    calls: list[Callable[[], Any]], seconds: float, repeats: int, device: str
) -> list[list[float]]:
    """Seconds of each call, several times in turn: of the processor, or until the GPU
    has finished."""
    clock, finish = time.process_time, _nothing
    if device != CPU:
        import torch

        clock, finish = time.perf_counter, torch.cuda.synchronize
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, column in zip(calls, times, strict=True):
            finish()
            loops = 0
            begin = clock()
            while loops == 0 or clock() - begin < seconds:
                call()
                finish()
                loops += 1
            column.append((clock() - begin) / loops)
    return times


def agreement(sizes: tuple[int, int, int], device: str) -> dict[str, list[float]]:
    """By network: the largest differences of an output and of a gradient between the
    device and the CPU, those of gradients as parts of the largest gradient."""
    import torch

    import synapse

    torch.manual_seed(0)
    torch.set_default_device(CPU)
    x = torch.rand(BATCH, STEPS, sizes[0])
    differences = {}
    for name, (net, *_) in pairs(sizes).items():
        results = []
        for where in (CPU, device):
            module = synapse.to_torch(net).to(where)
            outputs = module(x.to(where))
            outputs.square().mean().backward()
            gradients = [
                parameter.grad.to(CPU)
                for parameter in module.parameters()
                if parameter.grad is not None
            ]
            results.append((outputs.detach().to(CPU), gradients))
        (outputs, gradients), (others, other_gradients) = results
        largest = max(gradient.abs().max().item() for gradient in gradients)
        pairs_of_gradients = zip(gradients, other_gradients, strict=True)
        differences[name] = [
            (outputs - others).abs().max().item(),
            max((a - b).abs().max().item() for a, b in pairs_of_gradients) / largest,
        ]
    return differences


def _nothing() -> None:
    """A processor has finished when a call returns."""


def main() -> None:
    spec = json.loads(sys.argv[1])
    device = spec.get("device", CPU)
    rows = []
    for sizes in spec.get("sizes", SIZES):
        rows += rows_of(
            tuple(sizes),
            spec.get("batch", BATCH),
            spec.get("steps", STEPS),
            spec["seconds"],
            spec["repeats"],
            device,
        )
    results: dict[str, Any] = {"rows": rows}
    if device != CPU:
        import torch

        for key, is_rounded in (("agreement", True), ("agreement without TF32", False)):
            torch.backends.cudnn.allow_tf32 = is_rounded
            results[key] = {
                name: differences
                for sizes in spec.get("sizes", SIZES)
                for name, differences in agreement(tuple(sizes), device).items()
            }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
