"""A network written as Python, C or JavaScript answers there as it does here."""

import itertools
import json
import re
import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, example, settings

import architect
from synapse import Layer, Network, errors, readwrite
from synapse.readwrite._codegen import filled
from tests.helpers.cases import all_hold, all_refused, every_case
from tests.helpers.strategies import SMOOTH, Spec, Twin, given_graphs, specs

from .nets import memory
from .programs import (
    CLEAR,
    FAST_MATH,
    NETS,
    RUNNERS,
    SANITIZED,
    SOURCES,
    WARNINGS,
    close,
    compiled,
    expected,
    programmed,
    random_steps,
    run,
    run_alone,
    run_c,
    run_fast_c,
    run_javascript,
    run_python,
    run_source,
    shaken,
)

SOME = [
    "one clock",
    "in groups",
    "competing",
    "lstm, all links",
    "crowd 0",
    "connected groups 1",
]
languages = pytest.mark.parametrize("language", RUNNERS)


@pytest.mark.full
@pytest.mark.parametrize("run", [run_python, run_alone, run_c, run_javascript])
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_every_step_is_the_network_s_own(tmp_path, run):
    def check(name):
        net = NETS[name]()
        steps = random_steps(net)
        steps.insert(15, CLEAR)
        assert close(run(net, steps, tmp_path), expected(net, steps))

    all_hold(check, [*NETS] if run is run_python else SOME)


BETWEEN_OUTPUTS = Spec(
    inputs=1,
    hidden=0,
    outputs=3,
    squashes=["logistic"] * 4,
    links=[(1, 2, None, False)],
    fixed=set(),
    seed=0,
)


@pytest.mark.full
@given_graphs(specs(most=12))
@example(
    BETWEEN_OUTPUTS
)  # the second output depends on the first one, the third on none
def test_any_graph_in_python(spec):
    net = Twin(spec).net
    steps = random_steps(net)
    there = run_python(net, steps, None)
    here = expected(net, steps)
    assume(np.isfinite(here).all() and np.abs(here).max() < 100)
    assert close(there, here, 1e-10)  # what grows also grows apart


@pytest.mark.compiler
@given_graphs(specs(squashes=SMOOTH, most=12))
@settings(max_examples=25)
def test_any_graph_in_c(spec):
    """Rounding of float32 must not grow by itself: a chaotic network differs from its
    own neighbour."""
    net = Twin(spec).net
    steps = np.array(random_steps(net, 200))
    here = expected(net, steps.tolist())
    net.clear()
    beside = expected(net, (steps * (1 + 1e-7)).tolist())
    assume(
        np.isfinite(here).all()
        and np.abs(here).max() < 100
        and close(beside, here, 1e-6)
    )
    with TemporaryDirectory() as name:
        assert close(run_c(net, steps.tolist(), Path(name)), here, 1e-12)
        assert close(run_fast_c(net, steps.tolist(), Path(name)), here, 1e-5)


@pytest.mark.compiler
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@every_case("name", [name for name in NETS if "crowd" not in name])
def test_fast_sums_of_float32(tmp_path, name):
    net = NETS[name]()
    steps = random_steps(net)
    here = expected(net, steps)
    assert close(run_fast_c(net, steps, tmp_path), here, 1e-5)
    assert close(run_c(net, steps, tmp_path, sums="fast", dtype="float64"), here, 1e-12)


FUNCTIONS = {
    "net_fast_exp(x)": "exp(x)",
    "net_fast_power(x, 1.0f)": "expm1(x)",
    "net_fast_tanh(x)": "tanh(x)",
    "1.0f / (1.0f + net_fast_exp(-x))": "1.0 / (1.0 + exp(-(double)x))",
}
"""The fast functions of float32, and the logistic function that uses them, with the
same in double."""

ERRORS_MAIN = """
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
FAST_EXP
int main(void) {
    double largest = 0.0;
    // to 87, 11 million numbers
    for (uint32_t bits = 0; bits < 0x42ae0000; bits += 97) {
        for (int sign = 0; sign < 2; sign++) {
            const uint32_t signed_bits = bits | (uint32_t)sign << 31;
            float x;
            memcpy(&x, &signed_bits, sizeof x);
            const double exact = TRUE;
            const double error =
                exact == 0.0 ? 0.0 : fabs((FAST_ONE) / exact - 1.0);
            largest = error > largest ? error : largest;
        }
    }
    printf("%g", largest);
    return 0;
}
"""


