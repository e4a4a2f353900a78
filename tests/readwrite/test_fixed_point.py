"""Programs in fixed point: the same integers in every language, and the numbers of the
network within their precision."""

import math
import re
import shutil
import subprocess

import numpy as np
import pytest

import architect
import synapse
from synapse import optimizers
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.errors import ArgumentError, FormatError
from synapse.readwrite import c_source, fixed_point, javascript_source, python_source
from synapse.readwrite._printed.fixed_numbers import FORMATS
from synapse.readwrite._printed.learner import EXACT_SQUASHES
from tests.readwrite.fixed_programs import (
    commands_for,
    differing,
    in_c,
    in_javascript,
    in_python,
    network,
    options_of,
)
from tests.readwrite.learners import data_for, graph, ruled
from tests.readwrite.programs import SANITIZED, STRICT, programmed, run

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
SOURCES = python_source, javascript_source, c_source
KINDS = architect.Perceptron, architect.Elman, architect.GRU, architect.LSTM


# --- one set of numbers ---------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_all_languages_compute_the_same_integers(seed, tmp_path):
    assert differing(seed, tmp_path, steps=60) == []


@pytest.mark.full
@pytest.mark.parametrize("seed", range(6, 30))
def test_more_networks_compute_the_same_integers(seed, tmp_path):
    assert differing(seed, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(30, 200, 10))
def test_two_hundred_networks_compute_the_same_integers(first, tmp_path):
    seeds = range(first, first + 10)
    assert [seed for seed in seeds if differing(seed, tmp_path)] == []


@pytest.mark.full
@pytest.mark.parametrize("flags", [("-O0", *SANITIZED), ("-O3", *SANITIZED), ("-Os",)])
def test_compilers_find_nothing_undefined(flags, tmp_path):
    """Also where numbers and sums end at their range."""
    for seed in (4, 9, 11, 14, 19):
        assert differing(seed, tmp_path, ("c",), flags=flags) == [], seed


@pytest.mark.peers
@pytest.mark.parametrize(
    "compiler", ["s390x-linux-gnu-gcc -static", "clang", "clang-16"]
)
def test_another_compiler_and_a_big_endian_processor_agree(compiler, tmp_path):
    name = compiler.partition(" ")[0]
    runner = "qemu-s390x" if "s390x" in name else ""
    if not shutil.which(name) or (runner and not shutil.which(runner)):
        pytest.skip(f"there is no {name} here")
    how = {"compiler": compiler, "runner": runner, "flags": ("-O2",)}
    assert [s for s in range(16) if differing(s, tmp_path, ("c",), **how)] == []


@pytest.mark.parametrize("dtype", FORMATS)
def test_saturated_numbers_are_counted_in_every_language(dtype, tmp_path):
    net = architect.Elman(1, 3, 1, squash="identity", output_squash="identity", seed=0)
    net.weights = net.weights * 60.0
    options = {"dtype": dtype, "learn": True}
    commands = [["s", FORMATS[dtype].largest]] * 20 + [["w"]]
    expected = in_python(net, commands, **options)
    assert expected[-1] > 20
    assert in_c(net, commands, tmp_path, SANITIZED, **options) == expected
    assert in_javascript(net, commands, tmp_path, **options) == expected


@pytest.mark.parametrize("dtype", FORMATS)
def test_sums_stay_at_the_ends_of_their_range(dtype, tmp_path):
    """Three products of the largest numbers overflow twice their bits, and what is
    subtracted then is subtracted from the end."""
    numbers = FORMATS[dtype]
    net = architect.Perceptron(8, 1, seed=0)
    net.output[0].squash = "identity"
    net.biases = np.zeros(9)
    size = (numbers.largest - 1) * numbers.unit
    net.weights = [size] * 4 + [-size] * 4
    commands = [["s", *[numbers.largest] * 8]]
    end = (1 << (2 * numbers.bits - 1)) - 1
    left = end - 4 * numbers.largest * (numbers.largest - 1)
    expected = max(-numbers.largest, (left >> numbers.fraction) + 1)
    (_, found, _) = in_python(net, commands, dtype=dtype)
    assert found == expected
    assert in_c(net, commands, tmp_path, SANITIZED, dtype=dtype)[1] == found
    assert in_javascript(net, commands, tmp_path, dtype=dtype)[1] == found


# --- the numbers of the network -------------------------------------------------------


