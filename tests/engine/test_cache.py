"""Where compiled kernels are stored, and when a stored one is used."""

import importlib.util
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from synapse.engine import guard
from synapse.engine.compiler import cache, jit

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")
posix = pytest.mark.skipif(os.name != "posix", reason="users have no numbers")


class Bench:
    """An engine of one file, a module with one kernel, and what the cache says on stderr."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch, self.told = folder, monkeypatch, []
        self.engine, self.package = folder / "engine", folder / "package"
        (self.engine / "online").mkdir(parents=True)
        self.source = self.engine / "online" / "fire.py"
        self.source.write_text("rate = 1\n")
        self.package.mkdir()
        (self.package / "kernels.py").write_text("def twice(x):\n    return x + x\n")
        monkeypatch.setattr(cache, "_ENGINE", self.engine)
        monkeypatch.setattr(cache, "_tell", self.told.append)
        monkeypatch.setattr(numba.config, "CACHE_DIR", "")
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "home"))
        monkeypatch.setattr(cache.tempfile, "tempdir", str(folder / "temporary"))
        (folder / "temporary").mkdir(mode=0o700)
        self.restart()

    def restart(self):
        """What has been read of the engine is forgotten, as in a new process."""
        cache._engine.cache_clear()

    def kernel(self):
        """A dispatcher that knows nothing yet."""
        found = importlib.util.spec_from_file_location("kernels", self.package / "kernels.py")
        module = importlib.util.module_from_spec(found)
        self.patch.setitem(sys.modules, "kernels", module)  # where Numba finds it
        found.loader.exec_module(module)
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
    cache._engine.cache_clear()


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
    assert [bench.compiles(number) for number in (*numbers, *numbers)] == [True] * 3 + [False] * 3
    assert len(bench.files()) == 3
    first, *others = bench.files()
    content = first.read_bytes()
    for other in others:  # a kernel for another type is not called, wherever its file has got to
        other.write_bytes(content)
    assert [bench.compiles(number) for number in numbers].count(True) == 2


def test_any_change_in_the_engine_or_another_numba_compiles_anew(bench):
    """Also one of equal size that leaves the time, as by ``rsync -a``; another time is no change."""
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


@posix
def test_where_nothing_else_can_be_written_a_private_directory_is_used(bench):
    bench.must_use_other_directories()
    assert bench.compiles()
    private = bench.folder / "temporary" / f"synapse-cache-{os.getuid()}"
    assert [file.parents[1] for file in bench.files()] == [private]
    assert private.stat().st_mode & 0o777 == 0o700
    assert f"compiled kernels are cached in {private}; set NUMBA_CACHE_DIR" in bench.told[0]
    assert numba.config.CACHE_DIR == ""
    assert not bench.compiles()


TRAPS = {
    "listed by all": lambda private, bench: private.mkdir() or private.chmod(0o744),
    "a link": lambda private, bench: private.symlink_to(bench.engine),
    "a file": lambda private, bench: private.write_text(""),
    "of another user": lambda private, bench: (
        private.with_name(f"synapse-cache-{os.getuid() + 1}").mkdir(0o700),
        bench.patch.setattr(os, "getuid", itertools.repeat(os.getuid() + 1).__next__),
    ),
    "in a directory in which others rename": lambda private, bench: private.parent.chmod(0o777),
}


@posix
@pytest.mark.parametrize("trap", TRAPS)
def test_what_another_user_may_have_put_there_is_not_used(bench, trap):
    """The files are pickles, which may run code."""
    bench.must_use_other_directories()
    TRAPS[trap](bench.folder / "temporary" / f"synapse-cache-{os.getuid()}", bench)
    assert bench.compiles()
    assert bench.files() == []
    assert bench.told == ["found no writable directory for compiled kernels; every process compiles its own."]


@posix
def test_a_shared_directory_in_which_others_cannot_rename_is_used(bench):
    bench.must_use_other_directories()
    (bench.folder / "temporary").chmod(0o1777)
    assert bench.compiles()
    assert not bench.compiles()


HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


class Other:
    """A process that compiles a kernel until it is told to end."""

    def __init__(self, path):
        command = [sys.executable, "-I", "-S", "-c", HOLD, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def end(self):
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def other(bench):
    """Another process compiles the kernel; it has not saved it."""
    pytest.importorskip("fcntl")
    bench.compiles()
    (file,) = bench.files()
    file.rename(file.with_suffix(".saved"))
    other = Other(str(file).split(".nbc")[0].rsplit(".", 1)[0] + ".lock")
    other.save = lambda: file.with_suffix(".saved").rename(file)
    yield other
    other.end()


def after_a_pause(monkeypatch, act, clock=time.monotonic):
    """Something that happens while this process waits for another one."""
    monkeypatch.setattr(cache, "time", SimpleNamespace(sleep=lambda seconds: act(), monotonic=clock))


def test_what_another_process_compiles_is_waited_for_and_loaded(bench, other, monkeypatch):
    after_a_pause(monkeypatch, lambda: (other.save(), other.end()))
    assert not bench.compiles()
    assert bench.files(".lock") == []


def test_waiting_has_an_end(bench, other, monkeypatch):
    clock = iter(range(0, 1000, 50))
    after_a_pause(monkeypatch, lambda: None, lambda: next(clock))
    assert bench.compiles()
    assert other.process.poll() is None
    assert next(clock) < 400


def test_ctrl_c_ends_waiting(bench, other, monkeypatch, ctrl_c):
    after_a_pause(monkeypatch, ctrl_c)
    with pytest.raises(KeyboardInterrupt), guard.Deferred():
        bench.compiles()
    other.end()
    assert bench.compiles()


def test_a_lock_ends_with_the_compilation_also_if_it_fails(bench):
    kernel = bench.kernel()
    with pytest.raises(numba.TypingError):
        kernel(None)
    assert bench.files(".lock") == []
    assert kernel._cache.lock._file is None


def test_nothing_breaks_without_locks(bench, monkeypatch):
    lock = cache._Lock(str(bench.folder / "none" / "kernel.lock"))
    lock.acquire()
    lock.release()
    monkeypatch.setattr(cache, "fcntl", None)
    assert bench.compiles()
    assert not bench.compiles()
