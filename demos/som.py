"""Som: a self-organising map arranges colours on a grid, without targets.

    python -m demos som

Task: Arrange colours on a square grid so that similar colours are neighbours. A colour
is three numbers (red, green, blue); there is no target and no error.

Each neuron of the grid has three weights, so it represents a colour too. A colour is
shown; the neuron nearest to it wins, and the winner and its neighbours on the grid move
towards the colour. This is Kohonen's rule of 1982, a model of how maps form in the
brain. It is not a gradient: the rule is written here, and the neurons find the
winner."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

NAMED = {
    "red": (1, 0, 0),
    "orange": (1, 0.5, 0),
    "yellow": (1, 1, 0),
    "green": (0, 1, 0),
    "cyan": (0, 1, 1),
    "blue": (0, 0, 1),
    "violet": (0.5, 0, 1),
    "white": (1, 1, 1),
    "grey": (0.5, 0.5, 0.5),
    "black": (0, 0, 0),
}


def any_colour(rng, shape, fan_in, fan_out):
    """Weights that are colours: from 0 to 1."""
    return rng.random(shape)


# --- 1. Who wins ----------------------------------------------------------------------
#
# Neurons compute the sum of weights times inputs, and a bias. Such a sum can find the
# nearest neuron. The squared distance of colour x from weights w is |x|^2 - 2 w x +
# |w|^2. |x|^2 is the same for all neurons, so the nearest is the one with the largest w
# x - |w|^2 / 2: the weighted sum with a bias of -|w|^2 / 2.


class Map:
    """Linear neurons on a square grid; the weights of each are a colour."""

    def __init__(self, side, seed):
        colour = Layer(3, "identity", name="colour")
        grid = Layer(side * side, "identity", name="map")
        self.links = colour.project(grid, initializer=any_colour, seed=seed)
        self.net = Network(colour, grid)
        self.side = side
        # Row and column of every neuron
        self.places = np.indices((side, side)).reshape(2, -1).T
        self.colours = self.colours  # with the biases that belong to them

    @property
    def colours(self):
        """The weights, a row for each neuron."""
        return np.asarray(self.links.weights).T.copy()

    @colours.setter
    def colours(self, weights):
        self.links.weights = weights.T
        self.net.output.biases = -0.5 * (weights**2).sum(axis=1)

    @property
    def picture(self):
        """The colours on the grid, shape (side, side, 3)."""
        return self.colours.reshape(self.side, self.side, 3)

    def winner(self, colour):
        """The number of the neuron that is nearest to a colour."""
        return int(self.net.activate(colour).argmax())

    def show(self, colour, rate, radius):
        """Kohonen's rule: the winner and its neighbours move towards a colour."""
        apart = ((self.places - self.places[self.winner(colour)]) ** 2).sum(axis=1)
        near = np.exp(-apart / (2 * radius**2)) if radius else apart == 0
        weights = self.colours
        self.colours = weights + (rate * near)[:, None] * (colour - weights)

    def errors(self, samples):
        """The quantisation error and the topographic error, see 3."""
        winner, runner_up = np.argsort(-self.net.run(samples), axis=1)[:, :2].T
        apart = ((self.places[winner] - self.places[runner_up]) ** 2).sum(axis=1)
        distances = np.linalg.norm(samples - self.colours[winner], axis=1)
        return distances.mean(), (apart > 2).mean()


def who_wins(som):
    heading("1. Who wins")
    colour = np.array(NAMED["orange"])
    number = som.winner(colour)
    neuron = som.net.output[number]
    row, column = som.places[number]
    weights = np.array([link.weight for link in neuron.incoming])
    distances = np.linalg.norm(som.colours - colour, axis=1)
    print(f"{som.net!r}. Each neuron of the map starts with a random colour.")
    print(
        f"Orange {colour}: the winner is in row {row}, column {column}; its weights are"
        f" {weights.round(2)}."
    )
    by_hand = weights @ colour - weights @ weights / 2
    check("the winner's state is w x - |w|^2 / 2", np.isclose(neuron.state, by_hand))
    check(
        "no neuron is nearer to orange",
        bool(np.isclose(distances.min(), distances[number])),
    )