@pytest.mark.parametrize("rule", ["online", "rtrl"])
@pytest.mark.parametrize("make", KINDS)
def test_a_program_computes_and_learns_what_the_network_does(make, rule):
    """In q15.16 within some units; the same error in q7.8 would show a wrong term."""
    net = make(2, 3, 1, seed=1)
    net.rule = rule
    numbers = FORMATS["q15.16"]
    there = programmed(python_source(net, learn=True, dtype="q15.16"))
    rng = np.random.default_rng(1)
    for _ in range(80):
        row, target = rng.normal(size=2), rng.uniform(size=1)
        found = there.step(numbers.integers(row).tolist())
        assert net.activate(row)[0] == pytest.approx(found[0] / 65536, abs=3e-4)
        learn_both(net, there, target, 0.1)
    np.testing.assert_allclose(*parameters(net, there), atol=1e-3)


def learn_both(net, there, target, rate):
    """A network and its program in q15.16 learn from the same target."""
    numbers = FORMATS["q15.16"]
    goal = numbers.integers(target).tolist()
    there.learn(goal, numbers.integer(rate, numbers.rate))
    net.propagate(rate, target)


def parameters(net, there):
    """All biases and weights of a program and of its network."""
    return np.array(there.numbers()) / 65536, np.concatenate([net.biases, net.weights])


@pytest.mark.full
@pytest.mark.parametrize("seed", range(32))
def test_generated_networks_learn_what_floats_do(seed):
    """Gates, delays, ties, signs, groups and one clock, by each rule, also with
    momentum. Traces of networks whose states grow without bounds amplify rounding."""
    numbers = FORMATS["q15.16"]
    optimizer = optimizers.SGD(momentum=0.5) if seed // 8 % 2 else None
    options = {"learn": True, "optimizer": optimizer}
    net = network(seed)
    exact = programmed(python_source(net, **options))
    there = programmed(python_source(net, dtype="q15.16", **options))
    inputs, targets = data_for(net, 12, seed)
    for row, target in zip(inputs, targets, strict=True):
        outputs = exact.step(row.tolist())
        found = np.array(there.step(numbers.integers(row).tolist())) / 65536
        np.testing.assert_allclose(found, outputs, atol=2e-3)
        exact.learn(target.tolist(), 0.02)
        goal = numbers.integers(target).tolist()
        there.learn(goal, numbers.integer(0.02, numbers.rate))
    assert max(map(abs, exact.state)) < 200
    found = np.array(there.numbers()) / 65536
    np.testing.assert_allclose(found, exact.numbers(), atol=2e-3)


@pytest.mark.parametrize("name", sorted(EXACT_SQUASHES - {"maxout", "winner"}))
def test_every_squash_has_its_value_and_slope(name):
    """The slope is seen by what is learned."""
    numbers = FORMATS["q15.16"]
    size = 3 if name == "softmax" else 1
    net = architect.Perceptron(1, size, seed=0)
    for neuron in net.output:
        neuron.squash = name
    net.deterministic = True
    for state in (-2.5, -0.7, -0.01, 0.01, 0.3, 0.6, 2.5):
        net.weights = np.linspace(1.0, 0.5, size)
        net.biases = np.zeros(1 + size)
        there = programmed(python_source(net, learn=True, dtype="q15.16"))
        found = np.array(there.step([numbers.integer(state)])) / 65536
        np.testing.assert_allclose(net.activate([state]), found, atol=1e-4)
        target = [0.25] if size == 1 else [0.5, 0.25, 0.25]
        learn_both(net, there, np.array(target), 0.02)
        np.testing.assert_allclose(*parameters(net, there), atol=3e-4)


@pytest.mark.parametrize("intervals", [None, 128, 256])
@pytest.mark.parametrize("dtype", FORMATS)
def test_tanh_errs_by_what_the_file_says(dtype, intervals):
    numbers = FORMATS[dtype]
    net = architect.Perceptron(1, 1, squash="tanh", seed=0)
    net.output[0].squash = "tanh"
    options = {"dtype": dtype, "intervals": intervals}
    said = re.search(r"at most ([\d.]+) and", c_source(net, **options))
    program = {}
    exec(python_source(net, **options), program)
    states = np.arange(-(numbers.end + 1) << numbers.fraction, numbers.end + 1, 7)
    found = np.array([program["tanh_by_table"](int(s)) for s in states])
    error = abs(found - np.tanh(states * numbers.unit) / numbers.unit).max()
    assert error <= float(said[1]) + 0.005
    assert error > 0.8 * float(said[1])


