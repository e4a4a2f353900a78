"""Whatever happens while a file is written, the old one or the new one is there,
whole."""

import itertools
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from synapse import errors, load, save
from synapse.readwrite import _files
from tests.helpers.cases import all_hold, all_refused

from .nets import ROOT, memory, same


def test_paths(tmp_path):
    for path_type in (str, Path):
        save(memory(), path_type(tmp_path / "net.anything"), "json")
        assert same(load(path_type(tmp_path / "net.anything")), memory())
    calls = [
        (partial(call, path), errors.ArgumentTypeError, "must be a string or a path")
        for path in (3, None, b"net", ["net"])
        for call in (partial(save, memory()), load)
    ]
    for path in (tmp_path, os.devnull) if os.name == "posix" else (tmp_path,):
        write = partial(save, memory(), path)
        calls.append((write, errors.ArgumentError, "that of a file"))
    all_refused(calls)


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_links_stay_links_and_modes_stay(tmp_path):
    save(memory(), tmp_path / "net")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "net").stat().st_mode & 0o777 == 0o666 & ~mask
    (tmp_path / "net").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "net")
    net = memory(seed=2)
    save(net, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "net").stat().st_mode & 0o777 == 0o640
    assert same(load(tmp_path / "net"), net)


WRITE_SLOWLY = """
import os, sys
from synapse.readwrite import _files
if sys.argv[2] == "hidden":  # as on other systems
    del os.O_TMPFILE
with _files.replacing(sys.argv[1]) as stream:
    stream.write(b"part")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.full
@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
@pytest.mark.parametrize("mode", ["hidden", "without a name"])
def test_what_a_killed_process_leaves_is_removed_and_what_a_living_one_writes_stays(
    tmp_path, mode
):
    if mode != "hidden" and not hasattr(os, "O_TMPFILE"):
        pytest.skip("files without names need Linux")
    path, hidden = tmp_path / "net", mode == "hidden"
    save(memory(), path)
    command = [sys.executable, "-c", WRITE_SLOWLY, str(path), mode]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # two that write the file and wait
    killed, other = (subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(2))
    with killed, other:
        for process in (killed, other):
            process.stdout.readline()
        killed.kill()
        killed.wait()
        assert same(load(path), memory())
        assert len(list(tmp_path.iterdir())) == 1 + 2 * hidden
        save(memory(seed=1), path)
        assert len(list(tmp_path.iterdir())) == 1 + hidden
        other.communicate(timeout=60)
    assert path.read_bytes() == b"part"
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_write_a_new_file_the_last_one_stays(tmp_path):
    path = tmp_path / "net"
    with _files.replacing(path) as outer:
        outer.write(b"outer")
        _files.write(path, b"inner")
        assert path.read_bytes() == b"inner"
    assert path.read_bytes() == b"outer"
    assert list(tmp_path.iterdir()) == [path]


DIRECT = re.compile(
    r"(?<!words)\.write_text\(|\.write_bytes\(|open\([^)\n]*[\"'][wax]b?[\"']"
    r"|(savefig|imsave|nx\.write_\w+)\((?!picture|file)"
)
NOT_RESULTS = {
    "synapse/engine/language/code_files.py",  # a cache
    "synapse/readwrite/_files.py",
}


def test_every_result_is_written_in_one_step():
    direct = {
        path.relative_to(ROOT).as_posix()
        for folder in ("synapse", "architect")
        for path in (ROOT / folder).rglob("*.py")
        if DIRECT.search(path.read_text("utf-8"))
    }
    assert direct == NOT_RESULTS


def test_whatever_fails_the_old_file_is_whole_and_nothing_is_left(
    tmp_path, monkeypatch
):
    path = tmp_path / "net"
    save(memory(), path)
    before = path.read_bytes()

    def check(where, error):
        monkeypatch.setattr(where, Mock(side_effect=error))
        with pytest.raises(type(error)):
            save(memory(seed=1), path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    places = (
        "os.replace",
        "os.fsync",
        "shutil.copymode",
        "synapse.readwrite._files.to_text",
    )
    raised = (OSError("disk full"), KeyboardInterrupt(), MemoryError())
    all_hold(check, itertools.product(places, raised), monkeypatch.undo)
