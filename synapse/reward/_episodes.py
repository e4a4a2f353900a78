"""Running an agent in an environment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast, final

import numpy as np

from .. import _checks as checks
from .._initializer import Seed, random_generator
from .._typing import Floats, Ints
from ..engine.locking import DeferredInterrupt
from ..errors import ArgumentError, FormatError
from ..learning._training import progress_bar
from ..objects.snapshots import preserved_context
from ..readwrite._container import headed, parts_in, read_archive, write_archive
from ..readwrite._file_checks import members
from ..readwrite._files import reading
from ._agent import Agent
from ._archive import RUN, parts_of, restore

# --- spaces ---------------------------------------------------------------------------


VECTOR_ADVICE = (
    "An agent learns at every step of one episode. For an agent in each of {count}"
    " environments: reward.run_many([make_agent(seed) for seed in range({count})],"
    " make_environment, steps=steps)"
)
"""What to do instead of giving a vector environment."""

MAX_WHOLE = 2.0**62
"""Largest whole number of a continuous action, which fits int64."""


class Choices:
    """A Discrete, MultiDiscrete or MultiBinary space: whole numbers from `start` on, of
    some `sizes`.
    """

    def __init__(self, space: Any) -> None:
        binary = (
            getattr(space, "nvec", None) is None and getattr(space, "shape", ()) != ()
        )
        sizes: Any = (
            np.full(space.shape, 2)
            if binary
            else getattr(space, "nvec", getattr(space, "n", None))
        )
        self.shape = np.shape(sizes)
        self.sizes = np.ravel(sizes).astype(np.int64)
        self.count = int(np.prod(self.sizes))  # of all combinations
        self.start = np.broadcast_to(
            np.ravel(getattr(space, "start", 0)), self.sizes.shape
        ).astype(np.int64)
        self._dtype = getattr(space, "dtype", None)

    @classmethod
    def of(cls, space: Any) -> Choices | None:
        """Return those of a space, or None for a space of another kind."""
        return cls(space) if hasattr(space, "n") or hasattr(space, "nvec") else None

    def value(self, action: int) -> Any:
        """Return the combination with this number, counted as by
        :func:`numpy.ravel_multi_index`.
        """
        if not self.shape:
            return action + int(self.start[0])
        chosen = np.array(np.unravel_index(action, self.sizes))
        return (chosen + self.start).reshape(self.shape).astype(self._dtype)

    def row(self, observation: Any) -> Floats:
        """Return columns for the values of each number, of which one is 1."""
        numbers = np.ravel(observation)
        if numbers.shape != self.sizes.shape:
            condition = checks.pluralize(len(self.sizes), "whole number")
            raise ArgumentError(checks.expected("observation", condition, observation))
        last = self.start + self.sizes - 1
        columns = [
            np.arange(low, high + 1)
            == checks.whole_number(
                "observation", number, f"from {low} to {high}", low, high
            )
            for number, low, high in zip(
                numbers.tolist(), self.start.tolist(), last.tolist(), strict=True
            )
        ]
        return np.concatenate(columns).astype(np.float64)


class Episodic:
    """An environment of Gymnasium, or any object with its two methods, for one agent.

    Observations of a Discrete or MultiDiscrete space become columns. The actions of a
    MultiDiscrete or MultiBinary space are its combinations. Actions of a Box are
    clipped to its bounds, rounded if it has whole numbers, and have its dtype.
    """

    def __init__(self, name: str, environment: Any, agent: Agent) -> None:
        for method in ("reset", "step"):
            checks.require_type(
                callable(getattr(environment, method, None)),
                name,
                "an object with reset and step",
                environment,
            )
        count = getattr(environment, "num_envs", None)
        checks.require_type(
            count is None,
            name,
            "one environment",
            environment,
            VECTOR_ADVICE.format(count=count),
        )
        self.environment = environment
        seen = getattr(environment, "observation_space", None)
        # The numbers of a MultiBinary space are columns already.
        is_binary = hasattr(seen, "n") and getattr(seen, "shape", ()) != ()
        self._seen = None if is_binary else Choices.of(seen)
        space = getattr(environment, "action_space", None)
        self._choices = Choices.of(space)
        self._box = space if hasattr(space, "low") else None
        if space is not None and agent._actions is not None:
            _require_actions(space, self._choices, agent)

    def reset(self, seed: int) -> Floats:
        """Begin an episode; returns the first observation."""
        observation, _ = _answer("reset", 2, self.environment.reset(seed=seed))
        return self._row(observation)

    def step(self, action: Any) -> tuple[Floats, float, bool, bool]:
        """Do an action; returns observation, reward, and whether the episode has ended
        or is broken off.
        """
        answer = _answer("step", 5, self.environment.step(self._action(action)))
        observation, reward, terminated, truncated, _ = answer
        reward = checks.finite_number("The reward", reward)
        return self._row(observation), reward, bool(terminated), bool(truncated)

    def _action(self, action: Any) -> Any:
        """Return an action as the environment has it."""
        if self._choices is not None:
            return self._choices.value(action)
        box = self._box
        if box is None or not isinstance(action, np.ndarray):
            return action
        dtype = np.dtype(getattr(box, "dtype", None) or action.dtype)
        whole = dtype.kind != "f"
        limit = MAX_WHOLE if whole else np.finfo(dtype).max  # where bounds are infinite
        numbers = np.clip(action.reshape(np.shape(box.low)), -limit, limit)
        if whole:
            numbers = np.rint(numbers).astype(np.int64)
        return np.asarray(np.clip(numbers, box.low, box.high), dtype)

    def _row(self, observation: Any) -> Floats:
        """Return an observation as a row of numbers."""
        checks.require_type(
            not isinstance(observation, dict | tuple),
            "observation",
            "numbers; wrap the environment in FlattenObservation of gymnasium, and"
            " before in FilterObservation if a part has no fixed length",
            observation,
        )
        if self._seen is not None:
            return self._seen.row(observation)
        return np.ravel(observation)


def _require_actions(space: Any, choices: Choices | None, agent: Agent) -> None:
    """Raise unless the agent has outputs for the actions of this space."""
    assert agent._actions is not None
    name, number = agent._actions
    space_name = "Discrete" if name == "n" else "Box"
    has = choices is not None if name == "n" else hasattr(space, "low")
    count = (choices.count if choices else int(np.size(space.low))) if has else None
    if count != number:
        actions = checks.pluralize(number, "action")
        condition = f"{actions}, as {agent._network_names[0]} has outputs for"
        several = f" ({count} combinations)" if choices and choices.shape else ""
        raise ArgumentError(
            f"Expected a {space_name} space of {condition}, got {space}{several}."
        )


def _answer(name: str, size: int, answer: Any) -> tuple[Any, ...]:
    """Return what a method of an environment has returned, if it is a tuple of this
    size.
    """
    checks.require_type(
        isinstance(answer, tuple) and len(answer) == size,
        f"The result of {name}",
        f"a tuple of {size}, as of Gymnasium",
        answer,
    )
    return answer


MIN_CHECKPOINT_SECONDS = 10.0
MAX_CHECKPOINT_FRACTION = 0.05
"""A checkpoint is written after `MIN_CHECKPOINT_SECONDS`, and takes at most the share
`MAX_CHECKPOINT_FRACTION` of the time."""
EVALUATED = 1
"""Part of the seeds of evaluations, which training episodes do not have."""
TESTS = ("test_episodes", "test_every", lambda given: given["test_every"] is None)
"""What has no effect in a run without tests."""


@checks.suggests_attributes("Run")
@final
@dataclass(frozen=True)
class Run(metaclass=checks.OwnNames):
    """The result of a run of an agent.

    Parameters
    ----------
    returns, lengths : ndarray, shape (episodes,)
        Sum of the rewards, not discounted, and number of steps of each complete
        episode.
    steps, seconds : int, float
        Number of all steps, and the time that the run took.
    stop_reason : str
        Why it ended: "steps", "callback" or "interrupted".
    test_steps : ndarray, shape (tests,)
        Number of steps before each test.
    test_returns : ndarray, shape (tests, episodes)
        Returns of the episodes of each test.
    """

    returns: Floats
    lengths: Ints
    steps: int
    seconds: float
    stop_reason: str
    test_steps: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    test_returns: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def __repr__(self) -> str:
        last = self.returns[-100:]
        mean = (
            f", mean return of the last {len(last)} {last.mean():.4g}"
            if len(last)
            else ""
        )
        episodes = checks.pluralize(len(self.returns), "episode")
        steps = checks.pluralize(self.steps, "step")
        by = "" if self.stop_reason == "interrupted" else "stopped by "
        return f"<Run: {episodes}, {steps}{mean}, {by}{self.stop_reason}>"

    def to_pandas(self, *, tests: bool = False) -> Any:
        """Return a data frame of pandas (extra "stats"): return, length and last step
        of each episode.

        Parameters
        ----------
        tests : bool
            Whether to return the episodes of the tests instead: the number of steps
            before the test, the number of the episode in it, and its return. Default
            False.

        Returns
        -------
        pandas.DataFrame
            One row for each episode.
        """
        if checks.boolean("tests", tests):
            tests_done, episodes = self.test_returns.shape
            columns = {
                "step": self.test_steps.repeat(episodes),
                "episode": np.tile(np.arange(episodes), tests_done),
                "return": self.test_returns.ravel(),
            }
        else:
            columns = {
                "return": self.returns,
                "length": self.lengths,
                "step": self.lengths.cumsum(),
            }
        return checks.pandas.DataFrame(columns)


def agent_of_reward(
    title: str, agent: Any, condition: str = "one of synapse.reward, such as QLearning"
) -> Agent:
    """Return an agent, or raise an error."""
    checks.require_type(isinstance(agent, Agent), title, condition, agent)
    return cast(Agent, agent)


def callback_of(_: str, callback: Any) -> Any:
    """Return a function that is called after each episode, or raise an error."""
    return checks.function_of("A callback", callback, "agent", "return", "length")


@checks.suggests_arguments(
    "reward.run",
    void=[
        TESTS,
        ("resume", "checkpoint", lambda given: given["checkpoint"] is None),
        (
            "test_environment",
            "test_every",
            lambda given: given["test_every"] is None,
        ),
    ],
)
def run(
    agent: Annotated[Agent, agent_of_reward],
    environment: Any,
    *,
    steps: Annotated[int, checks.non_negative_integer],
    seed: Seed = None,
    learn: Annotated[bool, checks.boolean] = True,
    callback: Annotated[Callable[[Agent, float, int], Any] | None, callback_of] = None,
    test_every: Annotated[int | None, checks.positive_integer] = None,
    test_environment: Any = None,
    test_episodes: Annotated[int, checks.positive_integer] = 10,
    checkpoint: Annotated[Any, checks.file_path] = None,
    resume: Annotated[bool, checks.boolean] = False,
    progress: Annotated[bool, checks.boolean] = True,
) -> Run:
    """Run an agent in an environment, and learn.

    Parameters
    ----------
    agent : Agent
        The agent.
    environment : object
        A Gymnasium environment, or any object with the same two methods.
        ``reset(seed=...)`` returns an observation and a dict, and ``step(action)``
        returns the observation, the reward, whether the episode has terminated, whether
        it was truncated, and a dict. Observations are numbers. Values of a Discrete or
        MultiDiscrete ``observation_space`` are encoded as one-hot columns. If the
        ``action_space`` is MultiDiscrete or MultiBinary, the network needs an output
        for each combination. Continuous actions are clipped to the bounds of their
        space.
    steps : int
        Number of steps after which the run ends, even within an episode. With 0, the
        run only reads the checkpoint, if there is one to resume from.
    seed : int or numpy.random.Generator, optional
        Seed of the environment. Each episode resets the environment with a seed that is
        derived from this seed and the episode's number. Default: an unrecorded random
        seed, or the checkpoint's seed.
    learn : bool
        Whether the agent learns and explores. Default True.
    callback : callable, optional
        Function ``(agent, return, length)`` that is called after every episode. If it
        returns a true value, the run ends.
    test_every : int, optional
        Number of steps between two tests. In a test, a copy of the agent acts in
        episodes as ``agent.act`` does, without affecting the run. By default, there are
        no tests.
    test_environment : object, optional
        The environment for tests, which `test_every` requires. It must not be the
        run's own environment.
    test_episodes : int
        Number of episodes in a test. They have the same seeds in each test.
        Default 10.
    checkpoint : path, optional
        File with the agent and the episodes so far, written whole or not at all: at
        once, at most every ten seconds, and at the end, also after Ctrl-C and errors.
        :func:`synapse.load` reads the agent of it.
    resume : bool
        Whether to continue from the checkpoint, if it exists: with an agent and an
        environment made as before, the run then gives the same bits as one without an
        interruption. If it was interrupted within an episode, the actions of this
        episode are repeated first. If the environment then returns other observations
        than before, the episode starts again, with the agent as it is.
    progress : bool
        Whether to show a progress bar. Default True.

    Returns
    -------
    Run
        The result; after Ctrl-C, that of the steps so far.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or the environment returns what an agent cannot
        use.
    TopologyError
        If there is a checkpoint and a network of the agent is connected with neurons
        outside of it.
    FormatError
        If the checkpoint is not one of an agent with such networks.
    Exception
        Any exception of the environment, with a note that names the step. The agent has
        learned from the previous steps.

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
    training = Episodic("environment", environment, agent)
    if checkpoint is not None and not learn:
        raise ArgumentError(
            "Expected no checkpoint with learn=False, because the agent does not"
            " change. To evaluate the agent of a checkpoint, pass"
            " synapse.load(checkpoint) as the agent."
        )
    evaluations = _evaluations(
        agent, environment, test_every, test_environment, test_episodes
    )
    if checkpoint is not None:
        parts_of(agent, whole=False)  # raises now rather than after hours
    # the last check, because it draws
    root = int(random_generator(seed).integers(2**62))
    episodes = _Episodes(agent, training, (root,), learn, evaluations)
    if resume and checkpoint is not None and checkpoint.exists():
        read_checkpoint(checkpoint, agent, episodes, seeded=seed is not None)
    return episodes.run(steps, callback, checkpoint, progress)