@pytest.mark.compiler
@pytest.mark.parametrize(
    "flags", [["-O1"], ["-O3", "-march=native", "-ffp-contract=fast"]]
)
def test_the_largest_errors_of_fast_functions(tmp_path, flags):
    for fast, exact in FUNCTIONS.items():
        main = (
            ERRORS_MAIN.replace("FAST_ONE", fast)
            .replace("FAST_EXP", filled("fast.c.in", {"prefix": "net"}))
            .replace("TRUE", exact)
        )
        (tmp_path / "main.c").write_text(main)
        assert 0 < float(run(compiled(tmp_path, *flags))) < 2e-7, fast


def test_programs_in_c_have_two_types_and_two_kinds_of_sums():
    net = architect.Perceptron(1, 2, 1, seed=0)
    types = {
        ("fast", None): "float",
        ("exact", None): "double",
        ("fast", "float64"): "double",
    }
    for (sums, dtype), real in types.items():
        assert f"const {real} *inputs" in SOURCES["c"](net, dtype=dtype, sums=sums)
    net.weights = [1e39, 0, 0, 0]
    refused = [
        ("beyond the range of float32", {}),
        ("`sums` must be 'fast' or 'exact', got 'any'", {"sums": "any"}),
        ("float64 or float32", {"dtype": "float16"}),
        (
            '`dtype` must be float64, got .float32.. Remove it, or set sums="fast"',
            {"sums": "exact", "dtype": "float32"},
        ),
    ]
    all_refused(
        [
            (partial(SOURCES["c"], net, **options), errors.ArgumentError, words)
            for words, options in refused
        ]
    )


ROWS_MAIN = """
#include <stdio.h>
#include <string.h>
#include "program.c"
int main(void) {
    static REAL x[11 * NETWORK_INPUTS];
    static REAL y[11 * NETWORK_OUTPUTS], z[11 * NETWORK_OUTPUTS];
    Network net;
    double number;
    for (int i = 0; i < 11 * NETWORK_INPUTS && scanf("%lf", &number) == 1; i++)
        x[i] = (REAL)number;
    network_clear(&net);
    network_run(&net, x, y, 11);
    network_clear(&net);
    network_run(&net, x, z, 5);
    for (int row = 5; row < 11; row++)
        network_step(&net, x + row * NETWORK_INPUTS, z + row * NETWORK_OUTPUTS);
    for (int i = 0; i < 11 * NETWORK_OUTPUTS; i++) printf("%.17g\\n", (double)y[i]);
    return memcmp(y, z, sizeof y) != 0;
}
"""


@pytest.mark.full
@pytest.mark.parametrize("sums", ["exact", "fast"])
def test_inputs_of_several_rows_are_added_at_once(tmp_path, sums):
    """However many: the rows of one call have the bits of single steps."""
    real, tolerance = ("double", 1e-12) if sums == "exact" else ("float", 1e-5)
    (tmp_path / "main.c").write_text(ROWS_MAIN)
    for net in (
        architect.LSTM(67, 19, 2, seed=1),  # no whole blocks, of both
        architect.Perceptron(37, 19, 8, 3, seed=1),
        architect.GRU(40, 8, 1, seed=1),
    ):
        steps = random_steps(net, 11)
        source = SOURCES["c"](net, sums=sums)
        assert "row += 4" in source
        (tmp_path / "program.c").write_text(source, encoding="utf-8")
        program = compiled(tmp_path, f"-DREAL={real}", "-O1", *SANITIZED)
        printed = run(program, " ".join(map(repr, itertools.chain(*steps))))
        outputs = np.array(printed.split(), float).reshape(11, -1)
        assert close(outputs, expected(net, steps), tolerance)


@pytest.mark.full
@languages
def test_a_program_begins_cleared_or_with_the_context(tmp_path, language):
    net = shaken(architect.LSTM(2, 5, 3, style="synaptic"), width=0.5)
    net.run(random_steps(net, seed=1))
    steps = random_steps(net, 5)
    cleared, going_on = (
        RUNNERS[language](net, steps, tmp_path, context) for context in (False, True)
    )
    after = RUNNERS[language](net, [CLEAR, *steps], tmp_path, True)
    assert close(going_on, net.run(steps))
    net.clear()
    assert close(np.array([cleared, after]), np.array([net.run(steps)] * 2))
    assert not close(cleared, going_on, 1e-6)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_programs_stay_within_their_arrays(tmp_path):
    """Under the sanitizers, with both kinds of sums."""

    def check(name):
        net = NETS[name]()
        steps = random_steps(net, 5)
        for sums in ("fast", "exact"):
            there = run_c(net, steps, tmp_path, flags=SANITIZED, sums=sums)
            assert close(there, expected(net, steps), 1e-5)
            net.clear()

    all_hold(check, SOME)


