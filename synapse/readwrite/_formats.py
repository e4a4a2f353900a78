"""List all formats with the suffixes and marks that select them. The module of a format
describes it, and is only imported when you use it.
"""

from __future__ import annotations

import importlib
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypedDict,
    Unpack,
    overload,
)

from numpy.typing import ArrayLike, DTypeLike

from .._checks import choice, suggests_arguments, with_article
from ..errors import ArgumentError, FormatError
from ..objects.ensemble import Ensemble
from ..objects.incomplete import warn_of_missing
from ..objects.network import Network
from ..objects.saved import require_savable
from . import _files

if TYPE_CHECKING:
    import networkx as nx

    from .._cost import Cost
    from ..objects.recording import Log
    from ..optimizers import Optimizer

FileFormat = Literal[
    "json",
    "npz",
    "graphml",
    "gml",
    "cytoscape",
    "synaptic",
    "neataptic",
    "node_link",
    "dot",
    "python",
    "c",
    "javascript",
    "onnx",
    "gexf",
]
"""Names of the file formats."""


class SaveOptions(TypedDict, total=False):
    """The options of all formats that :func:`save` writes. They are described by the
    function of each format.
    """

    keep_context: bool
    prefix: str
    learn: bool
    cost: str | Cost | None
    bound: float | None
    optimizer: str | Optimizer | None
    dtype: DTypeLike | None
    rounding: Literal["nearest", "stochastic"] | None
    seed: int | None
    intervals: int | None
    sums: Literal["fast", "exact"]
    loadable: bool
    header: bool
    form: Literal["auto", "plain", "step", "sequence"]
    activations: ArrayLike | Log | None


class LoadOptions(TypedDict, total=False):
    """The options of all formats that :func:`load` reads."""

    resume: bool


class Declaration(NamedTuple):
    """The suffixes and marks that select a format, and the module that describes it.
    With this table, no other module needs to be imported.
    """

    module: str
    names: tuple[str, ...] = ()  # what the module adds to ``synapse.readwrite``
    suffixes: tuple[str, ...] = ()  # of its files
    marks: tuple[str, ...] = ()  # members by which a JSON document is recognised


DECLARATIONS = {
    "json": Declaration(
        "_container", ("from_json_data", "json_data"), (".json",), ("format",)
    ),
    "npz": Declaration(
        "_container", ("from_npz_data", "npz_data"), (".synapse", ".npz")
    ),
    "graphml": Declaration("_graph_files", (), (".graphml",)),
    "gml": Declaration("_graph_files", (), (".gml",)),
    "cytoscape": Declaration("_graph_files", (), (".cyjs",), ("elements",)),
    "synaptic": Declaration(
        "_synaptic",
        ("SynapticWarning", "from_synaptic_data", "synaptic_data"),
        marks=("neurons", "connections"),
    ),
    "neataptic": Declaration(
        "_neataptic", ("from_neataptic_data",), marks=("nodes", "connections")
    ),
    "node_link": Declaration("_graph_files", marks=("nodes",)),
    "dot": Declaration("_graph_files", (), (".dot", ".gv")),
    "networkx": Declaration("_graphs", ("from_networkx",)),
    "python": Declaration("_interpreted", ("python_source",), (".py",)),
    "c": Declaration("_c", ("c_source",), (".c",)),
    "javascript": Declaration(
        "_interpreted",
        ("javascript_kernels", "javascript_source"),
        (".js", ".cjs", ".mjs"),
    ),
    "onnx": Declaration("_onnx", ("onnx_model",), (".onnx",)),
    "torch": Declaration("_pytorch", ("from_torch", "to_torch")),
    "nir": Declaration("_nir", ("from_nir", "to_nir")),
    "gexf": Declaration("_graph_files", (), (".gexf",)),
}
"""A new format needs one entry here, and a module with `FORMAT`, or with `FORMATS`
if it has several.

A JSON document has the first format whose marks it contains.
"""

