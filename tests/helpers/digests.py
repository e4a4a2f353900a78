"""Which compiled kernels an edit of the library changes.

Some calls run in a copy of ``synapse``, in a process of their own. The cache that they
fill has the digest of the text of each kernel for LLVM.
"""

import os
import re

from synapse.engine.language import code_files
from tests.helpers.processes import ROOT, python

DECLARATION = re.compile(r"(?<=\n)( *)(@|def |class )")
CALLS = """
import architect, synapse

data = [[[0.0, 1.0], [1.0, 0.0]]], [[[1.0], [0.0]]]
for rule in ("online", "bptt", "rtrl"):
    net = architect.LSTM(2, 3, 1, seed=0)
    synapse.Trainer(net, rule=rule).train(*data, epochs=2, progress=False)
"""


def kernels_of(folder, cache):
    """The file of each kernel that the calls need, by name, after they have run with
    the library in a folder."""
    variables = {
        "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT))),
        "SYNAPSE_CACHE_DIR": str(cache),
    }
    python("-c", CALLS, cwd=folder, PYTHONDONTWRITEBYTECODE="1", **variables)
    return {path.stem: code_files._read(path) for path in cache.glob("*.o")}


def changed(before, after):
    """The names, without types, of kernels whose text is another one, or which are
    new."""
    return {
        name.rpartition(".")[0]
        for name, file in after.items()
        if name not in before or before[name].text != file.text
    }


def with_other_words(path):
    """Change all comments and docstrings of a module, and all of its line numbers."""
    text = DECLARATION.sub(r"\n\1# Words.\n\1\2", path.read_text())
    path.write_text(re.sub('"""([A-Z])', r'"""Words.\n\n\1', text))
