"""The wheel: it holds `synapse` and `architect` alone, and works where it is installed.

What is written about the package agrees with it. `.ci/run` tests the source
distribution from itself."""

import configparser
import email
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import synapse
from synapse._checks.extras import FROM_CLONE

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("synapse", "architect")
NOT_SOURCES = shutil.ignore_patterns(
    ".*",
    "__pycache__",
    "*.egg-info",
    "*.pyc",
    "build",
    "dist",
    "site",
    "runs",
    "node_modules",
)

TRIAL = """
import sys, importlib.metadata, pathlib, tempfile
import architect, synapse
from synapse.readwrite import load, save

for package in (architect, synapse):
    assert package.__file__.startswith(sys.prefix), package.__file__
    assert pathlib.Path(package.__file__).with_name("py.typed").exists()
assert importlib.metadata.version("synapse-neurons") == synapse.__version__
net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
before = net.activate([0.0, 1.0])
net.propagate(0.1, [1.0])
net.clear()
after = net.activate([0.0, 1.0])
assert abs(after[0] - 1.0) < abs(before[0] - 1.0)
save(net, sys.argv[1])
assert load(sys.argv[1]).activate([0.0, 1.0]) == net.activate([0.0, 1.0])
"""


def run(*command, cwd):
    options = {"capture_output": True, "text": True, "timeout": 600, "cwd": cwd}
    done = subprocess.run([str(word) for word in command], check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources: what an older build has left cannot
    get in."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "sources", ignore=NOT_SOURCES)
    words = "-m pip wheel -q --no-deps --no-build-isolation --no-index -w"
    run(sys.executable, *words.split(), folder, folder / "sources", cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A fresh environment with the wheel, which borrows the dependencies of this
    one."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    python = next(
        path
        for path in (folder / "bin/python", folder / "Scripts/python.exe")
        if path.exists()
    )
    install = ["install", "-q", "--no-deps", "--no-index", wheel]
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=folder)
    borrowed = {sysconfig.get_paths()[kind] for kind in ("purelib", "platlib")}
    Path(paths["purelib"], "borrowed.pth").write_text("\n".join(borrowed))
    return python


@pytest.mark.slow
def test_the_wheel_holds_the_two_packages_and_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        fields = email.message_from_bytes(archive.read(metadata))
    assert {
        top for top in (name.split("/")[0] for name in names) if ".dist-info" not in top
    } == set(PACKAGES)
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith(".")
    }
    assert files - names == set()
    assert (fields["Version"], fields["License-Expression"]) == (
        synapse.__version__,
        "MIT",
    )
    needed = [
        line for line in fields.get_all("Requires-Dist") if "extra ==" not in line
    ]
    assert [re.match(r"[\w-]+", line)[0] for line in needed] == [
        "llvmlite",
        "llvmlite",
        "networkx",
        "numpy",
        "tqdm",
    ]
    markers = [Requirement(line).marker for line in needed[:2]]
    for system, machine, implementation, has_wheels in (
        ("linux", "x86_64", "CPython", True),
        ("linux", "aarch64", "CPython", True),
        ("win32", "AMD64", "CPython", True),
        ("win32", "ARM64", "CPython", True),
        ("darwin", "arm64", "CPython", True),
        ("darwin", "x86_64", "CPython", True),
        ("linux", "riscv64", "CPython", False),
        ("linux", "i686", "CPython", False),
        ("linux", "x86_64", "PyPy", False),
    ):
        platform = {
            "sys_platform": system,
            "platform_machine": machine,
            "platform_python_implementation": implementation,
            "python_version": "3.13",
        }
        found = [marker.evaluate(platform) for marker in markers]
        assert found.count(True) == has_wheels, platform


@pytest.mark.slow
def test_the_installed_wheel_builds_trains_and_saves_and_has_the_command(
    elsewhere, tmp_path
):
    run(elsewhere, "-I", "-c", TRIAL, tmp_path / "net.synapse", cwd=tmp_path)
    command = next(elsewhere.parent.glob("synapse*"))
    assert run(command, "--version", cwd=tmp_path) == f"synapse {synapse.__version__}\n"


def test_what_is_written_about_the_package_agrees():
    """The citation, the oldest versions, the setuptools of the build, and the
    classified Pythons."""
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    assert f"version: {synapse.__version__}\n" in (ROOT / "CITATION.cff").read_text(
        encoding="utf-8"
    )
    extras = declared["options.extras_require"]
    needed = {
        re.sub(r"\[\w+\]|[,;].*", "", line)
        for lines in [declared["options"]["install_requires"], *extras.values()]
        for line in lines.strip().split("\n")
        if not line.startswith("synapse-neurons[")
    }
    oldest = run("bash", ROOT / ".ci/run", "oldest", cwd=ROOT).split()
    assert {line.replace("==", ">=") for line in oldest} == needed
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", line) for line in oldest)
    (line,) = re.findall(r"setuptools>=[\d.]+", extras["test"])
    assert f'requires = ["{line}"]' in (ROOT / "pyproject.toml").read_text(
        encoding="utf-8"
    )
    classifiers = declared["metadata"]["classifiers"]
    minors = [int(minor) for minor in re.findall(r"Python :: 3\.(\d+)", classifiers)]
    lowest = int(declared["options"]["python_requires"].removeprefix(">=3."))
    assert minors == [*range(lowest, lowest + len(minors))]


@pytest.mark.full
def test_pages_say_how_an_extra_is_installed_as_errors_do():
    """From a clone, in one sentence: no index has the distribution."""
    extras = configparser.ConfigParser()
    extras.read(ROOT / "setup.cfg", encoding="utf-8")
    names = set(extras["options.extras_require"])
    folders = ("docs", "studies", "synapse", "architect", "demos", "benchmarks")
    texts = {
        path: " ".join(path.read_text(encoding="utf-8").split())
        for path in (
            *ROOT.glob("*.md"),
            *(file for folder in folders for file in (ROOT / folder).rglob("*.*")),
        )
        if path.suffix in (".md", ".rst", ".py", ".ipynb")
        and path.name != "CHANGELOG.md"
    }
    assert len(texts) > 300
    wrong = re.compile(r"pip install [\"'\\]*synapse")
    assert not [path for path, text in texts.items() if wrong.search(text)]
    shown = [
        (path, *found)
        for path, text in texts.items()
        for found in re.findall(
            r'([^.:]+: pip install -e "\.\[(\w+)\]"\.)', re.sub(r"[`\\]", "", text)
        )
    ]
    assert len(shown) > 8
    for path, sentence, extra in shown:
        assert sentence.strip() == FROM_CLONE.format(extra), path
        assert extra in names
