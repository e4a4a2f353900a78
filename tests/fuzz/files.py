"""Damaged files: each is refused or gives a whole network; nothing is executed, memory is bounded."""

from __future__ import annotations

import contextlib
import copy
import encodings
import importlib
import io
import json
import pkgutil
import resource
import sys
import warnings
import zipfile
from random import Random

import numpy as np

from synapse import readwrite
from synapse.errors import SynapseError

from ..integrity import check_store
from ..readwrite.formats import used
from .walk import failure_of

FORMATS = ("json", "npz", "graphml", "gexf", "cytoscape", "node_link", "synaptic")
ROOM = 1 << 30
"""Bytes that reading may take beyond what the process has."""
HARMLESS = ("object.__", "builtins.id", "gc.", "compile", "os.listdir", "os.scandir", "sys._getframe")
HARMLESS += ("code.__new__", "cpython.", "import", "sys.unraisablehook", "array.__new__")
"""Beginnings of the names of audit events that neither open nor run anything (NumPy compiles literals)."""
ODD = [0, 1, -1, 2**31, 2**32 - 1, 2**63, 1e308, -1e308, 1e39, 0.5, None, True]
ODD += ["", "x", [], {}, [[]], "NaN", "__class__"]


PIECES = (b"9", b"-", b"1e999", b"\x00", b'"', b"<", b"&x;", b"{", b"[" * 5000)


class Watch:
    """Notes what Python's audit hooks tell while a file is read: nothing may be opened, run or imported."""

    def __init__(self):
        self.on, self.seen = False, []
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.on and not event.startswith(HARMLESS):
            self.seen.append((event, str(arguments)[:80]))


WATCH = []


def samples():
    """Files of every format, by format."""
    found = {}
    for format in FORMATS:
        found[format] = []
        for name in ("perceptron", "gated", "named", "float32", "tied", "competing", "lstm"):
            stream = io.BytesIO()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", readwrite.SynapticWarning)
                    getattr(readwrite, f"write_{format}")(used(name), stream)
            except SynapseError:
                continue  # Synaptic does not know everything
            found[format].append(stream.getvalue())
    return found


SAMPLES = {}


def bytes_changed(random, content):
    """Some bytes overwritten, a part left out, repeated, or moved."""
    content = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 8])):
        at, length = random.randrange(len(content) + 1), random.choice([1, 2, 8, 100])
        sort = random.randrange(5)
        if sort == 0:
            content[at : at + length] = bytes(random.randrange(256) for _ in range(length))
        elif sort == 1:
            del content[at : at + length]
        elif sort == 2:
            content[at:at] = content[at : at + length]
        elif sort == 3 and at < len(content):
            content[at] ^= 1 << random.randrange(8)
        else:
            content[at : at + 1] = random.choice(PIECES)
    return bytes(content[: random.randrange(len(content) + 1)] if random.random() < 0.05 else content)


def document_changed(random, content):
    """A member of a JSON document replaced, left out or exchanged."""
    document = json.loads(content)
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        node = document
        while isinstance(node, dict | list) and node:
            key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or random.random() < 0.15:
                break
            node = node[key]
        if isinstance(node, dict | list) and node:
            change(random, node, key)
    return json.dumps(document).encode()


def change(random, node, key):
    sort = random.randrange(5)
    if sort == 0:
        del node[key]
    elif sort == 1 and isinstance(node, list):
        other = random.randrange(len(node))
        node[key], node[other] = node[other], node[key]
    elif sort == 2 and isinstance(node, list):
        node.insert(key, node[key])
    elif sort == 3 and isinstance(node[key], int | float):
        node[key] = node[key] + random.choice([1, -1, 0.5, 2**32])
    else:
        node[key] = copy.deepcopy(random.choice(ODD))


def archive_changed(random, content):
    """An array of an archive with another type or shape, left out, or with a false header."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        chosen = random.choice(names)
        for name in names:
            body = old.read(name)
            if name == chosen:
                if random.random() < 0.1:
                    continue
                body = array_changed(random, body)
            new.writestr(name, body)
    return stream.getvalue()


def array_changed(random, body):
    if random.random() < 0.4:
        header = {
            "descr": random.choice(["<f8", "<f4", "|S0", "<U0", "|V0", "|O", "<u8", "|b1", "<M8[s]", "<c16"]),
            "fortran_order": random.random() < 0.5,
            "shape": random.choice([(), (0,), (5,), (2**31,), (10**9,), (2, 3), (0, 2**40), (10**15,)]),
        }
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, header)
        return stream.getvalue() + body[-random.randrange(len(body)) :]
    array = np.load(io.BytesIO(body))
    if array.size and random.random() < 0.7:
        flat = array.reshape(-1).copy()
        with np.errstate(all="ignore"):
            values = np.array([0, 1, 255, 65535, -1, 2.0**32 - 1, np.nan, np.inf, 1e39])
            if flat.dtype.kind in "fiu":
                flat[random.randrange(flat.size)] = values.astype(flat.dtype)[random.randrange(len(values))]
        array = flat.reshape(array.shape)
    elif array.ndim:
        longer = np.concatenate([array, array[:1]])
        array = random.choice([array[:-1], longer, array[::-1].copy(), array[None]])
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def changed(random, format, content):
    """A file that bad luck or bad will has changed."""
    if random.random() < 0.4:
        return bytes_changed(random, content)
    if format in ("json", "cytoscape", "node_link", "synaptic"):
        return document_changed(random, content)
    return archive_changed(random, content) if format == "npz" else bytes_changed(random, content)


def files_walk(seed, counts, journal=lambda *place: None, count=200):
    """Read some damaged files; the failure, or None."""
    random = Random(seed)
    if not SAMPLES:
        SAMPLES.update(samples())
        WATCH.append(Watch())
        warm_up()
    for number in range(count):
        format = random.choice(FORMATS)
        content = changed(random, format, random.choice(SAMPLES[format]))
        journal(seed, number, format)
        try:
            counts["damaged files refused" if read(format, content) else "damaged files read"] += 1
        except BaseException as error:
            return failure_of(seed, number, format, error, [f"{format}: {content[:4000]!r}"], [number])
    return None


def warm_up():
    """Import all that reading imports, and every encoding that a file may name."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(ImportError, LookupError):
            importlib.import_module(f"encodings.{module.name}")
    for format in FORMATS:
        for content in SAMPLES[format]:
            for damaged in (content, content[:50]):
                with contextlib.suppress(AssertionError):
                    read(format, damaged)


def read(format, content):
    """Read a file; whether it is refused. A network that is read must be whole, and run."""
    watch, limit = WATCH[0], resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as now:
        size = int(now.read().split()[0]) * resource.getpagesize()
    watch.seen.clear()
    resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, limit[1]))
    watch.on = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", readwrite.SynapticWarning)
            network = getattr(readwrite, f"read_{format}")(io.BytesIO(content))
    except SynapseError:
        return True
    finally:
        watch.on = False
        resource.setrlimit(resource.RLIMIT_AS, limit)
        assert not watch.seen, f"reading a file did {watch.seen}"
    check_store(network._store)
    network._store.ready()
    check_store(network._store)
    network.run(np.zeros((1, len(network.input))))
    return False