REFUSED_MAIN = """
#include <stdio.h>
#include "program.c"

int main(void) {
    static Network net;
    REAL inputs[8 * NETWORK_INPUTS], outputs[8 * NETWORK_OUTPUTS];
    const REAL bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 8 * NETWORK_INPUTS; i++) inputs[i] = (REAL)(i % 5) / 4;
    network_clear(&net);
    if (network_run(&net, inputs, outputs, 8) != NETWORK_DONE) return 1;
    for (int k = 0; k < 4; k++) {
        const Network before = net;
        const REAL held = inputs[5 * NETWORK_INPUTS];
        const REAL *first_bad = inputs + 5 * NETWORK_INPUTS;
        inputs[5 * NETWORK_INPUTS] = bad[k];
        outputs[0] = 7;
        if (network_run(&net, inputs, outputs, 8) != NETWORK_BAD_INPUT) return 2;
        if (network_step(&net, first_bad, outputs) != NETWORK_BAD_INPUT) return 3;
        if (memcmp(&before, &net, sizeof net) || outputs[0] != 7) return 4;
        inputs[5 * NETWORK_INPUTS] = held;
    }
    return 0;
}
"""


@pytest.mark.full
@every_case(
    "dtype, flags", itertools.product(("float32", "float64"), (("-O1",), *FAST_MATH))
)
def test_a_row_that_is_not_finite_changes_nothing(tmp_path, dtype, flags):
    source = SOURCES["c"](architect.Elman(2, 3, 1, seed=0), dtype=dtype)
    (tmp_path / "program.c").write_text(source)
    (tmp_path / "main.c").write_text(REFUSED_MAIN)
    real = {"float32": "float", "float64": "double"}[dtype]
    run(compiled(tmp_path, f"-DREAL={real}", *flags))


def test_an_error_in_python_changes_nothing():
    """Also one of a function in the middle of a step: that of infinity has no sine."""
    waves = architect.Perceptron(2, 3, 1, squash="sine", seed=0)
    waves.weights = np.full(len(waves.weights), 1e300)
    net = programmed(SOURCES["python"](waves))
    net.step([0.5, 0.5])
    before = [*net.activation, *net.state]
    calls = [
        (partial(net.step, [np.nan, 0.0]), ValueError, "Expected finite inputs"),
        (partial(net.step, [0.0, np.inf]), ValueError, "Expected finite inputs"),
        (partial(net.step, [0.0]), ValueError, "Expected 2 inputs, got 1"),
        (partial(net.step, [10**400, 0.0]), ValueError, "2 inputs, all of them"),
        (partial(net.step, ["0.5", 0.0]), ValueError, "2 inputs, all of them"),
        (partial(net.step, None), ValueError, "2 inputs, all of them"),
        (partial(net.step, [1e300, 1e300]), ValueError, "math domain"),
    ]
    all_refused(calls)
    assert [*net.activation, *net.state] == before


REFUSED_IN_JAVASCRIPT = """
const net = new Network();
net.step([0.1, 0.2]);
const held = () => JSON.stringify([...net.activation, ...net.state]);
const before = held();
for (const inputs of [[NaN, 0], [0, -Infinity], [0], ["a", 0], [undefined, 0]]) {
  try {
    net.step(inputs);
    process.exit(1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
if (held() !== before) process.exit(2);
"""


def by_node(folder, *parts):
    """What a script of some parts prints."""
    (folder / "program.js").write_text("".join(parts))
    node = shutil.which("node") or pytest.skip("there is no node here")
    return run([node, str(folder / "program.js")])


def test_an_error_in_javascript_changes_nothing(tmp_path):
    source = SOURCES["javascript"](architect.Elman(2, 3, 1, seed=0))
    by_node(tmp_path, source, REFUSED_IN_JAVASCRIPT)


@pytest.mark.full
def test_programs_compute_the_same_with_fast_math(tmp_path):
    def check(name, sums, tolerance):
        net = NETS[name]()
        steps = random_steps(net)
        source = SOURCES["c"](net, sums=sums)
        here = expected(net, steps)
        for flags in FAST_MATH:
            assert close(run_source(source, steps, tmp_path, flags), here, tolerance)

    all_hold(
        check,
        [
            (name, *how)
            for name in SOME[-2:]
            for how in (("exact", 1e-12), ("fast", 1e-5))
        ],
    )


