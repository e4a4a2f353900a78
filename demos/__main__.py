"""``python -m demos``: list the demos, or run one."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from demos import names, summary, task
from demos._common import paragraph

USER_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 for a mistake of the user, which stderr
    explains."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.names:
        print("\n".join(names()))
        return 0
    if options.name is None:
        print(_listing())
        return 0
    if options.name not in names():
        return _refuse(
            f"There is no demo named {options.name!r}. The demos are:"
            f" {', '.join(names())}."
        )
    out = options.out or Path("runs") / options.name
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _refuse(f"Cannot write into {str(out)!r}: {error.strerror}.")
    _run(options.name, options.quick, options.seed, out)
    return 0


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return USER_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demos", description="Run a demo of Synapse."
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="the demo to run; without it, all demos are listed",
    )
    parser.add_argument(
        "--names", action="store_true", help="print the names of the demos only"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a small version that takes seconds"
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="seed of the random numbers (default 0)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder to write to (default runs/NAME)",
    )
    return parser


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise argparse.ArgumentTypeError(
            f"must be a whole number, 0 or above. Got {text!r}."
        )
    return seed


def _listing() -> str:
    width = max(map(len, names()))
    lines = [f"  {name:{width}}  {summary(name)}" for name in names()]
    return "\n".join(["Demos. Run one with: python -m demos NAME", "", *lines])


def _run(name: str, quick: bool, seed: int, out: Path) -> None:
    """Print a demo's task, run it, and print which files it has written."""
    paragraph(task(name))
    demo = importlib.import_module(f"demos.{name}")
    begin = time.perf_counter()
    before = _files(out)
    demo.main(quick=quick, seed=seed, out=out)
    after = _files(out)
    changed = [path.name for path in after if after[path] != before.get(path)]
    written = ", ".join(sorted(changed)) or "nothing"
    seconds = time.perf_counter() - begin
    print(f"\nDone in {seconds:.1f} s. Files written to {out}: {written}.")


def _files(folder: Path) -> dict[Path, int]:
    """The files in a folder, and when each was changed."""
    return {path: path.stat().st_mtime_ns for path in folder.iterdir()}


if __name__ == "__main__":
    sys.exit(main())
