"""Where machine code is kept, and when it is taken from a file."""

import importlib.util
import linecache
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synapse.engine.language import code_files, entries, machine, source
from synapse.engine.language.decorators import COMPILES
from synapse.engine.lowering import loops
from synapse.readwrite._printed import page
from tests.helpers.processes import PATHS, ROOT, python

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
of_x86 = pytest.mark.skipif(not machine.processor().is_x86, reason="names of x86-64")

SOURCE = '''\
"""Kernels."""

from synapse.engine.language.decorators import inline, kernel

TIMES = 2


@inline
def scaled(x):
    return TIMES * x


@kernel
def twice(x):
    # a comment
    return scaled(x) + 0.0


@inline
def unused(x):
    return x
'''


class Bench:
    """A room of a copy of the engine with one kernel, and what happens to it."""

    def __init__(self, folder, patch):
        self.folder = folder
        self.patch = patch
        self.room = folder / "synapse" / "engine" / "room"
        self.room.mkdir(parents=True)
        self.source = self.room / "kernels.py"
        self.source.write_text(SOURCE)
        self.told = []
        self.counts = {"text_of": 0, "object_code": 0}
        self.count(entries, "text_of")
        self.count(machine, "object_code")
        patch.setattr(code_files, "_ENGINE", folder / "synapse" / "engine")
        patch.setattr(
            code_files.Stderr, "write", lambda _, text: self.told.append(text)
        )
        patch.setattr(code_files, "_user_cache", lambda: folder / "home" / "kernels")
        patch.setattr(code_files, "_told", set())
        for name in ("SYNAPSE_CACHE_DIR", "SYNAPSE_SHIPPED_KERNELS"):
            patch.delenv(name, raising=False)
        patch.setattr(sys, "dont_write_bytecode", True)

    def count(self, module, name):
        plain = getattr(module, name)

        def counted(*arguments):
            self.counts[name] += 1
            return plain(*arguments)

        self.patch.setattr(module, name, counted)

    def edit(self, old, new):
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def imported(self):
        """The module, as a new process imports it."""
        for known in (source._texts, linecache.cache):
            known.pop(str(self.source), None)
        code_files._digest.cache_clear()
        spec = importlib.util.spec_from_file_location("kernels", self.source)
        module = importlib.util.module_from_spec(spec)
        self.patch.setitem(sys.modules, "kernels", module)
        spec.loader.exec_module(module)
        return module

    def does(self, number=1.5):
        """What a call in a new process does: 'compiles', 'translates' or 'loads'."""
        module = self.imported()
        before = dict(self.counts)
        assert module.twice(number) == module.TIMES * number
        if self.counts["object_code"] > before["object_code"]:
            return "compiles"
        return "translates" if self.counts["text_of"] > before["text_of"] else "loads"

    def files(self):
        return sorted(self.folder.rglob("*.o"))

    def close(self, folder):
        """Root may write anywhere, but not make a directory where a file is."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


@pytest.mark.parametrize("function", [loops.survey, page._source])
def test_a_kernel_of_any_room_is_translated_once(function, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPSE_CACHE_DIR", str(tmp_path))
    texts = iter(["text"])
    for _ in range(2):
        code = code_files.code_of(function, "kinds", lambda: next(texts), str.encode)
        assert code == b"text"


def test_a_process_keeps_the_code_that_it_has_imported(bench):
    """Not that of files that have been edited since."""
    module = bench.imported()
    bench.edit("TIMES = 2", "TIMES = 3")
    assert module.twice(1.5) == 3.0
    assert bench.does() == "compiles"
    assert bench.does() == "loads"
    module = bench.imported()
    bench.edit("TIMES = 3", "TIMES = 2")
    assert module.twice(1.5) == 4.5
    assert bench.does() == "compiles"


def test_another_processor_or_llvm_or_layout_of_objects_has_another_file(bench):
    assert bench.does() == "compiles"
    with bench.patch.context() as patch:
        patch.setattr(machine, "description", lambda: "another processor")
        assert [bench.does() for _ in range(2)] == ["compiles", "loads"]
    with bench.patch.context() as patch:  # as without the interpreter's lock
        patch.setattr(entries, "_HEAD", entries._HEAD + 16)
        assert [bench.does() for _ in range(2)] == ["compiles", "loads"]
    bench.patch.setattr(sys.implementation, "cache_tag", "another python")
    assert bench.does() == "loads"
    assert len(bench.files()) == 3


def test_what_machine_code_depends_on_is_described():
    described = machine.description()
    for fact in machine.processor():
        assert fact in described
    assert "LLVM " + ".".join(map(str, machine.llvm.llvm_version_info)) in described


@pytest.mark.parametrize(
    ("variable", "name", "cached"),
    [
        pytest.param("SYNAPSE_CPU", "x86-64", "processor", marks=of_x86),
        ("SYNAPSE_SPEED", "1", "highest_speed"),
    ],
)
def test_a_named_processor_and_fewer_passes_have_files_of_their_own(
    bench, variable, name, cached
):
    functions = cached, "description"
    uncached = {name: getattr(machine, name).__wrapped__ for name in functions}
    for value, does in ("", "compiles"), (name, "compiles"), (name, "loads"):
        bench.patch.setenv(variable, value)
        for function, plain in uncached.items():
            bench.patch.setattr(machine, function, plain)
        assert bench.does() == does
    assert len(bench.files()) == 2


def test_files_of_functions_are_as_many_as_declared(bench):
    bench.patch.setattr(code_files, "MAX_FUNCTIONS", 2)
    bench.source.write_text(CAPTURING)
    for times in (2, 3, 4):
        assert bench.does() == "compiles"
        bench.edit(f"TIMES = {times}", f"TIMES = {times + 1}")
    assert len(bench.files()) == 2
    bench.edit("TIMES = 5", "TIMES = 4")
    assert bench.does() == "translates"


@pytest.mark.full
def test_functions_of_users_are_compiled_once_for_all_processes(tmp_path):
    """A rule of synapses and a squash; both compute what their source says."""
    script = tmp_path / "own.py"
    for rate, compiled in ((0.5, True), (0.5, False), (0.25, True)):
        script.write_text(OWN.replace("RATE = 0.5", f"RATE = {rate}"))
        printed = python(script, SYNAPSE_CACHE_DIR=str(tmp_path / "cache"))
        functions = 2 if compiled else 0
        assert [*map(float, printed.split())] == [rate * 2.0, rate * 3.0, functions]


OWN = """\
import architect
import numpy as np
import synapse
from synapse.engine.language import machine
from synapse.plasticity import Rule