@pytest.mark.full
def test_layers_are_loops_not_lines():
    nets = [architect.LSTM(10, n, 5, style="synaptic", seed=0) for n in (20, 60)]
    for source in SOURCES.values():
        small, large = map(source, nets)
        assert small.count("logistic(") == large.count("logistic(")
        numbers = 60 * (4 * 10 + 3 * 60 + 1) + 5 * 70 + 4 * 60 + 5
        assert large.count("\n") < small.count("\n") + numbers / 4
        assert len(large) < 25 * numbers
        assert "bump(" in source(memory())  # one's own, by its formula


EVIL = [
    '"""',
    "*/ int x;",
    "a\nimport os",
    "</script><script>alert(1)</script>",
    "é 神 \u2028",
    "\\",
    "$heading",
    "??/",
]


@pytest.mark.full
@languages
def test_no_name_gets_into_the_code(tmp_path, language):
    def named(name, title):
        layers = [Layer(2, name=name), Layer(2, name=name * 999)]
        layers[0].project(layers[1], seed=0)
        return Network(layers[0], [], layers[1], name=title)

    net = architect.Perceptron(len(EVIL), 3, 1, seed=0)
    plain = SOURCES[language](net)
    for neuron, name in zip(net.input, EVIL):
        neuron.name = name
    assert SOURCES[language](net) == plain
    plain = SOURCES[language](named("a", "b"))
    for i, name in enumerate(EVIL):
        evil = named(name, EVIL[i - 1])
        source = SOURCES[language](evil)
        lines = source.splitlines()
        assert source.isascii()
        assert len(lines) == len(plain.splitlines())
        assert not any(
            word in line for line in lines[:6] for word in ("*/", "<", '"', "\\", "??")
        )
    steps = random_steps(evil)
    assert close(RUNNERS[language](evil, steps, tmp_path), evil.run(steps))


SHARED_MAIN = """
#include "PREFIX.c"
static void PREFIX_test(void) {
    TYPE net;
    REAL inputs[3 * UPPER_INPUTS], outputs[3 * UPPER_OUTPUTS];
    for (int i = 0; i < 3 * UPPER_INPUTS; i++)
        inputs[i] = (REAL)(i % 5) / 4 - (REAL)0.5;
    PREFIX_start(&net);
    PREFIX_run(&net, inputs, outputs, 3);
    for (int i = 0; i < 3 * UPPER_OUTPUTS; i++) printf("%.17g ", (double)outputs[i]);
    printf("%d\\n", (int)sizeof net);
}
"""


@pytest.mark.compiler
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@pytest.mark.parametrize("compiler", ["gcc -std=c99", "g++ -x c++ -std=c++11"])
def test_programs_share_an_executable(tmp_path, compiler):
    """All networks with all functions, in float32 and float64, in one source without a
    warning."""
    compiler, *options = compiler.split()
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler} here")
    main = "#include <stdio.h>"
    calls = []
    answers = []
    reals = (("float", "float32"), ("double", "float64"))
    for (i, make), (real, dtype) in itertools.product(enumerate(NETS.values()), reals):
        prefix = f"net{i}_of_{real}"
        names = {"PREFIX": prefix, "UPPER": prefix.upper(), "REAL": real}
        names["TYPE"] = f"Net{i}Of{real.title()}"
        net = make()
        net.run(random_steps(net, 5))
        (tmp_path / f"{prefix}.c").write_text(
            SOURCES["c"](net, True, dtype=dtype, prefix=prefix)
        )
        main_part = SHARED_MAIN
        for word, text in names.items():
            main_part = main_part.replace(word, text)
        main += main_part
        calls.append(f"{prefix}_test();")
        inputs = np.arange(3 * len(net.input)) % 5 / 4 - 0.5
        answers.append(net.run(inputs.reshape(3, -1)).ravel())
    (tmp_path / "main.c").write_text(
        f"{main}int main(void) {{ {' '.join(calls)} return 0; }}\n"
    )

    def build(*sources):
        built = str(tmp_path / "main")
        run(
            [
                compiler,
                *options,
                *WARNINGS,
                "-O2",
                *map(str, sources),
                "-o",
                built,
                "-lm",
            ]
        )
        return run([built])

    printed = build(tmp_path / "main.c").splitlines()
    for line, answer in zip(printed, answers, strict=True):
        assert close(np.array(line.split()[:-1], float), answer, 1e-4)

    # Compiled on their own and linked, no name is there twice.
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    build(*sorted(tmp_path.glob("net[01]_*.c")), tmp_path / "empty.c")


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    [
        "elman",
        "lstm, own peepholes",
        "lstm, two layers",
        "perceptron",
        "lstm, all links",
    ],
)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_an_instance_has_what_survives_a_step(name):
    """The activations and states that change what a network answers, found by changing
    each of them."""
    net = NETS[name]()
    steps = random_steps(net, 12)
    answers = net.run(steps)
    needed = 0
    for column, neuron in itertools.product(("activation", "state"), net.neurons):
        net.clear()
        net._store[column][neuron._row] = 0.37
        needed += not np.array_equal(net.run(steps), answers)
    source = SOURCES["c"](net)
    assert re.findall(r"NETWORK_MEMORY = (\d+)", source) == [str(max(1, needed))]
    assert f"{4 * max(1, needed)} bytes an instance" in source