# --- 2. One step ----------------------------------------------------------------------
#
# The weights of the winner move towards the colour by a fraction of the difference: the
# rate. The other neurons move by a fraction that decreases with their distance d on the
# grid: rate x exp(-d^2 / (2 radius^2)).


def one_step(som):
    heading("2. One step")
    colour = np.array(NAMED["orange"])
    rate = 0.5
    radius = 2.0
    number = som.winner(colour)
    row, column = som.places[number]
    before = som.picture
    som.show(colour, rate, radius)
    moved = np.linalg.norm(som.picture - before, axis=2)
    way = np.linalg.norm(colour - before, axis=2)
    print(f"Row {row} of the grid, by distance from the winner in columns:")
    shares = {abs(c - column): moved[row, c] / way[row, c] for c in range(som.side)}
    for distance in sorted(shares)[:6]:
        print(f"  {distance}: {shares[distance]:6.1%} of the way to orange")
    check(
        "the winner has moved half of the way",
        np.isclose(moved[row, column], rate * way[row, column]),
    )
    expected = rate * np.exp(-1 / (2 * radius**2))
    check(
        f"its neighbours have moved {expected:.1%} of theirs",
        np.isclose(shares[1], expected),
    )
    check("the same neuron wins orange again", som.winner(colour) == number)


# --- 3. A map -------------------------------------------------------------------------
#
# Now the map learns many random colours. At first the radius is half the grid, and
# nearly all neurons learn from each colour: they become similar, but ordered. As radius
# and rate fall, the map spreads out, and smaller neighbourhoods adjust the details.
#
# Two numbers measure the quality of a map. The quantisation error is the mean distance
# of a colour from its winner. The topographic error is the fraction of colours for
# which the nearest and the second nearest neuron are not neighbours on the grid, so
# that the map is torn there.


def learn(som, samples, epochs, seed, neighbours=True):
    """Show all samples in every epoch; returns both errors before training and after
    each epoch."""
    rng = np.random.default_rng([seed, 2])
    errors = [som.errors(samples)]
    for progress in np.linspace(0, 1, epochs):
        radius = som.side / 2 * (1 / som.side) ** progress if neighbours else 0.0
        for colour in rng.permutation(samples):
            som.show(colour, 0.5 * 0.04**progress, radius)
        errors.append(som.errors(samples))
    return np.array(errors)


def step_between(picture):
    """The mean distance between the colours of neighbours on the grid."""
    down = np.linalg.norm(np.diff(picture, axis=0), axis=2).mean()
    across = np.linalg.norm(np.diff(picture, axis=1), axis=2).mean()
    return (down + across) / 2


def make_maps(samples, side, epochs, seed):
    heading("3. A map, and the same training without neighbours")
    maps = {}
    for name in ("with neighbours", "each for itself"):
        som = Map(side, seed)
        start = som.picture
        errors = learn(som, samples, epochs, seed, neighbours=name == "with neighbours")
        maps[name] = (som, errors)
    print("                    distance to winner   torn   from cell to cell")
    print(told("before", errors[0], start))
    for name, (som, errors) in maps.items():
        print(told(name, errors[-1], som.picture))
    return start, maps


def told(name, errors, picture):
    return (
        f"  {name:17} {errors[0]:18.3f} {errors[1]:7.1%} {step_between(picture):18.3f}"
    )


# --- 4. What order costs --------------------------------------------------------------
#
# "Each for itself" is the same training with a radius of 0: only the winner learns. Its
# colours come nearer to those shown, but neighbours have nothing in common. The map
# gives up some exactness for order: colours are a space of three dimensions, the grid
# has two, so the map has to fold, and its neurons hold each other back. (Random colours
# are a fair sample to begin with: that is why the first row of the table has a small
# distance already, and no order at all.)


def compare(start, maps):
    heading("4. The price of order")
    ordered, with_ = maps["with neighbours"]
    _, alone = maps["each for itself"]
    check("before training the map is torn for most colours", with_[0, 1] > 0.5)
    check("after training it is torn for fewer than 10%", with_[-1, 1] < 0.1)
    check(
        "neighbours on the grid differ less than half as much as before",
        step_between(ordered.picture) < step_between(start) / 2,
    )
    check("without neighbours it is still torn for most colours", alone[-1, 1] > 0.5)
    check(
        "without neighbours colours are nearer to their winners",
        alone[-1, 0] < with_[-1, 0],
    )