def _evaluations(
    agent: Agent, environment: Any, every: Any, separate: Any, episodes: Any
) -> _Evaluations | None:
    """Return the evaluations that a call asks for."""
    if (every is None) != (separate is None):
        raise ArgumentError(
            "Expected both test_every, a number of steps, and test_environment, an"
            " environment, got one of them."
        )
    if every is None:
        return None
    if separate is environment:
        raise ArgumentError(
            "Expected an environment of its own for the tests, got that of the"
            " run, whose episode would be interrupted. Make a second one."
        )
    agent._acting()  # raises now if its network cannot be copied
    return _Evaluations(every, Episodic("test_environment", separate, agent), episodes)


@contextmanager
def _naming(step: int, episode: str) -> Iterator[None]:
    """Add to an error of the environment where it was raised."""
    try:
        yield
    except Exception as error:
        error.add_note(f"The environment raised this in step {step} of {episode}.")
        raise


@dataclass
class _Evaluations:
    """Evaluations so far: by `every` steps, some episodes in an environment of their
    own.
    """

    every: int
    environment: Episodic
    episodes: int
    steps: list[int] = field(default_factory=list)
    returns: list[list[float]] = field(default_factory=list)

    def run(self, agent: Agent, seeds: tuple[int, ...], steps: int) -> None:
        """Run a copy of the agent in all episodes, which have the same seeds in each
        evaluation.
        """
        test = _Episodes(
            agent._acting(), self.environment, (*seeds, EVALUATED), learn=False
        )
        while len(test.returns) < self.episodes:
            test.step()
        self.steps.append(steps)
        self.returns.append(test.returns)


