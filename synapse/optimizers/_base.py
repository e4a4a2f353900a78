"""Base classes of the optimizers, with settings that never change and the state of one
training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, final

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError, DivergenceError

if TYPE_CHECKING:
    from ..objects.network import Network


OWN_LOOPS = "_own_loops"
"""Name of the attribute that holds an optimizer's states for :meth:`Optimizer.step`, by
network."""


def trainable_mask(frozen: Any, size: int) -> NDArray[np.bool_] | None:
    """Return the mask of the parameters that may change, or None if all may."""
    if frozen is None:
        return None
    mask = _checks.any_array("frozen", frozen, f"{size} truth values")
    if mask.dtype != np.bool_ or mask.shape != (size,):
        description = f"{mask.dtype} of shape {mask.shape}"
        raise ArgumentError(
            f"Expected `frozen` with {_checks.pluralize(size, 'boolean')}, one for each"
            f" parameter, got {description}."
        )
    return ~mask


def require_names(optimizer: Any, names: list[str], arrays: Any) -> None:
    """Raise an error unless `arrays` is a mapping with these names."""
    title = f"The arrays of {type(optimizer).__name__}"
    _checks.require_type(
        isinstance(arrays, Mapping), title, "a mapping of names to arrays", arrays
    )
    if set(arrays) != set(names):
        raise ArgumentError(
            _checks.expected(title, ", ".join(names), ", ".join(map(str, arrays)))
        )


def check_parameters(
    parameters: Any,
    shape: tuple[int, ...] | None = None,
    kinds: tuple[Any, ...] = (np.float64,),
) -> None:
    """Raise an error unless `parameters` is a vector of one of these float types that
    can be changed in place.
    """
    if (
        not isinstance(parameters, np.ndarray)
        or isinstance(parameters, np.ma.MaskedArray)
        or parameters.dtype not in kinds
    ):
        names = " or ".join(np.dtype(dtype).name for dtype in kinds)
        raise ArgumentTypeError(
            _checks.expected("parameters", f"a NumPy array of {names}", parameters)
        )
    if parameters.ndim != 1 or (shape is not None and parameters.shape != shape):
        condition = (
            "a vector" if shape is None else f"of shape {shape}, as at the start"
        )
        raise ArgumentError(_checks.expected("parameters", condition, parameters.shape))
    if not parameters.flags.writeable:
        raise ArgumentError(
            "The parameters are changed in place, but this array is read-only."
        )


def rate_of_step(optimizer: Any, rate: Any) -> float:
    """Check and return the rate of a step, by default the optimizer's own."""
    return optimizer.rate if rate is None else _checks.non_negative_number("rate", rate)


def too_steep() -> DivergenceError:
    """Return the error for a gradient that is not finite."""
    return DivergenceError(
        "The gradient or its square is not finite. The parameters have not changed."
        " Train on with a lower rate, or with clipped gradients."
    )


def not_clipped() -> DivergenceError:
    """Return the error for a gradient that cannot be clipped."""
    return DivergenceError(
        "The gradient is not finite, and cannot be clipped. Nothing has changed."
    )


def too_far(optimizer: Optimizer) -> DivergenceError:
    """Return the error for a change that is not finite."""
    return DivergenceError(
        f"A step of {type(optimizer).__name__} is not finite. The parameters have not"
        " changed. Train on with a lower rate."
    )


class _Gradient(Protocol):
    """A :class:`synapse.Gradient`, which checks that it fits a network."""

    def _descend(self, optimizer: Any, network: Any, rate: Any) -> None: ...


