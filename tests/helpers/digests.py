"""Digests of all kernels of a package; as a program, those after edits of a copy of it.

``python digests.py folder edits``: the folder has a copy of ``synapse``; the edits are
lists of a file, a text in it and what takes its place, as JSON. Printed is, for each
text, which digests its edit changes.
"""

import importlib
import json
import pkgutil
import re
import sys
from pathlib import Path

import numba

DECLARATION = re.compile(r"(?<=\n)( *)(@|def |class )")
PACKAGES = ("synapse.engine", "synapse.evolve._kernels")


def digests():
    """The digest of each kernel, part and lazy part, by its name."""
    digest, jit, lazy_parts = (
        importlib.import_module(f"synapse.engine.compiler.{name}")
        for name in ("digest", "jit", "lazy_parts")
    )
    digests_by_name = {}
    for package in map(importlib.import_module, PACKAGES):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(info.name)).items():
                if hasattr(value, "targetoptions"):
                    digests_by_name[f"{info.name}.{name}"] = digest.digest_of(
                        value
                    ).hex()
    for name, parts in lazy_parts._parts.items():
        for place, part in enumerate(parts):
            kernel = jit.to_machine_code(part.function)
            types = [kind(numba.float64) for kind in part.kinds]
            digests_by_name[f"{name} {place}"] = digest.digest_of(kernel, types).hex()
    return digests_by_name


def imported_anew():
    """The digests of the modules as they are now."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "synapse"]:
        del sys.modules[name]
    return digests()


def with_other_words(path):
    """Change all comments and docstrings of a module, and all of its line numbers."""
    text = DECLARATION.sub(r"\n\1# Words.\n\1\2", path.read_text())
    path.write_text(re.sub('"""([A-Z])', r'"""Words.\n\n\1', text))


def main(folder, edits):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    before = imported_anew()

    def changed():
        now = imported_anew()
        assert now.keys() == before.keys()
        return [name for name in before if now[name] != before[name]]

    changed_by_name = {}
    for name, old, new in edits:
        path = folder / "synapse" / name
        text = path.read_text()
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new))
        changed_by_name[old] = changed()
        path.write_text(text)
    for path in folder.rglob("*.py"):
        with_other_words(path)
    changed_by_name["words"] = changed()
    print(json.dumps(changed_by_name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