@dataclass
class _Episode:
    """An episode that has begun: what was done in it, from which a checkpoint repeats
    it.
    """

    row: Floats  # the latest observation
    action: Any  # the agent's answer to it
    total: float = 0.0
    length: int = 0
    actions: list[Any] = field(default_factory=list)


@dataclass
class _Episodes:
    """The episodes of a run or a test, in which the seeds of all begin with `seeds`:
    the returns and lengths of the complete ones.
    """

    agent: Agent
    environment: Episodic
    seeds: tuple[int, ...]
    learn: bool
    evaluations: _Evaluations | None = None
    returns: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    steps: int = 0  # of all episodes, also of those that are not complete
    seconds: float = 0.0
    episode: _Episode | None = None

    def run(self, steps: int, callback: Any, path: Path | None, progress: bool) -> Run:
        """Run episodes until `steps` steps are done."""
        begin = time.monotonic() - self.seconds
        stopped = "steps"
        # a run that is complete, and its file, stay as they are
        goes_on = self.steps < steps
        if path is not None and goes_on:  # it may fail: before anything is learned
            write_checkpoint(path, self.agent, self)
        options = {"unit_scale": True, "initial": self.steps}
        with progress_bar(progress, "steps", steps, **options) as bar:
            try:
                self._repeat()
                writes = self._written(path, begin)
                while self.steps < steps:
                    complete = self.step(path is not None)
                    bar.update()
                    next(writes)
                    if (
                        complete is not None
                        and callback is not None
                        and callback(self.agent, *complete)
                    ):
                        stopped = "callback"
                        break
            except KeyboardInterrupt:
                stopped = "interrupted"
            finally:
                self.seconds = time.monotonic() - begin
                if path is not None and goes_on:
                    write_checkpoint(path, self.agent, self)
        return self._result(stopped)

    def _result(self, stopped: str) -> Run:
        tests: tuple[Any, ...] = ()
        if (done := self.evaluations) is not None:
            shape = len(done.steps), done.episodes
            tests = np.array(done.steps, np.int64), np.reshape(done.returns, shape)
        lengths = np.array(self.lengths, np.int64)
        episodes = np.array(self.returns), lengths, self.steps
        return Run(*episodes, self.seconds, stopped, *tests)

    def _written(self, path: Path | None, begin: float) -> Iterator[None]:
        """Write a checkpoint whenever one is due; asked after every step."""
        due = time.monotonic() + MIN_CHECKPOINT_SECONDS
        while True:
            if path is not None and (now := time.monotonic()) >= due:
                self.seconds = now - begin
                # completes pending steps of rtrl, whose rounding would depend on time
                with ExitStack() as undisturbed:
                    for network in self.agent._networks:
                        undisturbed.enter_context(preserved_context(network))
                    write_checkpoint(path, self.agent, self)
                due = time.monotonic() + max(
                    MIN_CHECKPOINT_SECONDS,
                    (time.monotonic() - now) / MAX_CHECKPOINT_FRACTION,
                )
            yield

    def step(self, recorded: bool = False) -> tuple[float, int] | None:
        """Do one step, which begins an episode if none has begun; return and length if
        it ends there.
        """
        agent = self.agent
        episode = self.episode
        if episode is None:
            with self._named(0):
                row = self._reset()
            with DeferredInterrupt():
                begun = agent.begin(row) if self.learn else agent.act(row, first=True)
                episode = self.episode = _Episode(row, begun)
        with self._named(episode.length):
            row, reward, terminated, truncated = self.environment.step(episode.action)
        # Ctrl-C waits until the agent, and what is known of the episode, are those
        # after this step.
        with DeferredInterrupt():
            action = (
                agent.learn(reward, row, terminated, truncated)
                if self.learn
                else agent.act(row)
            )
            if recorded:
                episode.actions.append(episode.action)
            episode.row, episode.action = row, action
            episode.total += reward
            episode.length += 1
            self.steps += 1
            if over := terminated or truncated:
                self.returns.append(episode.total)
                self.lengths.append(episode.length)
                self.episode = None
        if self.evaluations is not None and self.steps % self.evaluations.every == 0:
            self.evaluations.run(agent, self.seeds, self.steps)
        return (episode.total, episode.length) if over else None

    def _reset(self) -> Floats:
        """Reset the environment by the seed of the next episode; its first row."""
        numbers = np.random.SeedSequence((*self.seeds, len(self.returns)))
        return self.environment.reset(int(numbers.generate_state(1)[0]))

    def _repeat(self) -> None:
        """Repeat the actions of the episode of a checkpoint; begin anew if the
        environment differs.
        """
        episode = self.episode
        if episode is None:
            return
        with self._named(0):
            row = self._reset()
            total = 0.0
            for action in episode.actions:
                row, reward, terminated, truncated = self.environment.step(action)
                total += reward
                if terminated or truncated:
                    break
        if not np.array_equal(row, episode.row) or total != episode.total:
            self.episode = None

    def _named(self, step: int) -> Any:
        tested = len(self.seeds) > 1
        return _naming(step, "a test" if tested else f"episode {len(self.returns)}")