MODULE_OF = {
    name: declared.module
    for declared in DECLARATIONS.values()
    for name in declared.names
} | dict.fromkeys(("FixedPointReport", "fixed_point"), "_fixed_point")
"""The module of each name that ``synapse.readwrite`` has from a format."""

OBJECTS = {
    "synapse model": "synapse._model.Model",
    "synapse trainer": "synapse.learning._trainer.Trainer",
    "synapse agent": "synapse.reward._agent.Agent",
}
"""Classes of rooms above that are :class:`Archived`, by the ``format`` of their
documents."""


class Archived(ABC):
    """Base class of objects that :func:`save` writes as a document with a network and
    further parts.

    A class in a room above describes its parts itself, and is found in `OBJECTS`.
    """

    _mark: ClassVar[str] = ""
    """The ``format`` of its documents."""
    _alone: ClassVar[str] = ""
    """How to write the network alone, for messages."""

    @abstractmethod
    def _document(self) -> dict[str, Any]:
        """Return all parts of the document, in which a network is a SavedNetwork."""

    def _whole(self) -> Network | None:
        """Return the network that other formats receive, or None if they cannot write
        the object.
        """
        return None

    @classmethod
    @abstractmethod
    def _of_document(cls, parts: dict[str, Any]) -> Archived:
        """Build an object from the parts of its document, whose arrays it takes over,
        or raise FormatError if they are not valid.
        """


@dataclass(frozen=True)
class Format:
    """A file format, with its purpose, the properties that it preserves, and the
    functions that read and write it.
    """

    name: str  # the name in its functions: "npz" for npz_data
    purpose: str  # a description, or the programs that read it
    kept: str  # what the format preserves of a network
    lost: str  # what it does not preserve
    link: str  # its specification
    # names of the classes of objects that it holds; of others, only their network
    holds: tuple[str, ...] = ("Network",)
    # data(network, **options): its content in this format.
    data: Callable[..., Any] | None = None
    # from_data(content, **options): the network.
    from_data: Callable[..., Network] | None = None
    # graph(content): the graph of networkx in it, whichever program wrote it.
    graph: Callable[[Any], nx.Graph[Any]] | None = None
    # write(path, content). None: the format has no files.
    write: Callable[[_files.File, Any], None] | None = None
    # read(path): the content of a file.
    read: Callable[[_files.File], Any] | None = None
    extra: str = ""  # an additional package that it requires

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of file names in this format."""
        return DECLARATIONS[self.name].suffixes

    @property
    def marks(self) -> tuple[str, ...]:
        """Members by which a JSON document is recognised."""
        return DECLARATIONS[self.name].marks


ALL = (
    "layers, their names and order, names of neurons, squashes (your own by name),"
    " groups, biases, weights, ties, gates, what is trainable, states, activations,"
    " random streams, dtype"
)
"""Properties that graph formats preserve. They give the same outputs after reading."""
TRACES = "errors and traces, as after ``clear``; the learning rule"
LINKED = f"{TRACES}; ``net.metadata``; the class of an architecture"


def imported(module: str) -> Any:
    """Import a module of the table."""
    return importlib.import_module(f".{module}", __package__)


def module_of(name: str) -> Any:
    """Import the module of a format."""
    return imported(DECLARATIONS[name].module)


def format_of(name: str) -> Format:
    """Return the format with this name, or an ArgumentError."""
    choice("format", name, tuple(DECLARATIONS))
    module = module_of(name)
    several: tuple[Format, ...] = getattr(module, "FORMATS", None) or (module.FORMAT,)
    return next(form for form in several if form.name == name)


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats, in the order of the table."""
    return tuple(map(format_of, DECLARATIONS))