RATE = 0.5
names = []
plain = machine.object_code


def counted(text, speed=3):
    names.append(text)
    return plain(text, speed)


def mine(pre):
    return RATE * pre


def bent(state):
    return RATE * state, RATE


net = architect.Perceptron(1, 1, squash="identity", seed=0)
net.activate([2.0])
machine.object_code = counted
net.rule = Rule(mine)
synapse.squashes.register(bent)
machine.object_code = plain
net.output[0].squash = "bent"
net.weights = [0.0]
net.biases = [0.0, 3.0]
net.activate([2.0])
net.propagate()
print(net.weights[0], net.output[0].activation, len(names))
"""


CAPTURING = """\
from synapse.engine.language.decorators import kernel

TIMES = 2


def made(times):
    def twice(x):
        return times * x

    return kernel(twice)


twice = made(TIMES)
"""

# --- damage, and directories that cannot be written -----------------------------------


def test_a_damaged_file_counts_as_missing(bench):
    bench.does()
    (file,) = bench.files()
    sound = file.read_bytes()
    middle = len(sound) // 2
    damaged = [
        b"",
        sound[:20],
        sound[:middle],
        sound + b"\0",
        sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
        bytes(32) + sound[32:],
    ]
    for content in damaged:
        file.write_bytes(content)
        assert [bench.does(), bench.does()] == ["compiles", "loads"]
        assert file.read_bytes() == sound
    file.unlink()
    file.mkdir()
    assert bench.does() == "compiles"


@pytest.mark.parametrize("fails", ["write_bytes", "replace"])
def test_a_full_disk_leaves_no_part_of_a_file(bench, fails):
    def full(self, *_):
        raise OSError(28, "No space left on device")

    with bench.patch.context() as patch:
        patch.setattr(Path, fails, full)
        assert bench.does() == "compiles"
    assert len(bench.told) == 1
    assert "No space left" in bench.told[0]
    left = [path for path in bench.folder.rglob("*") if path.suffix in (".o", ".tmp")]
    assert left == []
    assert [bench.does(), bench.does()] == ["compiles", "loads"]


def test_without_any_directory_each_process_compiles_and_tells_once_what_to_set(bench):
    bench.close(bench.room / "__pycache__")
    bench.close(bench.folder / "home")
    assert [bench.does() for _ in range(3)] == ["compiles"] * 3
    assert bench.files() == []
    (line,) = bench.told
    assert line.startswith("synapse: compiled kernels cannot be stored (")
    assert "set SYNAPSE_CACHE_DIR to a writable directory." in line
    assert line.count("\n") == 1


def test_a_directory_of_the_user_is_the_only_one(bench):
    bench.patch.setenv("SYNAPSE_CACHE_DIR", str(bench.folder / "new" / "given"))
    assert [bench.does(), bench.does()] == ["compiles", "loads"]
    assert [file.parent.name for file in bench.files()] == ["given"]
    bench.patch.setenv("SYNAPSE_CACHE_DIR", str(bench.source))  # a file
    assert [bench.does(), bench.does()] == ["compiles"] * 2
    assert len(bench.told) == 1


# --- the files of a wheel -----------------------------------------------------------


def test_the_files_of_a_wheel_are_found_first_and_never_written(bench):
    """By sources or text, beside any cache, unless a switch says no."""
    assert bench.does() == "compiles"
    (kept,) = bench.files()
    shipped = bench.room.parent / "kernels" / kept.name
    shipped.parent.mkdir()
    kept.rename(shipped)
    content = shipped.read_bytes()
    assert bench.does() == "loads"
    with bench.patch.context() as patch:
        patch.setenv("SYNAPSE_CACHE_DIR", str(bench.folder / "given"))
        assert bench.does() == "loads"
        patch.setenv("SYNAPSE_SHIPPED_KERNELS", "0")
        assert [bench.does() for _ in range(2)] == ["compiles", "loads"]
    bench.edit("# a comment", "# another")
    assert [bench.does() for _ in range(2)] == ["translates", "loads"]
    bench.edit("TIMES = 2", "TIMES = 3")
    assert [bench.does() for _ in range(2)] == ["compiles", "loads"]
    bench.edit("TIMES = 3", "TIMES = 2")
    assert bench.does() == "translates"
    assert shipped.read_bytes() == content
    shipped.write_bytes(content[:-1])
    kept.unlink()
    assert [bench.does() for _ in range(2)] == ["compiles", "loads"]
    assert shipped.read_bytes() == content[:-1]


# --- processes ------------------------------------------------------------------------

STEPS = """
import architect
from synapse.engine.language import machine
made, plain = [], machine.object_code
machine.object_code = lambda *given: made.append(1) or plain(*given)
net = architect.Perceptron(2, 3, 1, seed=0)
net.activate([0.0, 1.0])
print(net.propagate(0.1, [1.0]), net.weights.tobytes().hex(), len(made) > 0)
"""


@pytest.mark.compiler
def test_processes_that_start_at_once_leave_sound_files(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": PATHS,
        "SYNAPSE_CACHE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", STEPS]
    options = {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE, "text": True}
    several = [subprocess.Popen(command, **options) for _ in range(3)]
    printed = {process.communicate(timeout=600)[0] for process in several}
    assert [process.returncode for process in several] == [0] * 3
    (line,) = printed
    assert line.endswith(" True\n")
    files = sorted(tmp_path.iterdir())
    assert {file.suffix for file in files} == {".o"}
    assert all(code_files._read(file) for file in files)
    later = python("-c", STEPS, SYNAPSE_CACHE_DIR=str(tmp_path))
    assert later == line.replace(" True\n", " False\n")


def test_a_kernel_is_compiled_once_and_kept_beside_its_module(bench):
    assert [bench.does() for _ in range(3)] == ["compiles", "loads", "loads"]
    (file,) = bench.files()
    assert file.parent == bench.room / "__pycache__"
    assert file.name.startswith("kernels.twice.")
    assert bench.told == []


def test_each_kind_has_a_file_of_its_own(bench):
    numbers = np.float32(0.5), 0.5, 2
    assert [bench.does(number) for number in numbers] == ["compiles"] * 3
    assert [bench.does(number) for number in numbers] == ["loads"] * 3
    assert len(bench.files()) == 3


@pytest.mark.full
@pytest.mark.parametrize(
    ("does", "old", "new"),
    [
        ("translates", "# a comment", "# another"),
        ("translates", "    # a comment\n", ""),
        ("translates", '"""Kernels."""', '"""Kernels.\n\nMore words.\n"""'),
        ("translates", "def twice(x):\n", 'def twice(x):\n    """Words."""\n'),
        ("translates", "TIMES = 2\n", "\n# Why.\nTIMES = 2  # two\nOTHER = 3\n"),
        ("translates", "unused(x):\n    return x", "unused(x):\n    return -x"),
        ("translates", "TIMES = 2", "TIMES = 2.0"),
        ("compiles", "TIMES = 2", "TIMES = 3"),
        ("compiles", "TIMES * x", "x * TIMES - 0.0"),
        ("compiles", "inline, kernel", "kernel, strict_fp as inline"),
        ("compiles", "+ 0.0", "+ 0.0 * x"),
    ],
)
def test_an_edit_compiles_once_if_it_has_an_effect_whatever_its_time(
    bench, does, old, new
):
    assert bench.does() == "compiles"
    status = bench.source.stat()
    bench.edit(old, new)
    os.utime(bench.source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [bench.does() for _ in range(3)] == [does, "loads", "loads"]
    assert len(bench.files()) == 1


def test_an_edit_of_another_room_of_the_engine_is_noticed(bench):
    (bench.room.parent / "schema.py").write_text("COLUMNS = 1\n")
    assert bench.does() == "compiles"
    (bench.room.parent / "schema.py").write_text("COLUMNS = 2\n")
    assert [bench.does() for _ in range(2)] == ["translates", "loads"]


def test_functions_of_one_name_in_one_directory_have_files_of_their_own(bench):
    bench.patch.setenv("SYNAPSE_CACHE_DIR", str(bench.folder / "given"))
    assert bench.does() == "compiles"
    other = bench.imported()
    other.twice.part.__module__ = "other.kernels"
    bench.patch.setitem(sys.modules, "other.kernels", other)
    other.twice.part.__globals__["TIMES"] = 5
    assert other.twice(1.0) == 5.0
    assert bench.does() == "loads"
    assert [file.parent.name for file in bench.files()] == ["given"] * 2


def test_a_function_with_captured_values_has_a_file_for_its_text(bench):
    bench.source.write_text(CAPTURING)
    assert [bench.does() for _ in range(2)] == ["compiles", "translates"]
    (file,) = bench.files()
    assert file.parent == bench.folder / "home" / "kernels"
    bench.edit("TIMES = 2", "TIMES = 3")
    assert [bench.does() for _ in range(2)] == ["compiles", "translates"]
    bench.edit("TIMES = 3", "TIMES = 2")
    assert bench.does() == "translates"
    other = next(each for each in bench.files() if each != file)
    file.write_bytes(other.read_bytes())  # of another text
    assert bench.does() == "compiles"
    file.write_bytes(file.read_bytes()[:-1])
    assert [bench.does() for _ in range(2)] == ["compiles", "translates"]


def test_without_a_place_in_the_package_code_is_kept_for_the_user(bench):
    bench.close(bench.room / "__pycache__")
    assert [bench.does(), bench.does()] == ["compiles", "loads"]
    (file,) = bench.files()
    assert file.parent == bench.folder / "home" / "kernels"
    assert bench.told == []


def test_an_old_file_that_cannot_be_replaced_hides_no_new_one(bench):
    """In a package that another user has installed, run and updated."""
    bench.does()
    bench.edit("TIMES = 2", "TIMES = 3")
    write = code_files._write

    def refuses(path, file):
        if "__pycache__" in path.parts:
            raise PermissionError(13, "Permission denied")
        write(path, file)

    bench.patch.setattr(code_files, "_write", refuses)
    assert [bench.does() for _ in range(3)] == ["compiles", "loads", "loads"]
    bench.edit("# a comment", "# another")
    assert [bench.does() for _ in range(3)] == ["translates", "loads", "loads"]
    assert bench.told == []