def test_a_squash_that_is_at_its_end_still_learns():
    """A slope of 0 would mean that the activation was set."""
    net = architect.Perceptron(1, 1, seed=0)
    net.biases = [0.0, 20.0]
    for squash, cost in ("logistic", "squared_error"), ("tanh", "squared_error"):
        net.output[0].squash = squash
        source = python_source(net, learn=True, dtype="q7.8", cost=cost)
        there = programmed(source)
        there.step([0])
        before = there.numbers()
        for _ in range(4):
            there.learn([0], 32767)
        assert there.numbers() != before


def test_stochastic_updates_are_right_on_average():
    """An update of a twentieth of a unit moves nothing by the nearest number."""
    net = architect.Perceptron(1, 1, squash="identity", seed=0)
    net.output[0].squash = "identity"
    net.weights, net.biases = [0.0], [0.0, 0.0]
    net.output[0].trainable_bias = False
    moved = {}
    for rounding in ("nearest", "stochastic"):
        options = {"dtype": "q7.8", "learn": True, "rounding": rounding}
        there = programmed(python_source(net, **options))
        total = 0
        for _ in range(2000):
            there.step([256])
            there.learn([128], 13)  # 13 / 32768 * 0.5 is 0.05 of a unit
            total += there.numbers()[-1]
            there.load([0, 0, 0])
        moved[rounding] = total
    assert moved["nearest"] == 0
    expected = 2000 * 13 / 32768 * 128
    assert abs(moved["stochastic"] - expected) < 5 * math.sqrt(expected)


@pytest.mark.full
@pytest.mark.parametrize("rule", ["online", "rtrl", ("rtrl", 1)])
def test_no_update_is_rounded_to_the_nearest_if_it_is_to_be_drawn(rule):
    """Also where a kernel gets the weights as an argument. Only an update, a rate times
    an error times an activation, has 15 more bits than what it is added to."""
    kinds = [lambda k=k: graph(k) for k in range(8)]
    kinds += [lambda k=kind: k(2, 3, 1, seed=0) for kind in KINDS]
    for make in kinds:
        net = ruled(make(), rule)
        for neuron in net.neurons:
            if neuron.squash.name not in EXACT_SQUASHES:
                neuron.squash = "tanh"
        net.deterministic = True
        options = {"dtype": "q7.8", "learn": True}
        text = python_source(net, rounding="stochastic", **options)
        assert re.search(r"\] = drawn\(.*, 15, ", text)
        assert not re.search(r"\] = stored\(.*, 15, ", text)
        text = python_source(net, rounding="nearest", **options)
        assert re.search(r"\] = stored\(.*, 15, ", text)


def test_momentum_is_that_of_the_trainer():
    net = architect.Elman(1, 3, 1, seed=2)
    numbers = FORMATS["q15.16"]
    optimizer = optimizers.SGD(momentum=0.5)
    source = python_source(net, learn=True, dtype="q15.16", optimizer=optimizer)
    exact = programmed(python_source(net, learn=True, optimizer=optimizer))
    there = programmed(source)
    for x in np.random.default_rng(0).uniform(size=60):
        there.step([numbers.integer(x)])
        exact.step([x])
        there.learn([numbers.integer(1 - x)], numbers.integer(0.1, numbers.rate))
        exact.learn([1 - x], 0.1)
    found = np.array(there.numbers()) / 65536
    np.testing.assert_allclose(found, exact.numbers(), atol=1e-3)


# --- what is in a file ----------------------------------------------------------------


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("dtype", FORMATS)
def test_a_program_has_no_float(dtype, learn, tmp_path):
    """Also as C++, and in two files."""
    net = architect.LSTM(2, 3, 1, seed=0)
    source, header = c_source(net, dtype=dtype, learn=learn, header=True)
    for text in (source, header):
        code = re.sub(r"//.*|#define NETWORK_(NUMBER|RATE).*", "", text)
        assert not re.search(r"\b(float|double|math\.h)\b|\d\.\d", code)
    (tmp_path / "network.h").write_text(header)
    (tmp_path / "network.c").write_text(source)
    (tmp_path / "network.cpp").write_text(source)
    compiler = shutil.which("cc") or pytest.skip("there is no C compiler here")
    for name in ("network.c", "network.cpp"):
        options = [o for o in STRICT if name[-1] == "c" or "std" not in o]
        run([compiler, *options, "-c", str(tmp_path / name), "-o", str(tmp_path / "o")])