def test_a_prefix_names_the_program_and_is_checked():
    net = architect.Perceptron(1, 2, 1, seed=0)
    names = {
        "python": "class PitchNet:",
        "javascript": "const PitchNet = (",
        "c": "} PitchNet;",
    }
    for language, declaration in names.items():
        assert declaration in SOURCES[language](net, prefix="pitch_net")
    odd = ("", "2nd", "a-b", "a b", "_a", "a_", "a__b", "é", "a;", "a" * 61)
    refused = [
        ("javascript", "math", "has already"),
        ("javascript", "float64_array", "has already"),
        ("python", "none", "has already"),
        *itertools.product(SOURCES, odd, ["`prefix` must be letters and digits"]),
    ]
    calls = [
        (partial(SOURCES[language], net, prefix=prefix), errors.ArgumentError, words)
        for language, prefix, words in refused
    ]
    not_text = partial(SOURCES["c"], net, prefix=3)
    all_refused([*calls, (not_text, errors.ArgumentTypeError, "prefix")])


def test_two_programs_share_a_page(tmp_path):
    nets = {
        "pitch": architect.Elman(1, 3, 1, seed=0),
        "tone_net": architect.GRU(1, 2, 1, seed=1),
    }
    sources = [SOURCES["javascript"](net, prefix=name) for name, net in nets.items()]
    steps = "[new Pitch(), new ToneNet()].map((net) => net.step([0.5])[0])"
    printed = json.loads(
        by_node(tmp_path, *sources, f"console.log(JSON.stringify({steps}))")
    )
    here = [net.activate([0.5])[0] for net in nets.values()]
    assert close(np.array(printed), np.array(here))


def test_writing_warns_of_a_network_once():
    """As its first step does, and not again of the copy from which it is printed."""
    net = Network(Layer(2), [], Layer(1))
    with pytest.warns(errors.TopologyWarning, match="no connection leads") as warned:
        readwrite.c_source(net)
    assert len(warned) == 1
    readwrite.python_source(net, learn=True)  # a warning is an error here


@pytest.mark.full
@pytest.mark.parametrize("learn", [False, True])
def test_a_program_names_what_it_calls_of_math_h(learn, tmp_path):
    """The names are those that stay undefined when it is compiled."""
    compiler = shutil.which("gcc") or pytest.skip("there is no gcc here")
    squashes = "gelu", "logistic", "sine", "softplus", "bent_identity"
    for dtype in ("float32", "float64"):
        hidden = [Layer(2, squash, dtype=dtype) for squash in squashes]
        net = Network(Layer(1, dtype=dtype), hidden, Layer(1, dtype=dtype))
        for layer in hidden:
            net.input.project(layer, seed=0)
            layer.project(net.output, seed=0)
        source = SOURCES["c"](net, learn=learn, dtype=dtype)
        (sentence,) = re.findall("// It calls (.*) of math.h", source)
        program, built = str(tmp_path / "net.c"), str(tmp_path / "net.o")
        Path(program).write_text(source)
        run([compiler, "-std=c99", "-O0", "-fno-builtin", "-c", program, "-o", built])
        symbols = {*run(["nm", "-u", built]).split()}
        called = symbols - {"U", "_GLOBAL_OFFSET_TABLE_", "memcpy", "memset"}
        assert set() < called <= set(sentence.split(", "))
