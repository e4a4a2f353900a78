"""Networks as ONNX models, for ONNX Runtime and what else reads them: one step a call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..._checks import choice, float_type
from ..._typing import Ints
from ...errors import ArgumentError, TopologyError
from ...network import Network
from .. import files
from .._formats import Format
from .._step import Step, step_of
from ._graph import Graph
from ._squashes import SQUASHES

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
    """Write :func:`onnx_model` to a file; one that is there is replaced in one step."""
    files.write(path, onnx_model(network, form, dtype=dtype, context=context).SerializeToString())


def onnx_model(
    network: Network, form: str = "auto", *, dtype: DTypeLike = np.float32, context: bool = False
) -> Any:
    """A network as an ONNX model of one step.

    It maps ``x`` of shape (batch, inputs) to ``y`` of shape (batch, outputs). A network with memory
    has also an input ``state`` and an output ``next_state``, of shape (batch, values): those
    activations and states that the next step reads. Begin with zeros (or with what the metadata
    have under ``start``), and give ``next_state`` back with the next ``x``.

    The metadata tell, as JSON, the names of ``neurons``, ``layers`` with their sizes, what
    ``state`` holds (``["activation" or "state", number of the neuron]``), and its ``start``.

    Parameters
    ----------
    network : Network
        Any, of built-in squashes; it stays as it is. Random neurons must be deterministic: their mean is
        written.
    form : {"auto", "plain", "step"}
        "plain": without a state, for networks without memory only. "step": with a state, be it of
        no values. "auto": with a state where there is one.
    dtype : numpy dtype
        float32, which every runtime has, or float64, to compute as the network does (of `gelu`, the
        error function in float32: runtimes have no other).
    context : bool
        Have the ``start`` be the network's context as it is now. Default: zeros, as after ``clear``.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    MissingExtraError
        If the package onnx is not installed.
    ArgumentError
        If form or dtype is none of these, or a weight is beyond the dtype's range.
    FormatError, KindError, TopologyError, DivergenceError
        As for :func:`python_source`, and if a plain model is asked of a network with memory.
    """
    choice("The form", form, FORMS)
    step = step_of(network, "onnx", "ONNX", SQUASHES, context)
    kind, kept = float_type("The dtype", dtype), _kept(step)
    _require_range(step, kind)
    if form == "plain" and len(kept):
        raise TopologyError(
            f"{network!r} has memory: a plain model cannot hold what a step reads of the one before. "
            'Use form="step".'
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
    """The values that a step reads before it writes them."""
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
    kept="what a network answers in one step",
    lost="learning",
    link="https://onnx.ai/onnx/repo-docs/IR.html",
    suffixes=(".onnx",),
    write=write_onnx,
    data=onnx_model,
    extra="onnx",
)