def by_suffix(path: Any) -> Format | None:
    """Return the format of a file by its suffix; None for an unknown suffix or an open
    file.
    """
    if not isinstance(path, str | os.PathLike):
        return None
    suffix = Path(path).suffix.lower()
    fitting = (name for name, it in DECLARATIONS.items() if suffix in it.suffixes)
    name = next(fitting, None)
    return None if name is None else format_of(name)


def by_marks(document: Any) -> Format:
    """Return the format of a JSON document."""
    members = set(document) if isinstance(document, dict) else set()
    program = "JSON Graph Format" if members in ({"graph"}, {"graphs"}) else ""
    if program or members >= {"attributes", "nodes"}:
        raise FormatError(
            f"This looks like {program or 'JSON of graphology'}. Pass its edges as"
            " tuples (source, target, attributes) to synapse.from_edges."
        )
    fitting = (
        name for name, it in DECLARATIONS.items() if it.marks and members >= {*it.marks}
    )
    return format_of(next(fitting, "json"))


@suggests_arguments()
def save(
    network: Any,
    path: _files.File,
    format: FileFormat | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Write a network, an ensemble, a model, or a trainer with its network, to a file
    that :func:`load` reads.

    The suffix of the file name selects the format; a name without a suffix selects
    JSON.

    Two formats preserve the whole network: ``.synapse`` (also ``.npz``), arrays that
    are small and fast, and ``.json``, text for people. Both contain layers, names,
    parameters, squashes (your own by name), gates, ties, trainable flags, and the
    context (states, errors and traces). After :func:`load`, every step gives the same
    bits, and a new trainer with the online rule and a plain rate continues as if it had
    not been interrupted. Architectures such as :class:`architect.LSTM` keep their
    class, unless layers that define it were removed or renamed, or it is not registered
    (:func:`architect.register`), in which case they are read as a :class:`Network`.
    Projections and ties to other networks are not saved. The table of formats lists the
    properties that the other formats preserve. Drawings, programs and ONNX models
    cannot be read back.

    A :class:`Trainer` is saved with its network, its settings, the state of its
    optimizer, and everything needed to continue its latest training:
    ``load(path).train(..., resume=True)`` gives the same bits as one uninterrupted
    training. The file is an archive of arrays, whatever its suffix, and you can read
    its network alone with the format ``npz``. Functions and classes of your own (rates,
    optimizers) cannot be saved, whereas registered squashes and costs are found by
    their names.

    A :class:`Model` is saved in both formats with its scales, names, classes and
    metadata, its trainer and the state of its optimizer, so that ``load(path)``
    predicts and continues. Other formats get its network in the units of the data,
    :meth:`Model.whole`.

    Parameters
    ----------
    network : Network, Ensemble, Model or Trainer
        The object to save, which is not changed. Ensembles are only saved as JSON.
    path : str, os.PathLike or file
        A path or an open file. An existing file is replaced in one step, which means
        that it is complete at any time.
    format : str, optional
        Name of a format. By default, the suffix selects it, and JSON is used without a
        suffix.
    **options
        Options of the format, which are described by the function that makes its
        content. :func:`~synapse.readwrite.python_source` has ``keep_context``,
        ``prefix``, ``learn``, ``cost``, ``bound`` and ``optimizer``, also for
        JavaScript and C. :func:`~synapse.readwrite.c_source` adds ``dtype``, ``sums``,
        ``loadable`` and ``header``. :func:`~synapse.readwrite.onnx_model` has ``form``,
        ``dtype`` and ``keep_context``. In GEXF, ``activations`` (a :class:`Log` or an
        array of shape (T, N), for T steps and N neurons) become the timeline of Gephi.

    Raises
    ------
    ArgumentError
        If a format or option does not exist, no format has the suffix, the format
        cannot be written or cannot store an ensemble, or a trainer has a function of
        your own.
    TopologyError
        If the network is connected with neurons outside of it, which would be lost.
    DivergenceError
        If the network has a number that is not finite.
    FormatError
        If the format cannot represent the network.
    OSError
        If the file cannot be written. An existing file has not changed.

    See Also
    --------
    load : Read the file.

    Examples
    --------
    >>> import os, tempfile
    >>> from synapse import Layer, Network, load, save
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=1.0)
    >>> net = Network(a, [], b, name="sum")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(net, os.path.join(folder, "sum.json"))
    ...     twin = load(os.path.join(folder, "sum.json"))
    >>> twin
    <Network 'sum' 2-1, 3 neurons, 2 connections>
    >>> twin.activate([1.0, -1.0]) == net.activate([1.0, -1.0])
    array([ True])
    """
    form = _format_for(path, format, "write", "written to", network)
    if isinstance(network, Archived | Ensemble):
        network = _held(network, form)
    warn_of_missing(network)
    assert form.write is not None
    assert form.data is not None
    _require_options(form.name, form.data, options)
    if form.holds == Format.holds:
        require_savable(network)
    form.write(path, form.data(network, **options))


def _held(saved: Archived | Ensemble, form: Format) -> Any:
    """Return an object, or its network if the format cannot hold more of it."""
    if {each.__name__ for each in type(saved).__mro__} & {*form.holds}:
        return saved
    alone, network = "", None
    if isinstance(saved, Archived):
        alone = saved._alone and f", or write its network: {saved._alone}"
        network = saved._whole() if form.holds == Format.holds else None
    if network is None:
        raise ArgumentError(
            f"The format {form.name} cannot hold {with_article(type(saved).__name__)}."
            f" Use another suffix, such as .npz{alone}."
        )
    return network


@overload
def load(
    path: _files.File, format: None = None, **options: Unpack[LoadOptions]
) -> Any: ...
@overload
def load(
    path: _files.File, format: FileFormat, **options: Unpack[LoadOptions]
) -> Network: ...
def load(
    path: _files.File, format: FileFormat | None = None, **options: Unpack[LoadOptions]
) -> Any:
    """Read a network, an ensemble, a model or a trainer from a file that :func:`save`
    or another program has written.

    Loading never executes anything in a file, and checks all of it. The format is
    selected by the suffix of the file name, but for ``.json`` and unknown suffixes by
    the content.

    Because type checkers cannot infer the content of a file, annotate the name, as in
    ``model: synapse.Model = synapse.load("m.json")``. With a `format`, the result is
    always a network.

    Parameters
    ----------
    path : str, os.PathLike or file
        A path or an open file.
    format : str, optional
        Name of a format, in which only the network is read. By default, the suffix or
        the content selects it.
    **options
        Options of the format, such as ``resume`` of
        :func:`~synapse.readwrite.from_synaptic_data`.

    Returns
    -------
    Network, Ensemble, Model or Trainer
        The object that the file contains.

    Raises
    ------
    ArgumentError
        If a format or option does not exist, or the format cannot be read.
    FormatError
        If the file does not contain a valid network or trainer. The message names the
        place in the file.
    OSError
        If the file cannot be read.

    See Also
    --------
    save : Write a file.
    """
    with _files.reading(path):
        form = _format_for(path, format, "read", "read from")
        assert form.read is not None
        content = form.read(path)
        if form.name == "json" and format is None:
            form = by_marks(content)
        assert form.from_data is not None
        _require_options(form.name, form.from_data, options)
        if form.holds != Format.holds and format is None:
            return module_of(form.name).object_of(content)
        return form.from_data(content, **options)


@suggests_arguments()
def read_graph(path: _files.File, format: FileFormat | None = None) -> nx.Graph[Any]:
    """Read a graph that any program has written, to make a network of it with
    :func:`synapse.from_networkx`.

    Nodes have the names (ids) of the file, edges and nodes all of its attributes. The
    attribute ``label``, or without it the ``name`` that igraph, Cytoscape and D3 show,
    becomes the name of a neuron. The colours, sizes and positions of GEXF are ``r``,
    ``g``, ``b``, ``size``, ``x`` and ``y``, as in GraphML of Gephi. Vectors of
    graph-tool are lists. Edge lists and adjacency matrices have readers in networkx and
    pandas, see :func:`synapse.from_edges`.

    Parameters
    ----------
    path : str, os.PathLike or file
        A path or an open file.
    format : {"graphml", "gexf", "gml", "cytoscape", "node_link"}, optional
        Name of the format. By default, the suffix selects it, but for ``.json`` and
        unknown suffixes the content does.

    Returns
    -------
    networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        The graph. It is directed if the file declares it as directed. Because
        Cytoscape's JSON has no such declaration, its graphs are always directed.

    Raises
    ------
    ArgumentError
        If there is no such format, or if it does not store graphs.
    FormatError
        If the file does not contain a graph in this format.
    OSError
        If the file cannot be read.

    See Also
    --------
    load : Read a graph that Synapse wrote, as a network.

    Examples
    --------
    >>> import io, synapse
    >>> file = io.StringIO('{"nodes": [{"id": "x"}, {"id": "y"}], "directed": true,'
    ...     ' "links": [{"source": "x", "target": "y", "weight": 0.5}]}')
    >>> graph = read_graph(file)
    >>> print(graph, synapse.from_networkx(graph).weights)
    MultiDiGraph with 2 nodes and 1 edges [0.5]
    """
    document = None
    with _files.reading(path):
        form = by_suffix(path) if format is None else format_of(format)
        if form is None or form.name == "json":
            document = _files.read_document(path)
            form = by_marks(document)
        if form.graph is None or form.read is None:
            names = ", ".join(other.name for other in formats() if other.graph)
            raise ArgumentError(
                f"The file must be a graph, got one in the format {form.name}, which"
                f" synapse.load reads if Synapse wrote it. Formats of graphs: {names}."
            )
        graph = form.graph(form.read(path) if document is None else document)
        for data in graph.nodes.values():
            if "name" in data:
                data.setdefault("label", data["name"])
        return graph


def _require_options(
    format: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> None:
    """Raise unless the function that makes or reads a content has all of these
    options.
    """
    for name in options:
        names = [*inspect.signature(function).parameters][1:]
        if name not in names:
            has = f"It has: {', '.join(names)}." if names else "It has none."
            raise ArgumentError(
                f"The format {format} has no option {name!r} here. {has}"
            )


def _format_for(
    path: Any, format: str | None, act: str, done: str, saved: Any = None
) -> Format:
    """Return the format that a call names or the suffix selects; else JSON, but
    "net.h5" is not written as JSON, and only archives hold a trainer or an agent.
    """
    chosen = by_suffix(path) if format is None else format_of(format)
    suffix = Path(path).suffix if isinstance(path, str | os.PathLike) else ""
    if chosen is None and isinstance(saved, Archived):
        holds = type(saved).__name__ in format_of("json").holds
        unnamed = isinstance(path, str | os.PathLike) and not suffix
        chosen = format_of("json" if holds and unnamed else "npz")
    if chosen is None and suffix.lower() == ".csv":
        raise ArgumentError(
            f"A network cannot be {done} one .csv file: it is two tables, of"
            " connections and of neurons. Use synapse.to_edges and synapse.from_edges,"
            " with to_csv and read_csv of pandas."
        )
    if act == "write" and chosen is None and suffix:
        suffixes = ", ".join(
            ending for form in formats() if form.write for ending in form.suffixes
        )
        raise ArgumentError(
            f"The suffix of the file must be one of {suffixes}, or none for"
            f" JSON, got {suffix!r}. Name the format, as in save(net, path,"
            " format='json'), to use any other suffix."
        )
    form = chosen or format_of("json")
    if getattr(form, act) is None:
        names = ", ".join(other.name for other in formats() if getattr(other, act))
        raise ArgumentError(
            f"The format {form.name} cannot be {done} a file. Use one of {names}."
        )
    return form
