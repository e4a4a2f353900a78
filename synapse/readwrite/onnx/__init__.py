"""Networks as ONNX models for ONNX Runtime and other runtimes; a call computes one step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..._checks import choice, float_type
from ..._typing import Ints
from ...errors import ArgumentError, TopologyError
from ...objects.network import Network
from .. import files
from .._formats import Format
from .._step import Step, step_of
from ._graph import Graph

__all__ = ["onnx_model", "write_onnx"]

FORMS = ("auto", "plain", "step")


def write_onnx(
    network: Network,
    path: files.File,
    form: str = "auto",
    *,
    dtype: DTypeLike = np.float32,
    context: bool = False,
) -> None:
    """Write :func:`onnx_model` to a file; an existing file is replaced in one step."""
    files.write(path, onnx_model(network, form, dtype=dtype, context=context).SerializeToString())


def onnx_model(
    network: Network, form: str = "auto", *, dtype: DTypeLike = np.float32, context: bool = False
) -> Any:
    """Write a network as an ONNX model of one step.

    The model maps ``x`` of shape (batch, inputs) to ``y`` of shape (batch, outputs). For a network with
    memory it also has an input ``state`` and an output ``next_state``, both of shape (batch, values): the
    activations and states that the next step reads. Start with zeros (or with ``start`` of the metadata), and
    pass each ``next_state`` as ``state`` with the next ``x``.

    The metadata contain, as JSON, the names of ``neurons``, the ``layers`` with their sizes, the meaning of
    each value of ``state`` (``["activation" or "state", number of the neuron]``), and ``start``.

    Parameters
    ----------
    network : Network
        The network. It is not changed. Its squashes must be built in, or have a formula that can be
        written, or be registered with ``written=``. Random
        neurons must be deterministic; the model computes their means.
    form : {"auto", "plain", "step"}
        "plain" has no state, and requires a network without memory. "step" has a state, possibly
        empty. "auto" has a state if the network has memory.
    dtype : numpy dtype
        float32, which every runtime supports, or float64, to compute as the network does. (The error function
        of `gelu` is always float32, because runtimes have no other.)
    context : bool
        Whether ``start`` is the network's present context. Default: zeros, as after ``clear``.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    MissingExtraError
        If the package onnx is not installed.
    ArgumentError
        If `form` or `dtype` has another value, or a weight exceeds the range of the dtype.
    FormatError, ArgumentTypeError, TopologyError, DivergenceError
        As for :func:`python_source`, and if `form` is "plain" for a network with memory.
    """
    choice("The form", form, FORMS)
    step = step_of(network, "onnx", "ONNX", context)
    kind, kept = float_type("The dtype", dtype), _kept(step)
    _require_range(step, kind)
    if form == "plain" and len(kept):
        raise TopologyError(
            f'{network!r} has memory, and a plain model has no state for it. Use form="step".'
        )
    graph = Graph(step, kind, kept, with_state=form == "step" or len(kept) > 0)
    for block in step.blocks:
        graph.fire(block)
    return graph.model()


def _require_range(step: Step, dtype: np.dtype[Any]) -> None:
    largest = max(np.abs(values).max(initial=0.0) for values in (step.weights, step.biases))
    if largest > np.finfo(dtype).max:
        raise ArgumentError(
            f'A weight or bias of {largest:.3g} is beyond the range of {dtype}. Use dtype="float64".'
        )


def _kept(step: Step) -> Ints:
    """Values that a step reads before it writes them."""
    late = [column[column >= step.lowered.target] for column in (step.lowered.source, step.lowered.gater)]
    absent = [
        np.setdiff1d(np.arange(first, stop), np.arange(step.inputs, block.stop)) + step.neurons
        for block in step.blocks
        for first, stop in block.fires
    ]
    return np.unique(np.concatenate([*late, *absent]))


FORMAT = Format(
    name="onnx",
    what="a model for ONNX Runtime and others",
    kept="the outputs of a network, one step per call",
    lost="learning",
    link="https://onnx.ai/onnx/repo-docs/IR.html",
    suffixes=(".onnx",),
    write=write_onnx,
    data=onnx_model,
    extra="onnx",
)
