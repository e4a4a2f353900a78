"""The bytes that a program in C states are what compilers measure."""

import itertools
import re
import shutil
from functools import cache

import pytest

import architect
from synapse.readwrite import c_source
from tests.helpers.cases import all_hold

from .learners import graph
from .programs import STRICT, run

CALL = 8
"""Bytes of a return address."""
RULES = ("online", "rtrl", None)
"""None: the program does not learn."""


def lstm():
    return architect.LSTM(8, 16, 1, style="synaptic", seed=0)


def measured(source, folder, flag):
    """The largest frame of a function, and the deepest stack of a call, in bytes; the
    size of an instance is checked."""
    compiler = shutil.which("gcc") or pytest.skip("there is no GCC here")
    path = folder / "program.c"
    # An array of a negative length does not compile.
    [instance] = re.findall(r"(\d+) bytes an instance", source)
    size_check = f"typedef char stated[sizeof(Network) == {instance} ? 1 : -1];\n"
    path.write_text(source + size_check, encoding="utf-8")
    asked = ["-fstack-usage", "-fcallgraph-info=su"]
    command = [compiler, *STRICT, flag, *asked, "-c", str(path), "-o"]
    run([*command, str(folder / "program.o")])
    usage = (folder / "program.su").read_text().splitlines()
    graph_of_calls = (folder / "program.ci").read_text()
    frames = {
        title: int(size)
        for title, size in re.findall(
            r'title: "([^"]*)" label: "[^"]*?(\d+) bytes', graph_of_calls
        )
    }
    called = re.findall(r'sourcename: "([^"]*)" targetname: "([^"]*)"', graph_of_calls)

    @cache
    def depth(title):
        deeper = (depth(callee) for caller, callee in called if caller == title)
        return frames.get(title, 0) + CALL + max(deeper, default=0)

    return max(int(line.split("\t")[1]) for line in usage), max(map(depth, frames))


def check_all(folder, cases):
    """No function, and no call of one, needs more stack than the program states."""

    def check(make, rule, dtype, flag):
        net = make()
        if rule:
            net.rule = rule
        source = c_source(net, learn=bool(rule), dtype=dtype)
        stated = re.search(r"at most (\d+) of stack in a call", source)[1]
        largest, deepest = measured(source, folder, flag)
        assert largest <= deepest <= int(stated)

    every = itertools.product(cases, RULES)
    all_hold(check, [(make, rule, *how) for (make, *how), rule in every])


@pytest.mark.compiler
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_the_sizes_of_other_networks(tmp_path):
    makers = [
        lstm,
        lambda: architect.Perceptron(2, 3, 1, seed=0),
        lambda: architect.Elman(7, 15, 7, seed=0),
        *(lambda seed=seed: graph(seed) for seed in range(8)),
    ]
    dtypes = itertools.cycle(("float32", "float64"))
    check_all(tmp_path, zip(makers, dtypes, itertools.cycle(("-O1", "-O2", "-Os"))))


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_instances_and_the_stack_have_the_stated_sizes(tmp_path):
    tied = 7
    check_all(
        tmp_path, [(lstm, "float32", "-O2"), (lambda: graph(tied), "float64", "-Os")]
    )