@_checks.suggests_attributes("Optimizer")
class Optimizer(ABC, metaclass=_checks.AbstractOwnNames):
    """Base class of optimizers, each of which has settings and an equation that turns
    gradients into changes.

    To write your own optimizer, give a subclass a ``rate``, name the vectors of its
    memory in :meth:`slots`, and compute its equation in :meth:`find_change`. In
    `non_negative`, name the vectors that never contain a number below 0, such as means
    of squares, so that a saved state with such a number is refused.

    A frozen dataclass is saved with its trainer. The file contains its name, its fields
    and its memory. Define the class again before you load the file.

    Examples
    --------
    Lion (Chen and others 2023) moves by the sign of a running mean of gradients, which
    is its memory:

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Lion(Optimizer):
    ...     rate: float = 0.25
    ...     betas: tuple[float, float] = (0.5, 0.75)
    ...
    ...     def slots(self):
    ...         return {"mean": 0.0}
    ...
    ...     def find_change(self, state, parameters, gradient, rate):
    ...         now, later = self.betas
    ...         mixed = now * state.mean + (1 - now) * gradient
    ...         state.change = rate * np.sign(mixed)
    ...         state.mean = later * state.mean + (1 - later) * gradient
    >>> parameters = np.array([1.0, 2.0])
    >>> state = Lion().begin(parameters)
    >>> state.step(parameters, gradient=[4.0, -0.4])
    >>> state.step(parameters, gradient=[-0.5, -0.4])
    >>> parameters, state.mean
    (array([0.5, 2.5]), array([ 0.625, -0.175]))

    Files use the name of the class, whereas a trainer takes an object:

    >>> import architect, synapse
    >>> net = architect.Perceptron(2, 3, 1, seed=0)
    >>> trainer = synapse.Trainer(net, rule="bptt", optimizer=Lion(0.01))
    >>> result = trainer.train([[0, 1]], [[1]], epochs=5, progress=False)
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "trainer.npz"
    >>> synapse.save(trainer, path)
    >>> synapse.load(path).optimizer
    Lion(rate=0.01, betas=(0.5, 0.75))
    """

    rate: float
    non_negative: ClassVar[tuple[str, ...]] = ()

    @final
    def begin(self, parameters: Floats, frozen: Any = None) -> OptimizerState:
        """Make the state of a training before its first step.

        Parameters
        ----------
        parameters : numpy.ndarray of float64 or float32, shape (n,)
            The parameters to be changed. The memory has the same float type.
        frozen : array_like of bool, shape (n,), optional
            Mask of parameters that never change, neither by gradients nor by weight
            decay. Default: no parameter is frozen.
        """
        check_parameters(parameters, kinds=(np.float64, np.float32))
        return OptimizerState(self, parameters.size, frozen, parameters.dtype)

    @final
    @_checks.suggests_arguments("Optimizer.step")
    def step(
        self, network: Network, gradient: _Gradient, rate: float | None = None
    ) -> None:
        """Update the trainable weights and biases of a network by one step, in your own
        training loop.

        The optimizer holds its memory (such as Adam's moments) for every network that
        it steps, as long as both exist. Copies and pickles of an optimizer begin
        without a memory. The step is the same as that of a :class:`~synapse.Trainer`
        with ``rule="bptt"`` for the same gradient. Frozen parameters stay, tied ones
        move together, and weights keep their signs. As in a Trainer, the memory is
        reset after an edit of the topology or of the trainable parameters. To apply
        clipping or penalties, pass a changed gradient:
        ``dataclasses.replace(gradient, weights=...)``.

        Parameters
        ----------
        network : Network
            The network. Its neurons must not be connected to neurons outside it.
        gradient : Gradient
            The gradient of this network or of a copy, as returned by
            :func:`synapse.gradient`.
        rate : float, optional
            Learning rate of this step. Default: the optimizer's own.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is invalid, or the gradient belongs to another topology.
            Nothing has changed then.
        TopologyError
            If the network is connected to neurons outside it.
        DivergenceError
            If the gradient, the change or a changed parameter is not finite. No
            parameter has changed then. If it is the gradient, the memory has not
            changed either.

        Examples
        --------
        >>> import architect, synapse
        >>> net = architect.Perceptron(2, 4, 1, seed=0)
        >>> adam = synapse.optimizers.Adam(rate=0.1)
        >>> inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
        >>> targets = [[0.0], [1.0], [1.0], [0.0]]
        >>> for _ in range(200):
        ...     adam.step(net, synapse.gradient(net, inputs, targets))
        >>> net.run(inputs).round().ravel()
        array([0., 1., 1., 0.])
        """
        # an optimizer knows vectors, a gradient knows the network that it is of
        descend = getattr(type(gradient), "_descend", None)
        if descend is None:
            condition = "a Gradient, as synapse.gradient returns"
            sentence = _checks.expected("gradient", condition, gradient)
            if hasattr(network, "_descend"):  # they have changed places
                sentence = _checks.expected("network", "a Network", network)
            raise ArgumentTypeError(sentence)
        descend(gradient, self, network, rate)

    def __getstate__(self) -> dict[str, Any]:
        """Return the settings, and any additions of a subclass, without the memory for
        networks.
        """
        return {name: value for name, value in vars(self).items() if name != OWN_LOOPS}

    @abstractmethod
    def slots(self) -> dict[str, float]:
        """Return the names of the vectors that the state holds between steps, with
        their initial values.
        """

    @abstractmethod
    def find_change(
        self, state: OptimizerState, parameters: Floats, gradient: Floats, rate: float
    ) -> None:
        """Write the values that will be subtracted from the parameters into
        ``state.change``. Modify only `state`.
        """

    def _about(self, setting: str) -> str:
        return f"{setting} of {type(self).__name__}"