OF_RUN = ("seed", "steps", "seconds", "total")


def write_checkpoint(path: Path, agent: Agent, episodes: _Episodes) -> None:
    """Write an agent, the episodes so far, and what repeats the one that is not
    complete.
    """
    episode, tests = episodes.episode, episodes.evaluations
    run = {
        "seed": episodes.seeds[0],
        "steps": episodes.steps,
        "seconds": episodes.seconds,
        "total": None if episode is None else episode.total,
        "returns": np.array(episodes.returns, np.float64),
        "lengths": np.array(episodes.lengths, np.int64),
    }
    if episode is not None:
        run |= {
            "row": np.asarray(episode.row, np.float64),
            "action": np.asarray(episode.action),
            "actions": np.array(episode.actions),
        }
    if tests is not None:
        run |= {
            "evaluation_steps": np.array(tests.steps, np.int64),
            "evaluation_returns": np.array(tests.returns, np.float64),
        }
    parts = {**parts_of(agent, whole=False), RUN: run}
    write_archive(path, headed(agent._mark, parts))


def read_checkpoint(
    path: Path, agent: Agent, episodes: _Episodes, seeded: bool
) -> None:
    """Restore an agent and its episodes from a checkpoint; FormatError if it is
    another's.
    """
    with reading(path):
        content = read_archive(path)
        if RUN not in content:
            raise FormatError(
                "Expected a checkpoint of reward.run, got a file without a run."
            )
        parts = parts_in(content, agent._mark)
        run = members("The description of a run", parts[RUN], OF_RUN, parts[RUN])
        try:
            if seeded and int(run["seed"]) != episodes.seeds[0]:
                raise ValueError(f"it has seed {run['seed']}, not {episodes.seeds[0]}")
            stored = {
                "returns": run["returns"].astype(np.float64).tolist(),
                "lengths": run["lengths"].astype(np.int64).tolist(),
                "steps": int(run["steps"]),
                "seconds": float(run["seconds"]),
                "seeds": (int(run["seed"]),),
                "episode": _episode_of(run),
            }
            evaluated = [
                run.get(f"evaluation_{name}", np.empty(0)).tolist()
                for name in ("steps", "returns")
            ]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"The file {path} is not a checkpoint of this agent ({error})."
            ) from None
        restore(agent, parts)
    vars(episodes).update(stored)
    if agent._value is None:
        episodes.episode = None
    if episodes.evaluations is not None:
        episodes.evaluations.steps, episodes.evaluations.returns = evaluated


def _episode_of(run: dict[str, Any]) -> _Episode | None:
    """Return the episode that a checkpoint was written in; None if there was none."""
    if run["total"] is None:
        return None
    actions, action = (  # files have counts without a sign
        each.astype(np.int64) if each.dtype.kind == "u" else each
        for each in (run["actions"], run["action"])
    )
    if actions.dtype.kind not in "if" or action.dtype.kind not in "if":
        raise ValueError("its actions are not numbers")
    several = list(actions) if actions.ndim > 1 else actions.tolist()
    latest = action if action.ndim else action.item()
    return _Episode(run["row"], latest, float(run["total"]), len(actions), several)
