"""Running an agent in an environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .. import _checks as checks
from .._running_scale import RunningScale
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError, FormatError
from ..initializers import Seed, random_generator
from ..objects.state import take_over
from ..readwrite.files import opened, reading
from ..readwrite.npz import as_text, from_array, from_arrays, npz_data, read_arrays, write_arrays
from .agent import Agent

SECONDS, SHARE = 10.0, 0.05
"""A checkpoint is written after so many seconds, and takes at most this share of the time."""


@final
@dataclass(frozen=True)
class Run:
    """What a run of an agent has brought.

    Parameters
    ----------
    returns, lengths : ndarray, shape (episodes,)
        Sum of the rewards, not discounted, and number of steps of each complete episode.
    steps, seconds : int, float
        Number of all steps, and the time that the run took.
    stopped : str
        Why it ended: "steps", "callback" or "interrupted".
    """

    returns: Floats
    lengths: Ints
    steps: int
    seconds: float
    stopped: str

    def __repr__(self) -> str:
        last = self.returns[-100:]
        mean = f", mean return of the last {len(last)} {last.mean():.4g}" if len(last) else ""
        episodes, steps = checks.counted(len(self.returns), "episode"), checks.counted(self.steps, "step")
        return f"<Run: {episodes}, {steps}{mean}, stopped by {self.stopped}>"

    def to_pandas(self) -> Any:
        """Return a data frame with a row for each episode: its return, length and last step."""
        columns = {"return": self.returns, "length": self.lengths, "step": self.lengths.cumsum()}
        return checks.imported_pandas().DataFrame(columns)


def run(
    agent: Agent,
    environment: Any,
    *,
    steps: int,
    seed: Seed = None,
    learn: bool = True,
    callback: Callable[[Agent, float, int], Any] | None = None,
    checkpoint: Any = None,
    resume: bool = False,
    progress: bool = True,
) -> Run:
    """Let an agent act in an environment, and learn.

    Parameters
    ----------
    agent : Agent
        The agent.
    environment : object
        An environment of Gymnasium, or any object with its two methods: ``reset(seed=...)`` returns an
        observation and a dict; ``step(action)`` returns the observation, the reward, whether the episode has
        ended, whether it was broken off, and a dict. Observations are numbers or, if the environment has a
        discrete ``observation_space``, the number of one. Continuous actions are clipped to the bounds of its
        ``action_space``.
    steps : int
        Number of steps, after which the run ends, also within an episode.
    seed : int or numpy.random.Generator, optional
        Seed of the environment: each episode resets it with a seed that follows from this one and the number
        of the episode. Default: an unrecorded random seed, or that of the checkpoint.
    learn : bool
        Whether the agent learns and explores. Default True.
    callback : callable, optional
        Function ``(agent, return, length)``, called after every episode; a true value ends the run.
    checkpoint : path, optional
        File that is written, whole or not at all, between episodes: after the first one, then every ten
        seconds or so, and at the end unless the run ends within an episode.
    resume : bool
        Whether to continue from the checkpoint, if it exists: with an agent that is made and an environment
        that behaves as before, the run then brings the same bits as one that was not broken off.
    progress : bool
        Whether to show a progress bar. Default True.

    Returns
    -------
    Run
        Also after Ctrl-C, with what was reached until then.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or the environment returns what an agent cannot use.
    FormatError
        If the checkpoint is not one of an agent with such networks.
    Exception
        What the environment raises, with a note that names the step. The agent has learned what came before.

    Examples
    --------
    >>> import architect
    >>> class Levers:
    ...     def reset(self, seed=None):
    ...         return [1.0], {}
    ...     def step(self, action):
    ...         return [1.0], float(action == 1), True, False, {}
    >>> from synapse.reward import QLearning
    >>> agent = QLearning(architect.Perceptron(1, 2, squash="identity", seed=0), seed=0)
    >>> run(agent, Levers(), steps=300, progress=False).returns[-100:].mean() > 0.9
    np.True_
    """
    if not isinstance(agent, Agent):
        condition = "one of synapse.reward, such as QLearning"
        raise ArgumentTypeError(checks.expected("The agent", condition, agent))
    for name in ("reset", "step"):
        if not callable(getattr(environment, name, None)):
            condition = "an object with reset and step"
            raise ArgumentTypeError(checks.expected("The environment", condition, environment))
    steps = checks.positive_integer("The steps", steps)
    path = None if checkpoint is None else checks.file_path("The checkpoint", checkpoint)
    if checks.boolean("The resume", resume) and path is None:
        raise ArgumentError("Expected a checkpoint to resume from, got none.")
    learn, progress = checks.boolean("The learn", learn), checks.boolean("The progress", progress)
    if callback is not None:
        checks.function_of("A callback", callback, "agent", "return", "length")
    root = int(random_generator(seed).integers(2**62))  # the last check, because it draws
    episodes = _Episodes(agent, environment, root, learn)
    if resume and path is not None and path.exists():
        read_checkpoint(path, agent, episodes, seeded=seed is not None)
    return episodes.run(steps, callback, path, progress)


class _Episodes:
    """The episodes of a run: `total` steps in all, and the returns and lengths of the complete ones."""

    def __init__(self, agent: Agent, environment: Any, seed: int, learn: bool) -> None:
        self.agent, self.environment, self.seed, self.learn = agent, environment, seed, learn
        self.returns: list[float] = []
        self.lengths: list[int] = []
        self.steps, self.seconds = 0, 0.0  # of this run too, which may end within an episode
        seen, space = (getattr(environment, f"{name}_space", None) for name in ("observation", "action"))
        count = getattr(seen, "n", None)
        self._eye = None if count is None else np.eye(int(count))
        self._bounds = getattr(space, "low", None), getattr(space, "high", None)
        self._first, self._start = (int(getattr(one, "start", 0)) for one in (seen, space))
        if space is not None and agent._actions is not None:
            name, number = agent._actions
            if (getattr(space, "n", None) if name == "n" else np.size(getattr(space, "low", ()))) != number:
                condition = f"{checks.counted(number, 'action')}, as {agent.names[0]} has outputs for"
                kind = "Discrete" if name == "n" else "Box"
                raise ArgumentError(f"Expected a {kind} space of {condition}, got {space}.")

    def run(self, steps: int, callback: Any, path: Path | None, progress: bool) -> Run:
        from tqdm.auto import tqdm  # a tenth of the time of `import synapse`

        begin, stopped = time.monotonic(), "steps"
        before, due = self.seconds, begin
        self.steps = sum(self.lengths)
        shown: dict[str, Any] = {"unit": " steps", "unit_scale": True, "disable": not progress}
        with tqdm(total=steps, initial=self.steps, **shown) as bar:
            try:
                while self.steps < steps:
                    total, length, complete = self._episode(steps - self.steps, bar)
                    if not complete:
                        break
                    self.returns.append(total)
                    self.lengths.append(length)
                    now = time.monotonic()
                    self.seconds = before + now - begin
                    if path is not None and now >= due:
                        write_checkpoint(path, self.agent, self)
                        due = time.monotonic() + max(SECONDS, (time.monotonic() - now) / SHARE)
                    if callback is not None and callback(self.agent, total, length):
                        stopped = "callback"
                        break
            except KeyboardInterrupt:
                stopped = "interrupted"
        self.seconds = before + time.monotonic() - begin
        if path is not None and self.steps == sum(self.lengths):  # otherwise within an episode
            write_checkpoint(path, self.agent, self)
        lengths = np.array(self.lengths, np.int64)
        return Run(np.array(self.returns), lengths, self.steps, self.seconds, stopped)

    def _episode(self, most: int, bar: Any) -> tuple[float, int, bool]:
        """One episode of at most so many steps: its return, its length, and whether it is complete."""
        agent, total, length, over = self.agent, 0.0, 0, False
        number = np.random.SeedSequence([self.seed, len(self.returns)]).generate_state(1)[0]
        observation = self._asked("reset", length, seed=int(number))[0]
        action = agent.begin(observation) if self.learn else agent.act(observation, first=True)
        while not over and length < most:
            if not isinstance(action, np.ndarray):
                action += self._start
            elif self._bounds[0] is not None:
                action = np.clip(action.reshape(np.shape(self._bounds[0])), *self._bounds)
            observation, reward, ended, truncated, *_ = self._asked("step", length, action)
            over, reward = bool(ended or truncated), checks.finite_number("The reward", reward)
            given = reward, observation, bool(ended), bool(truncated)
            action = agent.learn(*given) if self.learn else agent.act(observation)
            total, length, self.steps = total + reward, length + 1, self.steps + 1
            bar.update()
        return total, length, over

    def _asked(self, name: str, step: int, *arguments: Any, **named: Any) -> list[Any]:
        """What a method of the environment returns, with the observation as numbers."""
        try:
            answer = getattr(self.environment, name)(*arguments, **named)
        except Exception as error:
            error.add_note(f"The environment raised this in step {step} of episode {len(self.returns)}.")
            raise
        size = 2 if name == "reset" else 5
        if not isinstance(answer, tuple) or len(answer) != size:
            condition = f"a tuple of {size}, as of Gymnasium"
            raise ArgumentTypeError(checks.expected(f"What {name} returns", condition, answer))
        observation, *others = answer
        if self._eye is not None:
            low, high = self._first, self._first + len(self._eye) - 1
            place = checks.whole_number("The observation", observation, f"from {low} to {high}", low, high)
            observation = self._eye[place - low]
        if isinstance(observation, dict | tuple):
            condition = "numbers; wrap the environment in FlattenObservation of gymnasium"
            raise ArgumentTypeError(checks.expected("The observation", condition, observation))
        return [np.ravel(observation), *others]


def write_checkpoint(path: Path, agent: Agent, episodes: _Episodes) -> None:
    """Write an agent between two episodes: its networks, scales, random state, and the episodes so far."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, network in zip(agent.names, agent._networks, strict=True):
        arrays |= {f"{name}/{key}": array for key, array in npz_data(network).items()}
    head = {
        "kind": type(agent).__name__,
        "seed": episodes.seed,
        "steps": agent.steps,
        "seconds": episodes.seconds,
        "random": agent.rng.bit_generator.state,
        "observations": agent._scale.as_json(),
        "rewards": agent._returns.as_json(),
    }
    lengths = np.array(episodes.lengths, np.int64)
    arrays |= {"agent": as_text(head), "returns": np.array(episodes.returns), "lengths": lengths}
    write_arrays(path, arrays)