@final
class OptimizerState:
    """The memory of an optimizer in one training, which :meth:`Optimizer.begin` makes
    and :meth:`step` uses.

    Each vector of the memory is an attribute, such as ``state.first_moment`` of Adam.
    You can read and write it as an array. For example, ``state.velocity *= 0.9``,
    ``state.velocity[0] = 1.0`` and ``state.velocity = gradient`` write numbers into the
    memory.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer.
    size : int
        Number of parameters.
    frozen : array_like of bool, shape (size,), optional
        Mask of parameters that never change. Default: no parameter is frozen.
    dtype : numpy dtype
        Float type of the parameters, of the memory, and of the arithmetic. Default:
        float64.

    Attributes
    ----------
    steps : int
        Number of completed steps.
    change : numpy.ndarray, shape (size,)
        Values that the last step subtracted from the parameters (also computed for
        frozen ones).
    slots : numpy.ndarray, shape (vectors, size)
        The vectors of the memory, in the order of :meth:`Optimizer.slots`.

    Examples
    --------
    A training that is stopped, saved and continued gives the same bits:

    >>> from synapse.optimizers import SGD
    >>> parameters, sgd = np.array([1.0, 1.0]), SGD(rate=0.5, momentum=0.5)
    >>> state = sgd.begin(parameters, frozen=[False, True])
    >>> state.step(parameters, gradient=[1.0, 1.0])
    >>> saved = state.arrays()  # np.savez(file, **saved)
    >>> state = sgd.begin(parameters, frozen=[False, True])
    >>> state.restore(saved)
    >>> state.step(parameters, gradient=[0.0, 0.0])
    >>> state
    <OptimizerState of SGD: 2 parameters, 2 steps>
    >>> state.velocity, parameters
    (array([0.5, 0.5]), array([0.25, 1.  ]))
    """

    __slots__ = (
        "_finite",
        "_names",
        "_trainable",
        "change",
        "optimizer",
        "slots",
        "steps",
    )

    def __init__(
        self,
        optimizer: Optimizer,
        size: int,
        frozen: Any = None,
        dtype: Any = np.float64,
    ) -> None:
        _checks.require_type(
            isinstance(optimizer, Optimizer),
            "optimizer of OptimizerState",
            "an optimizer, such as synapse.optimizers.Adam()",
            optimizer,
        )
        self.optimizer = optimizer
        self.steps = 0
        size = _checks.non_negative_integer("size of OptimizerState", size)
        self.change: Floats = np.zeros(size, _checks.float_type("dtype", dtype))
        self._finite = np.ones(size, np.bool_)
        self._trainable = trainable_mask(frozen, size)
        starts: Any = optimizer.slots()
        named = isinstance(starts, Mapping) and all(
            isinstance(name, str) for name in starts
        )
        _checks.require_type(
            named and all(map(_checks.is_number, starts.values())),
            f"The memory of {type(optimizer).__name__}",
            "a mapping of names to numbers",
            starts,
        )
        self._names = tuple(starts)
        for name in starts:
            if hasattr(OptimizerState, name):
                raise ArgumentError(
                    f"An OptimizerState already has a {name}. Rename this vector."
                )
        self.slots: Floats = np.empty((len(starts), size), self.change.dtype)
        self.slots.T[:] = np.array(list(starts.values()), float)

    def step(
        self, parameters: Floats, gradient: Any, rate: float | None = None
    ) -> None:
        """Update `parameters` in place by one step against `gradient`.

        Parameters
        ----------
        parameters : numpy.ndarray, shape (n,)
            The parameters, in the same float type as at the start.
        gradient : array_like, shape (n,)
            The gradient of the cost, which is not changed.
        rate : float, optional
            Learning rate of this step. Default: the optimizer's own.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is invalid. Nothing has changed then.
        DivergenceError
            If the gradient, its squared norm or the change is not finite, or too large
            for the float type. The parameters have not changed then.
        """
        check_parameters(parameters, self.change.shape, (self.change.dtype,))
        slopes = _checks.numbers("gradient", gradient, "numbers")
        if slopes.shape != self.change.shape:
            condition = f"of shape {self.change.shape}"
            raise ArgumentError(_checks.expected("gradient", condition, slopes.shape))
        self._update(parameters, slopes, rate_of_step(self.optimizer, rate))

    def _update(self, parameters: Floats, gradient: Floats, rate: float) -> None:
        """Do the same as :meth:`step` for arguments that need no check."""
        dtype = self.change.dtype
        if not _checks.sum_of_squares(gradient) <= float(np.finfo(dtype).max):
            raise too_steep()
        self.steps += 1
        with np.errstate(all="ignore"):
            self.optimizer.find_change(
                self, parameters, gradient.astype(dtype, copy=False), rate
            )
            if not np.isfinite(self.change, out=self._finite).all():
                raise too_far(self.optimizer)
            trainable = True if self._trainable is None else self._trainable
            np.subtract(parameters, self.change, out=parameters, where=trainable)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of the step count and the memory by name, which are sufficient
        for :meth:`restore`.
        """
        return {
            "steps": np.array(self.steps),
            **{
                name: vector.copy()
                for name, vector in zip(self._names, self.slots, strict=True)
            },
        }

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Restore the state from the result of :meth:`arrays`.

        Raises
        ------
        ArgumentError
            If names or shapes do not match this optimizer and its parameters, or if a
            number is impossible, such as a negative mean of squares. Nothing has
            changed then.
        """
        require_names(self.optimizer, ["steps", *self._names], arrays)
        vectors = [self._vector(name, arrays[name]) for name in self._names]
        self.steps = _checks.non_negative_integer("The steps", arrays["steps"])
        for row, values in zip(self.slots, vectors, strict=True):
            row[:] = values

    def _vector(self, name: str, values: Any) -> Floats:
        vector = _checks.finite_array(f"The {name}", values, self.change.dtype)
        _checks.require(
            vector.shape == self.change.shape,
            f"The {name}",
            f"of shape {self.change.shape}",
            vector.shape,
        )
        if name in self.optimizer.non_negative and (vector < 0).any():
            raise ArgumentError(
                _checks.expected(f"The {name}", "0 or above", float(vector.min()))
            )
        return vector

    def __getattr__(self, name: str) -> Floats:
        # these are missing while it is made or unpickled
        is_own = name.startswith("_") or name in OptimizerState.__slots__
        if is_own or name not in self._names:
            hint = "" if is_own else _checks.suggestion(name, self._names)
            raise _checks.attribute_error(
                f"{type(self).__name__} has no {name!r}.{hint}"
            )
        return self.slots[self._names.index(name)]

    def __setattr__(self, name: str, value: Any) -> None:
        """Write numbers into a vector of the memory, into `change` or into `slots`.
        Both ``state.m *= 0.9`` and ``state.m = ...`` change the arrays that are saved.
        """
        is_array = name in ("change", "slots") and hasattr(self, name)
        if name in OptimizerState.__slots__ and not is_array:
            object.__setattr__(self, name, value)
        else:
            self._write(name, value)

    def _write(self, name: str, value: Any) -> None:
        array = getattr(self, name)  # raises if there is none
        condition = f"a number or numbers of shape {array.shape}"
        title = f"{name} of OptimizerState"
        values = _checks.numbers(title, value, condition)
        _checks.require(
            values.shape in ((), array.shape), title, condition, values.shape
        )
        array[...] = values

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names]

    def __repr__(self) -> str:
        rule = type(self.optimizer).__name__
        size = _checks.pluralize(self.change.size, "parameter")
        steps = _checks.pluralize(self.steps, "step")
        return f"<OptimizerState of {rule}: {size}, {steps}>"