@pytest.mark.peers
@pytest.mark.parametrize(
    "compiler",
    [
        "avr-gcc -mmcu=atmega328p",
        "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb",
        "clang-16 --target=msp430 -ffreestanding",
    ],
)
def test_a_program_links_no_helper_of_floats(compiler, tmp_path):
    """Nor, in q7.8, one of 64 bits."""
    command = compiler.split()
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]} here")
    if "msp430" in compiler:  # Clang has no string.h for it
        (tmp_path / "string.h").write_text(
            "typedef __SIZE_TYPE__ size_t;\nvoid *memset(void *, int, size_t);\n"
        )
    floats = r"(add|sub|mul|div|neg|cmp|eq|ne|lt|gt|le|ge|fix|float)\w*[sd]f"
    for dtype in FORMATS:
        source = c_source(architect.GRU(2, 3, 1, seed=0), dtype=dtype, learn=True)
        (tmp_path / "net.c").write_text(source)
        made = tmp_path / "net.o"
        run(
            [
                *command,
                f"-I{tmp_path}",
                "-Os",
                "-c",
                str(tmp_path / "net.c"),
                "-o",
                str(made),
            ]
        )
        names = subprocess.run(
            ["nm", "--undefined-only", made],
            capture_output=True,
            text=True,
            check=False,
        ).stdout or run(["llvm-nm-16", "--undefined-only", str(made)])
        assert names
        assert not re.search(floats + r"|aeabi_[fd]|mspabi_\w*[fd]\b", names), names
        if dtype == "q7.8":
            assert not re.search(r"di[234]\b|aeabi_l|mspabi_\w*ll", names), names


def test_an_instance_keeps_what_later_calls_read(tmp_path):
    """Bytes of the issue: what a naive halving of float32 takes is more."""
    sizes = {}
    for name, net in {
        "GRU": architect.GRU(2, 3, 1, seed=0),
        "Elman": architect.Elman(2, 3, 1, seed=0),
        "LSTM": architect.LSTM(4, 8, 1, seed=0),
        "synaptic": architect.LSTM(4, 8, 1, style="synaptic", seed=0),
    }.items():
        text = c_source(net, dtype="q7.8", learn=True)
        sizes[name] = int(re.search(r"(\d+) bytes an instance", text)[1])
    assert sizes["GRU"] <= 600
    assert sizes["Elman"] <= 200
    assert sizes["synaptic"] <= 1800
    assert sizes["LSTM"] <= 2400
    text = c_source(architect.GRU(2, 3, 1, seed=0), dtype="q7.8")
    sizes = re.search(r"(\d+) bytes an .* (\d+) of constants", text)
    assert sum(map(int, sizes.groups())) <= 300


# --- wrong input ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["q8.8", "Q7.8", "q1.15", "int16", "fixed", 16])
@pytest.mark.parametrize("source", SOURCES)
def test_another_format_is_refused_with_those_that_exist(source, dtype):
    with pytest.raises(ArgumentError, match=r"q7\.8.*q15\.16"):
        source(architect.Perceptron(2, 1, seed=0), dtype=dtype)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"intervals": 63}, "a power of 2 from 16 to 512"),
        ({"seed": -1}, "from 0 to 2147483647"),
        ({"rounding": "up"}, "'nearest' or 'stochastic'"),
        ({"dtype": None, "seed": 1}, "in fixed point has seed"),
        ({"optimizer": "adam"}, "takes roots"),
        ({"optimizer": optimizers.SGD(weight_decay=1e-4)}, "`weight_decay` must be 0"),
        ({"bound": 0.001}, "`bound` must be 0, or at least 0.0039"),
    ],
)
def test_options_that_fixed_point_does_not_have(options, words):
    options = {"dtype": "q7.8", "learn": True, **options}
    for source in SOURCES:
        with pytest.raises((ArgumentError, FormatError), match=re.escape(words)):
            source(architect.Perceptron(2, 1, seed=0), **options)


def test_every_other_squash_is_refused_by_name():
    others = ACTIVATIONS.keys() - EXACT_SQUASHES
    assert {"elu", "softplus", "gaussian", "gelu", "selu", "sine"} <= others
    for squash in others:
        net = architect.Perceptron(2, 3, 1, squash=squash, seed=0)
        for learn in (False, True):
            with pytest.raises(FormatError, match=f"'hidden 0' is '{squash}'"):
                python_source(net, dtype="q7.8", learn=learn)


def test_a_weight_beyond_the_range_is_refused():
    net = architect.Perceptron(2, 1, seed=0)
    net.connections[0].weight = 200.0
    with pytest.raises(ArgumentError, match=r"weight of 200 is beyond .* q7\.8"):
        c_source(net, dtype="q7.8")
    c_source(net, dtype="q15.16")


