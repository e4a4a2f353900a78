"""Where compiled kernels are stored, and when a stored one is used."""

import importlib.util
import os
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from synapse.engine.compiler import cache, jit
from synapse.engine.online.loops import run_network
from synapse.evolve import kernels
from synapse.evolve.kernels.phenotype import express

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")


class Bench:
    """An engine of one file, a room with one kernel beside it, and what the cache says
    on stderr."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.patch = monkeypatch
        self.told = []
        self.engine = folder / "engine"
        self.package = folder / "package"
        (self.engine / "online").mkdir(parents=True)
        self.source = self.engine / "online" / "fire.py"
        self.source.write_text("rate = 1\n")
        self.package.mkdir()
        (self.package / "kernels.py").write_text("def twice(x):\n    return x + x\n")
        monkeypatch.setattr(cache, "_ENGINE", self.engine)
        monkeypatch.setattr(cache, "_tell", self.told.append)
        monkeypatch.setattr(numba.config, "CACHE_DIR", "")
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "home"))
        self.restart()

    def restart(self):
        """What has been read of the engine is forgotten, as in a new process."""
        cache._digest_at_start.cache_clear()

    def kernel(self):
        """A dispatcher that knows nothing yet."""
        spec = importlib.util.spec_from_file_location(
            "kernels", self.package / "kernels.py"
        )
        module = importlib.util.module_from_spec(spec)
        self.patch.setitem(sys.modules, "kernels", module)  # where Numba finds it
        spec.loader.exec_module(module)
        kernel = jit.to_machine_code(module.twice)
        cache.enable(kernel)
        return kernel

    def compiles(self, number=1.5):
        """Whether a call of the kernel in a new process compiles it."""
        self.restart()
        kernel = self.kernel()
        assert kernel(number) == 2 * number
        return not kernel.stats.cache_hits

    def files(self, ending=".nbc"):
        return sorted(path for path in self.folder.rglob(f"*{ending}"))

    def must_use_other_directories(self):
        """Root may write anywhere, but not make a directory where a file is."""
        (self.package / "__pycache__").write_text("")
        (self.folder / "home").write_text("")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    yield Bench(tmp_path, monkeypatch)
    cache._digest_at_start.cache_clear()


def test_the_engine_is_all_of_it():
    assert {"schema.py", "online", "exact", "rtrl", "compiler"} < {
        path.name for path in cache._ENGINE.iterdir()
    }


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


def test_any_change_in_the_engine_or_another_numba_compiles_anew(bench):
    """Also one of equal size that leaves the time, as by ``rsync -a``; another time is
    no change."""
    bench.compiles()
    time = bench.source.stat().st_mtime_ns
    for change in (
        lambda: bench.source.write_text("rate = 2\n"),
        lambda: bench.source.rename(bench.source.with_name("move.py")),
        lambda: bench.patch.setattr(numba, "__version__", "0.0"),
    ):
        change()
        for file in bench.engine.rglob("*.py"):
            os.utime(file, ns=(time, time))
        assert bench.compiles()
        os.utime(file, (0, 0))
        assert not bench.compiles()


def test_a_change_in_the_folder_of_a_rooms_kernels_compiles_them_anew(bench):
    bench.compiles()
    parts = bench.package / "parts.py"
    for change in (
        lambda: parts.write_text("rate = 1\n"),
        lambda: parts.write_text("rate = 2\n"),
        parts.unlink,
    ):
        change()
        assert bench.compiles()
        assert not bench.compiles()


def test_a_change_in_the_folder_of_a_room_leaves_the_kernels_of_the_engine():
    """Those of the engine depend on the engine alone."""
    of_the_engine = cache.sources_of(run_network.py_func)
    assert [sources.folder for sources in of_the_engine] == [cache._ENGINE]
    of_a_room = cache.sources_of(express.py_func)
    assert [sources.folder for sources in of_a_room] == [
        cache._ENGINE,
        Path(kernels.__file__).parent,
    ]


def test_a_process_whose_engine_has_been_edited_saves_nothing(bench):
    """It may have imported some files before the edit and others after it."""
    kernel = bench.kernel()
    bench.source.write_text("rate = 2\n")
    assert kernel(1.5) == 3.0
    assert bench.files() == []


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
