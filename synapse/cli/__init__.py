"""The `synapse` command.

::

    synapse info MODEL                               print what a saved model contains
    synapse draw MODEL picture.png                   draw it, or write a page: x.html
    synapse play [MODEL]                             open a page in which it learns
    synapse convert IN OUT                           convert between formats
    synapse train DATA.csv --target COLUMN -o MODEL  learn to predict a column
    synapse update MODEL DATA.csv                    go on learning with new rows
    synapse run MODEL DATA.csv                       predict
    synapse forecast MODEL DATA.csv --steps N        forecast the rows that follow
    synapse compare DATA.csv --target COLUMN         compare methods of forecasting

Exit codes: 0 success, 1 a model or data that cannot be used, 2 wrong usage, 130
interrupted, 141 a pipe closed by its reader. An error is one sentence on stderr.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import io
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn, TextIO, cast

from .. import __version__
from .._checks import suggestion
from .._stderr import Stderr
from ..errors import SynapseError
from .helpers import NEEDS, UsageError, reason, without_vain_advice

FAILED = 1
MISUSED = 2
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for a command that SIGPIPE ended

COMMANDS = {
    **dict.fromkeys(("info", "draw", "play", "convert"), "models"),
    **{name: name for name in ("train", "update", "run", "forecast", "compare")},
}
"""The module of each subcommand, in the order of ``--help``. It contains a function of
this name, and its options in capitals."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the list of all options."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"Wrong usage: {message}. See `{self.prog} --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments after the command's name. Default: the arguments of the process.

    Returns
    -------
    int
        The exit code. Errors are printed as one sentence on stderr.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, with exit code 0.
    """
    words_of_line = sys.argv[1:] if arguments is None else [*arguments]
    with _streams():
        try:
            return _done(_options(words_of_line))
        except UsageError as error:
            return _fail(*_verdict(error))
        except OSError as error:  # of --help, or the reader has closed the pipe
            _give_up_output()
            broken = isinstance(error, BrokenPipeError)
            return BROKEN_PIPE if broken else _fail(*_verdict(error))


@contextmanager
def _streams() -> Iterator[None]:
    """Replace missing and closed streams, and let stdout print codes of characters
    without an encoding. (``print(file=None)`` would print on stdout, and a file that is
    written may become its stderr.)
    """
    before = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as opened:
        for name, mode in ("stdin", "r"), ("stdout", "w"), ("stderr", "w"):
            stream = getattr(sys, name)
            if stream is None or getattr(stream, "closed", False):
                setattr(sys, name, opened.enter_context(Path(os.devnull).open(mode)))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.stderr = cast("TextIO", Stderr())
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _options(words_of_line: list[str]) -> argparse.Namespace:
    """Return the options of a line, with the line."""
    name = next((word for word in words_of_line if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        commands = ", ".join(COMMANDS)
        meant = suggestion(name, COMMANDS)
        raise UsageError(f"Expected a command ({commands}), got {name!r}.{meant}")
    try:
        options = _parser().parse_args(words_of_line)
    except SystemExit:
        sys.stdout.flush()  # --help and --version
        raise
    options.command_line = shlex.join(["synapse", *words_of_line])
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="synapse", description=f"Networks built neuron by neuron. {NEEDS}"
    )
    parser.add_argument("--version", action="version", version=f"synapse {__version__}")
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, home in COMMANDS.items():
        module = importlib.import_module(f".{home}", __name__)
        do = getattr(module, name)
        summary, _, notes = inspect.cleandoc(do.__doc__ or "").partition("\n")
        command = commands.add_parser(name, help=summary, description=summary)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        needs = f"\n\n{NEEDS}" if home == name else ""  # they read tables
        command.epilog = notes.strip() + needs
        for flags, settings in getattr(module, name.upper()).items():
            command.add_argument(*flags.split(), **settings)
        command.set_defaults(do=do)
    return parser


def _done(options: argparse.Namespace) -> int:
    """Run the subcommand; return the exit code."""
    try:
        with warnings.catch_warnings():
            # those of one package about another are for their authors
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.showwarning = lambda message, *_: print(
                f"synapse: warning: {message}", file=sys.stderr
            )
            if os.environ.get("SYNAPSE_CPU"):  # it is checked before a table is read
                from ..engine.language.machine import processor

                processor()
            code = options.do(options)
            sys.stdout.flush()
            return code or 0
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as error:
        return _fail(
            " ".join(["Interrupted.", *getattr(error, "__notes__", ())]), INTERRUPTED
        )
    except Exception as error:
        if options.debug:
            raise
        if isinstance(error, OSError) and error.filename is None:
            _give_up_output()
        message, code = _verdict(error)
        return _fail(without_vain_advice(message, vars(options)), code)


def _verdict(error: Exception) -> tuple[str, int]:
    """Return the message for an error, and the exit code."""
    if isinstance(error, SynapseError):
        return " ".join(str(error).split()), (
            MISUSED if isinstance(error, UsageError) else FAILED
        )
    if isinstance(error, OSError):
        name = "The output" if error.filename is None else repr(error.filename)
        return f"{name} cannot be used: {reason(error)}", FAILED
    message = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return (
            f"There is not enough memory for this{': ' if message else ''}{message}.",
            FAILED,
        )
    message = f"{type(error).__name__}: {message}"
    return (
        (
            f"This is a bug ({message}). Please report it with the output of `synapse"
            " --debug`."
        ),
        FAILED,
    )


def _give_up_output() -> None:
    """Discard output that could not be printed, because Python would otherwise try
    again when it ends.
    """
    with suppress(OSError):  # it may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    print(f"synapse: {message}", file=sys.stderr)
    return code
