"""Where compiled kernels are kept, each case in a process of its own.

The tests may run as root, whom permissions do not bind. So the directories that Numba would use are no
directories: the package stands in a path whose ``__pycache__`` is a file, and the home is a file.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import synapse
from synapse.engine.compiler import jit

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")

STEP = """
import synapse
neuron = synapse.Neuron()
neuron.clear()  # the kernel that compiles fastest
print(neuron.activation)
"""


class Place:
    """A copy of the package, a home and a temporary directory."""

    def __init__(self, path):
        self.home, self.temporary, self.package = path / "home", path / "temporary", path / "package"
        self.home.mkdir()
        self.temporary.mkdir(mode=0o700)
        source = Path(synapse.__file__).parent
        shutil.copytree(source, self.package / "synapse", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def cache(self):
        return self.package / "synapse" / "engine" / "online" / "__pycache__"

    @property
    def private(self):
        return self.temporary / f"synapse-cache-{os.getuid()}"

    def cannot_be_written(self):
        """Neither package nor home takes a cache."""
        self.cache.write_text("no directory")
        self.home.rmdir()
        self.home.write_text("no directory")

    def run(self, code=STEP, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        environment |= {
            "PYTHONPATH": str(self.package),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "TMPDIR": str(self.temporary),
            **variables,
        }
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(
            command, env=environment, cwd=self.package, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == "0.0\n"
        return [line for line in done.stderr.splitlines() if "compiling its kernels" not in line]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def files(directory):
    """What kernels are kept in, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*.nb?")}


def test_kernels_are_kept_beside_the_package(place):
    assert place.run() == []
    kept = files(place.cache)
    assert kept
    assert place.run() == []
    assert files(place.cache) == kept


@pytest.mark.parametrize("wing", ["compiler/lanes.py", "functions/costs.py", "online/weigh.py", "schema.py"])
def test_an_edit_of_any_file_of_the_engine_compiles_anew(place, wing):
    place.run()
    kept = files(place.cache)
    with (place.package / "synapse" / "engine" / wing).open("a") as file:
        file.write("# edited\n")
    place.run()
    assert files(place.cache) != kept


def test_where_nothing_else_can_be_written_a_temporary_directory_is_used(place):
    place.cannot_be_written()
    lines = place.run()
    assert len(lines) == 1
    assert str(place.private) in lines[0]
    assert place.private.stat().st_mode & 0o777 == 0o700
    kept = files(place.private)
    assert kept
    assert place.run() == lines
    assert files(place.private) == kept


def test_a_directory_asked_for_comes_first(place, tmp_path):
    place.cannot_be_written()
    asked = tmp_path / "asked"
    assert place.run(NUMBA_CACHE_DIR=str(asked)) == []
    assert files(asked)
    file = tmp_path / "file"
    file.write_text("no directory")
    assert len(place.run(NUMBA_CACHE_DIR=str(file))) == 1
    assert files(place.private)


@pytest.mark.parametrize("trap", ["open to all", "a link", "of another user", "a file"])
def test_what_another_user_may_have_put_there_is_not_used(place, trap, tmp_path):
    """Numba's cache files are pickles, which may run code."""
    place.cannot_be_written()
    if trap == "a file":
        place.private.write_text("")
    elif trap == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        place.private.symlink_to(tmp_path / "elsewhere")
    else:
        place.private.mkdir(mode=0o700)
        if trap == "open to all":
            place.private.chmod(0o777)
    code = STEP
    if trap == "of another user":
        code = f"import os; found = os.getuid(); os.getuid = lambda: found + 1\n{STEP}"
        place.private.rename(place.temporary / f"synapse-cache-{os.getuid() + 1}")
    lines = place.run(code)
    assert lines == [
        "synapse: found no writable directory for compiled kernels; every process compiles its own."
    ]
    assert not files(tmp_path)


def test_a_temporary_directory_in_which_others_can_rename_is_not_used(place):
    place.cannot_be_written()
    place.temporary.chmod(0o777)
    assert "every process" in place.run()[0]
    place.temporary.chmod(0o1777)
    assert str(place.private) in place.run()[0]


def shortened(content):
    return content[: len(content) // 2]


def emptied(content):
    return b""


def changed(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def other_pickle(content):
    return b"\x80\x04K\x01." * 9


@pytest.mark.parametrize(
    ("damage", "ending"),
    [(shortened, "nbi"), (emptied, "nbc"), (changed, "nbi"), (changed, "nbc"), (other_pickle, "nbi")],
)
def test_a_damaged_file_is_thrown_away(place, damage, ending):
    place.run()
    for path in place.cache.glob(f"*.{ending}"):
        path.write_bytes(damage(path.read_bytes()))
    assert place.run() == []
    kept = files(place.cache)
    assert place.run() == []
    assert files(place.cache) == kept


def test_a_cache_that_cannot_be_written_any_more_is_done_without(place):
    full = "import numba.core.caching as c, errno, os\n"
    full += "def full(*_): raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))\n"
    full += "c.IndexDataCacheFile._save_data = full\n"
    lines = place.run(full + STEP)
    assert len(lines) == 1
    assert "No space left" in lines[0]
    assert place.run() == []
