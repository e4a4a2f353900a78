"""Whatever happens while a file is written, the old one or the new one is there, whole."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import architect
from synapse import errors, load, save

from .nets import ROOT, memory, same


@pytest.mark.parametrize("kind", [str, Path])
def test_paths(tmp_path, kind):
    path = kind(tmp_path / "net.anything")
    save(memory(), path)
    assert same(load(path), memory())


@pytest.mark.parametrize("path", [3, None, b"net", ["net"]])
def test_what_is_no_path(path):
    for call in (lambda: save(memory(), path), lambda: load(path)):
        with pytest.raises(errors.KindError, match="path to be a string or a path"):
            call()


def test_only_files_are_replaced(tmp_path):
    with pytest.raises(errors.ArgumentError, match="(to be|Expected) that of a file"):
        save(memory(), tmp_path)
    if Path(os.devnull).is_char_device():
        with pytest.raises(errors.ArgumentError, match="(to be|Expected) that of a file"):
            save(memory(), os.devnull)
        assert Path(os.devnull).is_char_device()


def test_a_missing_folder_and_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(memory(), tmp_path / "missing" / "net")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "net")


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


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize(
    "where", ["os.replace", "os.fsync", "shutil.copymode", "synapse.readwrite.files._pieces"]
)
def test_whatever_fails_the_old_file_is_whole_and_nothing_is_left(tmp_path, monkeypatch, where, error):
    path = tmp_path / "net"
    save(memory(), path)
    before = path.read_bytes()

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(where, fail)
    with pytest.raises(type(error)):
        save(memory(seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


SAVE_FOREVER = """
import sys, synapse, architect
nets = [architect.Perceptron(20, 60, 5, seed=seed) for seed in (0, 1)]
synapse.save(nets[0], sys.argv[1])
print("ready", flush=True)
while True:
    for net in nets:
        synapse.save(net, sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_killed_process_leaves_a_whole_file(tmp_path):
    path = tmp_path / "net"
    whole = [architect.Perceptron(20, 60, 5, seed=seed) for seed in (0, 1)]
    for wait in (0.0, 0.01, 0.03):
        command = [sys.executable, "-c", SAVE_FOREVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        assert any((load(path).weights == net.weights).all() for net in whole)


DIRECT = re.compile(
    r"\.write_text\(|\.write_bytes\(|open\([^)\n]*[\"'][wax]b?[\"']|(savefig|imsave|nx\.write_\w+)\((?!picture|file)"
)
FOLDERS = ("synapse", "architect", "demos", "benchmarks", "docs/studies")
ITSELF = "synapse/readwrite/files.py"
NOT_RESULTS = {
    "benchmarks/cases.py",  # samples in a temporary folder
    "benchmarks/files.py",  # a peer's file in a temporary folder
    "benchmarks/machine.py",  # the folder of npm
    "benchmarks/memory.py",  # a switch of the kernel
    "demos/music_of_one_neuron.py",  # into memory
    "synapse/learning/logs.py",  # appends a row per epoch
    "synapse/readwrite/_archive.py",  # a member of an archive
}


def test_every_result_is_written_in_one_step():
    paths = [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if ".peers" not in path.parts
    ]
    direct = {path.relative_to(ROOT).as_posix() for path in paths if DIRECT.search(path.read_text("utf-8"))}
    assert direct == {ITSELF, *NOT_RESULTS}
