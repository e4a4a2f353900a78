"""Programs in C with a header: several units, in C and C++, in one executable."""

import io
import shutil
from functools import partial
from itertools import product

import numpy as np
import pytest

import architect
from synapse import errors, save
from synapse.readwrite import c_source
from tests.helpers.cases import all_hold, all_refused
from tests.readwrite.learners import graph
from tests.readwrite.programs import WARNINGS, close, expected, random_steps, run

UNIT = """
#include <stdio.h>
#include "net.h"
#include "net.h"
#include "other.h"

#ifdef __cplusplus
extern "C"
#endif
int print_step(PitchNet *net, const double *inputs);

int print_step(PitchNet *net, const double *inputs) {
    double outputs[PITCH_NET_OUTPUTS];
    if (pitch_net_step(net, inputs, outputs) != PITCH_NET_DONE) return 1;
    for (int i = 0; i < PITCH_NET_OUTPUTS; i++) printf("%.17g ", outputs[i]);
    return 0;
}
"""
MAIN = """
#include "net.h"
#include "other.h"

#ifdef __cplusplus
extern "C"
#endif
int print_step(PitchNet *net, const double *inputs);

int main(void) {
    static PitchNet net;
    static Network other;
    static const double rows[][PITCH_NET_INPUTS] = {ROWS};
    BEGIN(&net);
    network_clear(&other);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (print_step(&net, rows[i])) return 1;
    }
    return 0;
}
"""


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_units_share_programs(tmp_path):
    """The source, a unit, and the unit of `main` are each C or C++."""
    compilers = {"gcc": ("-x", "c", "-std=c99"), "g++": ("-x", "c++", "-std=c++11")}
    for name in compilers:
        if not shutil.which(name):
            pytest.skip(f"there is no {name} here")
    mixed = (0, 0, 0, 0), (0, 1, 0, 1), (1, 0, 1, 0), (1, 1, 1, 1)
    save(architect.Perceptron(1, 2, 1, seed=0), tmp_path / "other.c", header=True)
    (tmp_path / "unit.c").write_text(UNIT)

    def check(learn, keep_context):
        net = graph(4)
        net.activate([0.5] * len(net.input))
        named = {"prefix": "pitch_net", "sums": "exact", "header": True}
        save(net, tmp_path / "net.c", learn=learn, keep_context=keep_context, **named)
        rows = random_steps(net, 5)
        begin = "start" if keep_context else "init" if learn else "clear"
        texts = ["{" + ", ".join(map(repr, row)) + "}" for row in rows]
        main = MAIN.replace("ROWS", ", ".join(texts))
        main = main.replace("BEGIN", f"pitch_net_{begin}")
        (tmp_path / "main.c").write_text(main)
        units = [str(tmp_path / name) for name in ("net", "other", "unit", "main")]
        for path, (k, name) in product(units, enumerate(compilers)):
            command = [name, *compilers[name], *WARNINGS]
            run([*command, "-c", f"{path}.c", "-o", f"{path}.{k}.o"])
        if not keep_context:
            net.clear()
        ours = expected(net, rows).ravel()
        for languages in mixed:
            linked = zip(units, languages, strict=True)
            objects = [f"{path}.{language}.o" for path, language in linked]
            run(["g++", *objects, "-o", str(tmp_path / "main"), "-lm"])
            printed = run([str(tmp_path / "main")]).split()
            assert close(np.array(printed, float), ours), languages

    all_hold(check, product((False, True), repeat=2))


def test_both_texts():
    net = architect.Perceptron(2, 3, 1, seed=0)
    source, header = c_source(net, header=True, prefix="pitch")
    assert '#include "pitch.h"' in source
    assert "#ifndef PITCH_H" in header
    assert "{" not in header.replace('extern "C" {', "").replace("enum {", "").replace(
        "typedef struct {", ""
    )
    assert "enum" not in source
    assert "%%" not in source + header + c_source(net)


@pytest.mark.full
def test_what_is_saved_or_refused(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    path = tmp_path / "a name.c"
    write = partial(save, net, header=True)
    write(path)
    assert '#include "a name.h"' in path.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a name.c", "a name.h"]
    before = (tmp_path / "a name.h").read_text()
    calls = [
        (partial(write, path, bound=1.0), errors.ArgumentError, ""),
        (
            partial(write, io.StringIO(), format="c"),
            errors.ArgumentError,
            "two files: pass a path",
        ),
        (
            partial(write, tmp_path / "net.h", format="c"),
            errors.ArgumentError,
            "another suffix than the header",
        ),
        (
            partial(write, tmp_path / 'a"b.c'),
            errors.ArgumentError,
            "a file name that C can include",
        ),
        (
            partial(write, tmp_path / "net.py"),
            errors.ArgumentError,
            "no option 'header'",
        ),
        (
            partial(c_source, net, header="net.h"),
            errors.ArgumentTypeError,
            "True or False",
        ),
        (partial(write, tmp_path / "missing" / "net.c"), OSError, "missing"),
    ]
    all_refused(calls)
    assert (tmp_path / "a name.h").read_text() == before