def read_checkpoint(path: Path, agent: Agent, episodes: _Episodes, seeded: bool) -> None:
    """Let an agent and its episodes be those of a checkpoint; FormatError if it is another's."""
    with reading(path), opened(path) as stream:
        arrays = read_arrays(stream)
    try:
        head = from_array("agent", arrays.pop("agent"))
        root = head["seed"]
        if head["kind"] != type(agent).__name__ or (seeded and root != episodes.seed):
            raise ValueError("it is of another kind of agent, or of another seed")
        returns, lengths = arrays.pop("returns").tolist(), arrays.pop("lengths").tolist()
        observations = RunningScale.of(head["observations"], len(agent._scale.mean))
        rewards = RunningScale.of(head["rewards"], 1)
        rng = getattr(np.random, str(head["random"]["bit_generator"]))()
        rng.state = head["random"]
        steps, seconds, networks = int(head["steps"]), float(head["seconds"]), []
        for name in agent.names:
            own = {key: array for key, array in arrays.items() if key.startswith(f"{name}/")}
            networks.append(from_arrays({key.partition("/")[2]: array for key, array in own.items()}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"The file {path} is not a checkpoint of this agent ({error}).") from None
    for mine, network in zip(agent._networks, networks, strict=True):
        take_over(mine, network)
    agent._scale, agent._returns = observations, rewards
    agent.rng, agent.steps = np.random.Generator(rng), steps
    episodes.seed, episodes.returns, episodes.lengths, episodes.seconds = root, returns, lengths, seconds
