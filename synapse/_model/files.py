"""A model as JSON and as arrays: what files have beside its network and trainer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._scale import Scale
from ..errors import FormatError, SynapseError
from ..learning import Trainer
from ..learning._archive import TRAINER, arrays_of, trainer_of
from ..learning._options import OPTIONS
from ..objects.network import Network
from ..readwrite._file_checks import an_object, members, require_version
from ..readwrite._formats import Archived
from ..readwrite._json_format import (
    DIGEST,
    from_json_data,
    json_data,
    require_digest,
    sealed,
)
from ..readwrite._npz import as_text, from_array, from_arrays, npz_data

MARK = "synapse model"
VERSION = 1
MODEL = "model"
"""The array that marks the file of a model."""
HEAD = ("format", "version", "task", "classes", "scale", "target_scale")
OTHER_ENTRIES = (TRAINER, "arrays", DIGEST)


class ModelFile(Archived):
    """A model as far as files have it."""

    def _whole(self: Any) -> Network:
        return self.whole()

    def _head(self: Any) -> dict[str, Any]:
        """Return what a model has beside its network and its trainer, as JSON has
        it.
        """
        scales = (self.scale, self.target_scale)
        described = (None if scale is None else scale.as_json() for scale in scales)
        values = (MARK, VERSION, self.task, self.classes, *described)
        return dict(zip(HEAD, values, strict=True))

    def _archive(self: Any) -> dict[str, NDArray[Any]]:
        trainer = self._trainer
        arrays = npz_data(self.network) if trainer is None else arrays_of(trainer, None)
        return {MODEL: as_text(self._head()), **arrays}

    @classmethod
    def _of_archive(cls, arrays: dict[str, NDArray[Any]]) -> Any:
        head = from_array(MODEL, arrays.pop(MODEL))
        if TRAINER in arrays:
            return cls._of_parts(head, trainer_of(Trainer, OPTIONS, arrays))
        return cls._of_parts(head, from_arrays(arrays))

    def _document(self: Any) -> dict[str, Any]:
        document = self._head()
        if self._trainer is not None:
            arrays = arrays_of(self._trainer, None)
            document[TRAINER] = from_array(TRAINER, arrays[TRAINER])
            names = document[TRAINER]["arrays"]
            document["arrays"] = {name: _as_json(arrays[name]) for name in names}
        return {**sealed(document), "network": sealed(json_data(self.network))}

    @classmethod
    def _of_document(cls, document: dict[str, Any]) -> Any:
        require_version("model", document, MARK, VERSION)
        entries = members(
            "A saved model", document, (*HEAD, "network"), OTHER_ENTRIES
        ).copy()
        network = from_json_data(entries.pop("network"))
        require_digest(entries)
        head = {name: document[name] for name in HEAD}
        if TRAINER not in document:
            return cls._of_parts(head, network)
        written = an_object("The arrays of a model", document.get("arrays"))
        arrays = {name: _from_json(name, array) for name, array in written.items()}
        arrays |= {TRAINER: as_text(document[TRAINER]), **npz_data(network)}
        return cls._of_parts(head, trainer_of(Trainer, OPTIONS, arrays))

    @classmethod
    def _of_parts(cls: Any, head: Any, learning: Network | Trainer) -> Any:
        """Return the model of a file; FormatError if its description is not valid."""
        require_version("model", head, MARK, VERSION)
        members("The description of a model", head, HEAD)
        trainer = learning if isinstance(learning, Trainer) else None
        network = learning if isinstance(learning, Network) else learning.network
        sizes = {"scale": len(network.input), "target_scale": len(network.output)}
        try:
            scales = {
                name: head[name] is not None and Scale.from_json(head[name], size)
                for name, size in sizes.items()
            }
            classes, task = head["classes"], head["task"]
            return cls(network, classes, task=task, trainer=trainer, **scales)
        except SynapseError as error:
            raise FormatError(f"The model in the file is not valid. {error}") from None


def _as_json(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.str, "values": array.tolist()}


def _from_json(name: str, written: Any) -> NDArray[Any]:
    fields = members(f"The array {name!r}", written, ("dtype", "values"))
    try:
        return np.array(fields["values"], fields["dtype"])
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"The array {name!r} cannot be read: {error}.") from None
