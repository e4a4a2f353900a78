"""Where compiled kernels are stored, and when a stored one is used."""

import importlib.util
import os
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from synapse.engine.compiler import cache, jit

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")


class Bench:
    """A package with one kernel, and what the cache says on stderr."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.patch = monkeypatch
        self.told = []
        self.package = folder / "package"
        self.package.mkdir()
        self.source = self.package / "kernels.py"
        self.source.write_text("TIMES = 2\n\ndef twice(x):\n    return TIMES * x\n")
        monkeypatch.setattr(cache, "_tell", self.told.append)
        monkeypatch.setattr(numba.config, "CACHE_DIR", "")
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "home"))

    def edit(self, old, new):
        """Change the source."""
        text = self.source.read_text()
        assert old in text
        self.source.write_text(text.replace(old, new))

    def kernel(self):
        """A dispatcher that knows nothing yet, as in a new process."""
        spec = importlib.util.spec_from_file_location("kernels", self.source)
        module = importlib.util.module_from_spec(spec)
        self.patch.setitem(sys.modules, "kernels", module)  # where Numba finds it
        spec.loader.exec_module(module)
        kernel = jit.to_machine_code(module.twice)
        cache.enable(kernel)
        return kernel

    def compiles(self, number=1.5):
        """Whether a call of the kernel in a new process compiles it."""
        kernel = self.kernel()
        assert kernel(number) == kernel.py_func(number)
        return not kernel.stats.cache_hits

    def files(self, ending=".nbc"):
        return sorted(path for path in self.folder.rglob(f"*{ending}"))

    def must_use_other_directories(self):
        """Root may write anywhere, but not make a directory where a file is."""
        (self.package / "__pycache__").write_text("")
        (self.folder / "home").write_text("")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Bench(tmp_path, monkeypatch)


def test_a_kernel_is_compiled_once(bench):
    assert bench.compiles()
    assert not bench.compiles()
    assert [file.parent for file in bench.files()] == [bench.package / "__pycache__"]
    assert len(list((bench.package / "__pycache__").glob("kernels.twice*"))) == 1
    assert bench.told == []


def test_each_type_has_its_own_file(bench):
    numbers = np.float32(0.5), 0.5, np.int64(2)
    assert [bench.compiles(number) for number in (*numbers, *numbers)] == [True] * 3 + [
        False
    ] * 3
    assert len(bench.files()) == 3
    oldest, *others = bench.files()
    content = oldest.read_bytes()
    for other in (
        others
    ):  # a kernel for another type is not called, wherever its file has got to
        other.write_bytes(content)
    assert [bench.compiles(number) for number in numbers].count(True) == 2


def test_other_code_or_another_numba_compiles_anew(bench):
    """Also code of equal size that leaves the time, as by ``rsync -a``."""
    bench.compiles()
    time = bench.source.stat().st_mtime_ns
    for change in (
        lambda: bench.edit("TIMES = 2", "TIMES = 3"),
        lambda: bench.edit("TIMES * x", "x * TIMES"),
        lambda: bench.patch.setattr(numba, "__version__", "0.0"),
    ):
        change()
        os.utime(bench.source, ns=(time, time))
        assert bench.compiles()
        assert not bench.compiles()
    assert len(bench.files()) == 1  # the latest takes the place of those before


def test_comments_docstrings_and_lines_compile_nothing(bench):
    bench.compiles()
    bench.edit("TIMES = 2\n", "# How many times.\n\nTIMES = 2  # two\n")
    bench.edit("(x):\n", '(x):\n    """Return it twice."""\n')
    bench.edit("def twice", "\nlater = 3\n\n\ndef twice")
    assert not bench.compiles()


def test_a_process_saves_the_code_that_it_has_imported(bench):
    """Not that of files that have been edited since."""
    kernel = bench.kernel()
    bench.edit("TIMES = 2", "TIMES = 3")
    assert kernel(1.5) == 3.0
    bench.edit("TIMES = 3", "TIMES = 2")
    assert not bench.compiles()
    bench.edit("TIMES = 2", "TIMES = 3")
    assert bench.compiles()


def test_damaged_files_count_as_missing(bench):
    bench.compiles()
    (file,) = bench.files()
    sound = file.read_bytes()
    middle = len(sound) // 2
    for content in (
        b"",
        sound + b"\0",
        sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
        sound[:32] + b"\x80\x04K\x01.",  # another pickle
    ):
        file.write_bytes(content)
        assert bench.compiles(), content
        assert not bench.compiles(), content


@pytest.mark.parametrize("fails", ["write_bytes", "replace"])
def test_a_full_disk_leaves_no_part_of_a_file(bench, fails):
    def full(self, *_):
        raise OSError(28, "No space left on device")

    with bench.patch.context() as patch:
        patch.setattr(Path, fails, full)
        assert bench.compiles()
    assert len(bench.told) == 1
    assert "No space left" in bench.told[0]
    assert list((bench.package / "__pycache__").glob("kernels.twice*")) == []
    assert bench.compiles()


def test_without_a_writable_directory_every_process_compiles_and_says_what_to_set(
    bench,
):
    bench.must_use_other_directories()
    assert bench.compiles()
    assert bench.compiles()
    assert bench.files() == []
    assert bench.told[0].startswith(
        "found no writable directory for compiled kernels, so every process"
    )
    assert "set NUMBA_CACHE_DIR" in bench.told[0]
