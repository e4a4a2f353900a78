"""``python -m benchmarks`` compares this library with others in one run; see README.md
in this folder."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

from . import instructions, machine, page, report
from .cases import QUICK_ROWS, ROWS, Case
from .peers import FAMILIES, ONE_OF_EACH, PEERS, chosen
from .plan import Plan
from .report import TABLES

QUICK_TABLES = ("steps", "epochs", "calls")


def arguments(words: list[str] | None) -> argparse.Namespace:
    """Parse the arguments; --quick only changes defaults."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog=instructions.HELP
    )
    parser.add_argument("--rows", help=f"networks, by default {','.join(ROWS)}")
    parser.add_argument(
        "--peers", help=f"families or single peers, by default {','.join(FAMILIES)}"
    )
    parser.add_argument(
        "--repeats", type=int, help="number of measurements of every cell; by default 5"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        help="approximate seconds per measurement; by default 0.5",
    )
    parser.add_argument(
        "--cap", type=float, help="time limit of one cell in seconds; by default 60"
    )
    parser.add_argument(
        "--largest",
        type=int,
        help="measure growth up to 10^LARGEST connections, 0 for none; by default 7",
    )
    parser.add_argument(
        "--core", type=int, help="the core to run on; by default the last one"
    )
    parser.add_argument("--only", help=f"tables, by default {','.join(TABLES)}")
    parser.add_argument(
        "--no-install", action="store_true", help="do not install missing npm packages"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small networks, one peer of each family"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for the results; by default that of the instructions in"
        " benchmarks/results",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="keep the tables of OUT/results.json that are not measured now; the page"
        " names the command and the code of those that are",
    )
    parser.add_argument(
        "--page",
        type=Path,
        nargs="*",
        metavar="RESULTS",
        help="measure nothing, but write docs/performance.md, its chart and the figures"
        " of other pages from results.json of one run or of several, which become"
        " columns; by default of each instruction set",
    )
    options = parser.parse_args(words)
    usual = {
        "rows": ",".join(QUICK_ROWS if options.quick else ROWS),
        "repeats": 3 if options.quick else 5,
        "seconds": 0.02 if options.quick else 0.5,
        "cap": 60.0,
        "largest": 4 if options.quick else 7,
        "only": ",".join(QUICK_TABLES if options.quick else TABLES),
        "out": machine.RESULTS / "quick" if options.quick else machine.folder(),
    }
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.only = [name.strip() for name in options.only.split(",")]
    unknown = [name for name in options.only if name not in TABLES]
    if unknown:
        raise SystemExit(
            f"There is no table {unknown[0]!r}. There are: {', '.join(TABLES)}."
        )
    return options


def tell(text: str) -> None:
    """One line of progress."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def measured_again(
    before: dict[str, Any], now: dict[str, Any], names: list[str]
) -> dict[str, Any]:
    """The results of a run before with some tables of another, which name theirs."""
    source = {key: now[key] for key in ("command", "machine")}
    again = before.get("again", {}) | dict.fromkeys(names, source)
    return before | {name: now[name] for name in names} | {"again": again}


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Run, and write JSON, Markdown and plot."""
    options = arguments(words)
    if options.page is not None:
        page.write(options.page)
        return {}
    cases = [Case.named(key) for key in options.rows.split(",")]
    peers = ONE_OF_EACH if options.quick else PEERS
    if options.peers:
        peers = chosen(options.peers)
    before = None
    if options.again:  # read first: a missing file is no matter of half an hour later
        before = page.results_of(options.out / "results.json")
    elif (options.out / "results.json").exists():
        kept = page.results_of(options.out / "results.json")
        lost = [name for name in TABLES if name in kept and name not in options.only]
        if lost:
            raise SystemExit(
                f"{options.out} has tables that are not measured now:"
                f" {', '.join(lost)}. Pass --again to keep them, or another --out."
            )
    options.out.mkdir(parents=True, exist_ok=True)

    # Node's packages are peers of two tables.
    in_node = "steps" in options.only and any(peer.is_node for peer in peers)
    needs_node = in_node or "epochs" in options.only
    if needs_node and not options.no_install:
        problem = machine.install_node_packages()
        if problem:
            tell(f"npm packages: {problem}")

    about = machine.describe(machine.pin(options.core))
    begin = time.monotonic()
    plan = Plan(
        repeats=options.repeats,
        seconds=options.seconds,
        cap=options.cap,
        cases=cases,
        peers=peers,
        largest=options.largest,
        quick=options.quick,
    )
    results: dict[str, Any] = {"command": machine.command(), "machine": about}
    for name in options.only:
        results[name] = TABLES[name].measure(plan, tell)
    if before:
        results = measured_again(before, results, options.only)
    steps = results.get("steps", [])
    results["versions"] = {
        name: v for cell in steps for name, v in cell.get("versions", {}).items()
    }
    about["seconds_in_all"] = round(time.monotonic() - begin)
    about["load_at_end"] = machine.load()
    if steps and importlib.util.find_spec("matplotlib") is None:
        tell("no plot: matplotlib is not installed")
    elif steps:
        from . import plot  # needs matplotlib

        plot.draw(results, options.out / "time_per_step.png")
        results["plot"] = "time_per_step.png"
    if results.get("rtrl") and importlib.util.find_spec("matplotlib"):
        from . import plot

        plot.draw_orders(results["rtrl"]["graphs"], options.out / "rtrl_orders.png")
    report.write(results, options.out)
    tell(f"written to {options.out}")
    return results


if __name__ == "__main__":
    main()