def test_python_refuses_what_is_no_integer_of_the_format():
    there = programmed(
        python_source(architect.Perceptron(2, 1, seed=0), learn=True, dtype="q7.8")
    )
    there.step([1, 2])
    before = {name: getattr(there, name)[:] for name in there.COLUMNS}
    for call in (
        lambda: there.step([0.5, 0]),
        lambda: there.step([1.0, 0]),
        lambda: there.step([40000, 0]),
        lambda: there.step([True, 0]),
        lambda: there.step(["1", 0]),
        lambda: there.step([None, 0]),
        lambda: there.step([1]),
        lambda: there.learn([0.5], 10),
        lambda: there.learn([None], 10),
        lambda: there.learn([1], 0.1),
        lambda: there.learn([1], -1),
        lambda: there.learn([1], None),
        lambda: there.load([0.5] * 5),
    ):
        with pytest.raises(ValueError, match="Expected"):
            call()
        assert before == {name: getattr(there, name) for name in there.COLUMNS}


def test_javascript_refuses_what_is_no_integer_of_the_format(tmp_path):
    node = shutil.which("node") or pytest.skip("there is no node here")
    net = architect.Perceptron(2, 1, seed=0)
    source = javascript_source(net, learn=True, dtype="q15.16")
    calls = (
        "net.step([0.5, 0])",
        "net.step([2 ** 31, 0])",
        "net.step([true, 0])",
        'net.step(["1", 0])',
        "net.step([null, 0])",
        "net.step([1])",
        "net.learn([null], 10)",
        "net.learn([1], 0.1)",
        "net.learn([1], -1)",
        "net.load([0.5, 0, 0, 0, 0])",
    )
    lines = "\n".join(
        f"try {{ {call}; console.log({call!r}); }}"
        " catch (e) { if (!(e instanceof RangeError)) console.log(e); }"
        for call in calls
    )
    text = f"{source}\nconst net = new Network();\nnet.step([1, 2]);\n{lines}"
    (tmp_path / "main.js").write_text(text)
    assert run([node, str(tmp_path / "main.js")]) == ""


# --- before it is flashed -------------------------------------------------------------


def test_a_report_says_where_numbers_end(capsys):
    net = architect.LSTM(2, 3, 1, seed=0)
    net.connections[3].weight = 60.0
    rows = np.random.default_rng(0).normal(size=(50, 2)) * 20.0
    report = fixed_point(net, rows)
    assert capsys.readouterr().out == f"{report}\n"
    (name,) = report.saturations
    assert name == net.connections[3].target.name
    assert report.instance + report.constants < 400
    found = programmed(python_source(net, dtype="q7.8"))
    given = FORMATS["q7.8"].integers(rows).tolist()
    outputs = np.array([found.step(row) for row in given]) / 256
    np.testing.assert_array_equal(outputs, report.outputs)
    expected = [net.activate(row) for row in rows]
    assert report.error == pytest.approx(abs(outputs - expected).max(), abs=1e-12)


def test_a_report_names_the_fewest_bits(capsys):
    net = architect.GRU(2, 3, 1, seed=0)
    rows = np.random.default_rng(0).normal(size=(50, 2))
    targets = abs(rows[:, :1]) * 0.1
    targets[3] = np.nan
    for error, format_ in (0.05, "q7.8"), (1e-3, "q15.16"), (1e-6, None):
        assert fixed_point(net, rows, targets, error=error).fewest_bits == format_
    assert fixed_point(net, rows * 0.001).unseen


def test_a_report_names_the_scale_that_fits():
    net = architect.Perceptron(1, 1, seed=0)
    with pytest.raises(
        ArgumentError, match=r"inputs reach 1000.*Multiply them by 0\.125"
    ):
        fixed_point(net, [[1000.0], [1.0]])
    fixed_point(net, [[125.0], [1.0]])
    with pytest.raises(ArgumentError, match="below 1"):
        fixed_point(net, [[1.0]], [[0.0]], rate=1.0)
    with pytest.raises(ArgumentError, match="at least one row"):
        fixed_point(net, np.zeros((0, 1)))


def test_a_file_is_written_for_each_language(tmp_path):
    net = network(1)
    options = options_of(1)
    commands = commands_for(net, 1, options, 10)
    expected = in_python(net, commands, **options)
    for suffix in (".c", ".py", ".js"):
        synapse.save(net, tmp_path / f"net{suffix}", **options)
        assert "q7.8" in (tmp_path / f"net{suffix}").read_text()
    assert len(expected) > 20
