"""Reward: an agent in a T-maze remembers a sign that it saw at the start.

    python -m demos reward

Task: A corridor leads to a junction, and only a sign at its start says whether food is
to the left or to the right there. The agent must walk to the junction and turn to the
right side. It learns from reward alone, at every step, without a memory of past
episodes.

Bakker used this maze in 2002 to show that an agent needs memory: at the junction, both
cases look alike. The agent is an LSTM whose outputs are the values of three actions,
and learns by Watkins' Q(λ). The gradients are exact through all steps
(``net.rule = "rtrl"``), so the reward at the junction reaches the weights that
read the sign. Two other agents walk the same maze: the same LSTM with gradients of
order 1, which include the effect of a weight on its own cell but no paths through other
cells, and a perceptron without memory.

Lesson 16 of `synapse play` shows in a browser how one neuron learns from a reward."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import architect
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import reward

LENGTH = 10
FORWARD, LEFT, RIGHT = range(3)
NAMES = {
    "exact": "LSTM, exact slopes",
    "order 1": "LSTM, order 1",
    "none": "perceptron, no memory",
}

# --- 1. The maze ----------------------------------------------------------------------
#
# An environment has two methods. An observation is two numbers: the sign, which is -1
# or 1 at the start and 0 from then on, and whether this is the junction. Walking
# against a wall costs a little.


class Maze:
    def reset(self, seed=None):
        # 0: food is on the left
        self.side = int(np.random.default_rng(seed).integers(2))
        self.place = 0
        self.steps = 0
        return self.seen(), {}

    def seen(self):
        sign = 2.0 * self.side - 1.0 if self.place == 0 else 0.0
        return [sign, float(self.place == LENGTH)]

    def step(self, action):
        self.steps += 1
        at_junction = self.place == LENGTH
        gain = -0.1
        ended = False
        if action == FORWARD and not at_junction:
            self.place += 1
            gain = 0.0
        elif action != FORWARD and at_junction:
            gain = 1.0 if action == LEFT + self.side else -1.0
            ended = True
        return self.seen(), gain, ended, self.steps == 50, {}


# --- 2. The agents --------------------------------------------------------------------


def explore(step):
    """The chance of a random action: half at first, then a twentieth."""
    return max(0.05, 0.5 - step / 20_000)


def network(slopes, seed):
    if slopes == "none":
        return architect.Perceptron(
            2, 8, 3, squash="tanh", output_squash="identity", seed=seed
        )
    net = architect.LSTM(2, 4, 3, output_squash="identity", seed=seed)
    net.rule = "rtrl" if slopes == "exact" else ("rtrl", 1)
    return net


def learn(slopes, steps, seed):
    """Learn in the maze; returns the agent and the returns of its episodes."""
    options = {"update": 0.03, "normalize": False, "scale_rewards": False}
    options |= {"discount": 0.98, "trace_decay": 0.9, "explore": explore}
    agent = reward.QLearning(network(slopes, seed), seed=seed, **options)
    return agent, reward.run(agent, Maze(), steps=steps, seed=seed, progress=False)


def walk(agent, side):
    """A walk without learning: the states of the cells at every step, and whether it
    ends at the food."""
    maze = Maze()
    states = []
    total = 0.0
    over = False
    begins = True
    maze.reset()
    maze.side = side
    seen = maze.seen()
    while not over:
        action = agent.act(seen, begins)
        states.append(agent.network["cells"].states)
        seen, gain, ended, broken, _ = maze.step(action)
        total += gain
        over = ended or broken
        begins = False
    return np.array(states), total == 1.0


# --- 3. The picture -------------------------------------------------------------------


@with_pyplot
def picture(pyplot, walks, returns, path):
    figure, (maze, cells, curves) = pyplot.subplots(
        1, 3, figsize=(12, 3.6), width_ratios=(1, 1.3, 1.3), layout="constrained"
    )
    wall = {"color": ink.GRAY, "lw": 2}
    maze.plot(
        [0, LENGTH, LENGTH, LENGTH + 1, LENGTH + 1, LENGTH, LENGTH, 0, 0],
        [1, 1, 4, 4, -3, -3, 0, 0, 1],
        **wall,
    )
    maze.text(0.4, 1.25, "the sign: ↑ or ↓", ha="left")
    maze.text(LENGTH - 0.4, 3.4, "food?", ha="right", color=ink.ORANGE)
    maze.text(LENGTH - 0.4, -2.7, "food?", ha="right", color=ink.ORANGE)
    maze.annotate(
        "",
        (LENGTH + 0.4, 0.5),
        (0.4, 0.5),
        arrowprops={"arrowstyle": "->", "color": ink.BLUE, "lw": 2},
    )
    maze.set(
        title="1. The maze", xlim=(-0.5, LENGTH + 1.5), ylim=(-4, 5), aspect="equal"
    )
    maze.axis("off")
    cell = int(np.abs(walks[0][LENGTH] - walks[1][LENGTH]).argmax())
    looks = zip(walks, (ink.BLUE, ink.RED), ("↑", "↓"), strict=True)
    for states, colour, name in looks:
        cells.plot(states[:, cell], ".-", color=colour, lw=2, label=f"sign {name}")
    cells.axvline(LENGTH, color=ink.GRAY, lw=1, ls=":")
    cells.set(
        xlabel="step (dotted: the junction)",
        ylabel="state",
        title="2. The memory cell that differs most",
    )
    cells.legend()
    colours = (ink.BLUE, ink.ORANGE, ink.GRAY)
    for (slopes, name), colour in zip(NAMES.items(), colours, strict=True):
        values = returns[slopes]
        window = max(1, len(values) // 40)
        smooth = np.convolve(values, np.full(window, 1 / window), "valid")
        episodes = np.arange(len(smooth)) + window
        curves.plot(episodes, smooth, color=colour, lw=2, label=name)
    curves.set(
        xlabel="episode",
        ylabel="return, running mean",
        title="3. Learning",
        ylim=(-1.6, 1.1),
    )
    curves.legend(loc="lower right")
    save_figure(figure, path)


def main(quick: bool, seed: int, out: Path) -> None:
    steps = 30_000 if quick else 60_000
    heading("Three agents learn in the maze")
    agents = {}
    returns = {}
    for slopes, name in NAMES.items():
        agents[slopes], result = learn(slopes, steps, seed)
        returns[slopes] = result.returns
        last = result.returns[-len(result.returns) // 10 :].mean()
        print(
            f"{name:21} {len(result.returns):5} episodes, mean return of the last tenth"
            f" {last:5.2f}"
        )
    walks, right = zip(*(walk(agents["exact"], side) for side in (0, 1)), strict=True)
    check(
        "without exploring, the LSTM with exact slopes finds the food on both sides",
        all(right),
    )
    means = {
        slopes: values[-len(values) // 10 :].mean()
        for slopes, values in returns.items()
    }
    check("the perceptron finds it about every other time", bool(means["none"] < 0.3))
    gap = np.abs(walks[0][LENGTH] - walks[1][LENGTH]).max()
    check("at the junction, a cell still distinguishes the two signs", bool(gap > 0.5))
    picture(walks, returns, out / "reward.png")
    lesson(
        f"The reward came {LENGTH} steps after the sign. The LSTM learned to store it:"
        f" with one step in twenty at random, its mean return is {means['exact']:.2f},"
        f" and {means['order 1']:.2f} with the cheaper gradients of order 1, which"
        f" suffice here. Without memory it is {means['none']:.2f}. At the junction, the"
        f" states of one cell differ by {gap:.1f} between the signs."
    )


# To try: a longer corridor; a GRU instead of the LSTM; a gate wired by hand that opens
# at the sign.