# --- 5. Reading the map ---------------------------------------------------------------
#
# This part finds named colours on the map. Distances on the map resemble distances
# between colours, as far as two dimensions can represent three.


def read(som):
    heading("5. Reading the map")
    places = {
        name: tuple(som.places[som.winner(colour)]) for name, colour in NAMED.items()
    }
    for row in range(som.side):
        here = [(column, name) for name, (r, column) in places.items() if r == row]
        if here:
            columns = [f"{name} in column {column}" for column, name in sorted(here)]
            print(f"  row {row:2}: {', '.join(columns)}")
    names = list(NAMED)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    colours = [np.linalg.norm(np.subtract(NAMED[a], NAMED[b])) for a, b in pairs]
    grid = [np.linalg.norm(np.subtract(places[a], places[b])) for a, b in pairs]
    alike = np.corrcoef(colours, grid)[0, 1]
    print(
        "\nThe distances of named colours and of their places have a correlation of"
        f" {alike:.2f}."
    )
    check(
        "on the whole, colours further apart are further apart on the map", alike > 0.3
    )
    return places


@with_pyplot
def picture(plt, start, maps, places, path):
    figure = plt.figure(figsize=(8.4, 5.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.3, 1])
    shown = {"before": start, **{name: som.picture for name, (som, _) in maps.items()}}
    for axes, (name, colours) in zip(above.subplots(1, 3), shown.items(), strict=True):
        axes.imshow(colours.clip(0, 1))
        axes.set(xticks=[], yticks=[], title=name)
        if name == "with neighbours":
            label(axes, colours, places)

    left, right = below.subplots(1, 2)
    looks = zip(maps.items(), (ink.BLUE, ink.RED), ("-", "--"), strict=True)
    for (name, (_, errors)), colour, style in looks:
        left.plot(errors[:, 0], style, color=colour, label=name)
        right.plot(errors[:, 1], style, color=colour, label=name)
    left.set(ylabel="mean distance to winner", title="Quantisation error")
    right.set(ylabel="fraction torn", title="Topographic error")
    for axes in (left, right):
        axes.set(xlabel="epochs", ylim=(0, None))
        axes.legend()
    save_figure(figure, path)


def label(axes, colours, places):
    """Write names at the winners of their colours; near the edges they are aligned
    inwards."""
    last = colours.shape[1] - 1
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.2}
    for word, (row, column) in places.items():
        edges = {0: ("left", -0.4), last: ("right", 0.4)}
        side, shift = edges.get(column, ("center", 0.0))
        text = axes.text(column + shift, row, word, ha=side, va="center", fontsize=8)
        text.set_bbox(box)


def main(quick: bool, seed: int, out: Path) -> None:
    side, count, epochs = (10, 300, 12) if quick else (16, 1000, 30)
    som = Map(side, seed)
    who_wins(som)
    one_step(som)
    samples = np.random.default_rng([seed, 1]).random((count, 3))
    start, maps = make_maps(samples, side, epochs, seed)
    compare(start, maps)
    ordered = maps["with neighbours"][0]
    picture(start, maps, read(ordered), out / "som.png")
    exact = {name: errors[-1, 0] for name, (_, errors) in maps.items()}
    torn = {name: errors[-1, 1] for name, (_, errors) in maps.items()}
    lesson(
        "If the winner's neighbours learn too, a map orders itself without targets: it"
        f" is torn for {torn['with neighbours']:.1%} of the colours, and for"
        f" {torn['each for itself']:.0%} if the winner learns alone. The price is"
        f" accuracy: a colour is {exact['with neighbours']:.3f} from its winner instead"
        f" of {exact['each for itself']:.3f}."
    )
    synapse.save(ordered.net, out / "som.synapse")


# To try: colours of one brightness, which have two dimensions, so that the map need not
# fold; one row of 30 neurons, a rainbow; other data with several numbers per sample:
# flowers, countries, sounds.
