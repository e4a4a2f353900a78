"""The extras: each brings what its rooms import, by its own requirements.

.ci/extras.py installs each alone, and uses it."""

import ast
import configparser
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse

ROOT = Path(__file__).resolve().parents[2]
CI = runpy.run_path(str(ROOT / ".ci" / "extras.py"))
SERVED = CI["SERVED"]

DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Modules whose distribution has another name."""
OURS = sys.stdlib_module_names | {"synapse", "architect"}


def requirements():
    """The distributions that Synapse, as "", and each of its extras declare."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = {"": config["options"]["install_requires"]}
    declared.update(config["options.extras_require"])
    return {
        extra: {re.match(r"[\w-]+", line)[0] for line in lines.strip().split("\n")}
        for extra, lines in declared.items()
    }


REQUIREMENTS = requirements()
BASE = REQUIREMENTS[""]
PROBABLE = re.compile(
    r"^[ ]*(?:import|from) (\w+)|(_?imported|LaterModule)\(|(_pandas) import", re.M
)
"""What a file imports, or that it imports in another way."""


def imports_of(tree):
    """The modules that a file imports, also in functions and when they are used, each
    with the extra that its error names, or ""."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.module, ""
            elif (node.module or "").endswith("_pandas"):
                yield "pandas", ""  # imported when it is used
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name not in ("imported", "_imported", "LaterModule"):
                continue
            words = dict(zip(("module", "title", "package", "extra"), node.args))
            words |= {word.arg: word.value for word in node.keywords}
            texts = {
                key: value.value
                for key, value in words.items()
                if isinstance(value, ast.Constant)
            }
            if "module" in texts:
                yield texts["module"], texts.get("extra", "")


def serving(module):
    """The extras that serve a module: those with the innermost room around it."""
    lengths = {
        extra: max(
            (len(room) for room in served.rooms if f"{module}.".startswith(f"{room}.")),
            default=0,
        )
        for extra, served in SERVED.items()
    }
    longest = max(lengths.values())
    return [extra for extra in lengths if longest and lengths[extra] == longest]


def imports_of_all():
    """Module, distribution and extras that serve it, for each import that may not be of
    the standard library."""
    for package in ("synapse", "architect"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if {*map("".join, PROBABLE.findall(text))} <= OURS | BASE:
                continue  # to parse all files takes two seconds
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for name, told in imports_of(ast.parse(text)):
                top = name.partition(".")[0]
                if top and top not in OURS | BASE:
                    extras = [told] if told else serving(module)
                    yield module, DISTRIBUTIONS.get(top, top), extras


def lacking(imports, declared):
    """The imports that no extra declares which serves their module."""
    return [
        (module, distribution)
        for module, distribution, extras in imports
        if not any(distribution in declared[extra] for extra in extras)
    ]


def test_the_list_names_every_extra_and_its_rooms():
    assert (set(REQUIREMENTS) - {""}) == set(SERVED) | CI["TOOLS"]
    assert not set(SERVED) & CI["TOOLS"]
    for extra, served in SERVED.items():
        for room in served.rooms:
            path = ROOT / room.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").exists(), (extra, room)


@pytest.mark.full
def test_each_room_imports_what_its_extra_declares():
    """By its own requirements: what another package brings today, it may not bring in
    its next release, as River did with pandas."""
    imports = [*imports_of_all()]
    assert lacking(imports, REQUIREMENTS) == []

    needed = {
        extra
        for _, distribution, extras in imports
        for extra in extras
        if distribution in REQUIREMENTS[extra]
    }
    # Calls take objects of dask and gymnasium, and no room imports these packages.
    assert set(SERVED) - needed == {"dask", "gymnasium"}

    for extra in needed:  # the comparison would see that an extra declares nothing
        assert lacking(imports, {**REQUIREMENTS, extra: set()}), extra


def test_calls_of_the_library_say_what_to_install(monkeypatch, tmp_path):
    net = architect.Perceptron(1, 2, 1, seed=0)
    result = synapse.Trainer(net).train([[0.0]], [[1.0]], epochs=1, progress=False)
    calls = {
        "pandas": [synapse.forecasting.Forecast(np.ones((2, 1))).to_pandas],
        "statsforecast": [
            lambda: synapse.forecasting.statistical("ets", np.arange(30.0))
        ],
        "matplotlib": [lambda: synapse.draw.learning(result), synapse.draw.style],
        "torch": [lambda: synapse.to_torch(net)],
        "onnx": [lambda: synapse.save(net, tmp_path / "net.onnx")],
        "scipy": [lambda: synapse.draw.network(net, layout="kamada_kawai")],
    }
    for name, uses in calls.items():
        for module in [
            name,
            *(each for each in sys.modules if f"{each}.".startswith(f"{name}.")),
        ]:
            monkeypatch.setitem(sys.modules, module, None)
        for use in uses:
            with pytest.raises(
                synapse.errors.MissingExtraError,
                match=f"{name}.*Install it.*: pip install",
            ):
                use()
