"""Compute the gradient of one batch by several threads.

One thread leads, which means that it runs the epochs, and updates the parameters. The
others help, and wait for a round. In a round, every thread takes parts that no other
thread has taken, until all are taken. A thread that comes late, or has lost its core,
therefore takes fewer parts. Because parts end in their order, sums are added in the
same order as in one thread, and the result has the same bits.

- Sequences: a part is one group of a batch, on the tapes of the thread that takes it.
- Steps that do not depend on each other: the tapes of one group are shared by all
  threads. In a first round, a part runs some steps forward and backward, and in a
  second one, it sums the gradient of some neurons.
- Updates of many weights without ties, penalties and limits: a part has some weights.

If a part fails, the leader computes the whole batch again by itself, and finds the same
failure as a single thread does. Threads in a kernel do not touch Python objects.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..language import (
    LINE,
    call_yield,
    load_word,
    pause,
    store_word,
    strict_fp,
    strict_fp_call,
    swap_word,
    yield_address,
)

ROUND = 0
"""Place of the number of the round, shifted by `SHIFT`, plus the number of its parts
that are not taken yet."""
ENDED_PARTS = LINE
"""Place of the number of parts that have ended, which is also the number of the next
part to end."""
FAILED = 2 * LINE
"""Place of a 1 if a part has failed, or the training is to stop."""
TASK = 3 * LINE
"""Place of the description of a round: its kind, its number of parts, and the
samples."""
WORDS = 4 * LINE
"""Number of words in a team."""
OVER = -1
"""The word at `ROUND` when the leader has ended, which makes helpers leave."""
SHIFT = 32
GROUPS = 0
STEPS = 1
SUMS = 2
SQUARES = 3
MOVES = 4
"""Kinds of rounds, which compute the gradients of groups, the steps of one group, its
sums, the squares of a gradient, or the update by it."""
SUM = 0
"""Place of the number that a round computes: a cost, a sum of squares, or how an update
has ended."""
RATE = 1
"""Place of the learning rate for an update."""
SPINS = 2000
"""Number of times that a thread reads a word, some 0.1 ms in all, before it leaves its
core to others between two reads."""


class Team(NamedTuple):
    """The memory that the threads of one training share, and the number of this
    thread.
    """

    number: Any  # 0: the leader
    threads: Any  # 1 if the leader is alone
    words: Any
    numbers: Any
    address: Any  # of the function that leaves the core to others


def new_team() -> tuple[Any, Any, int]:
    """Return the memory that a team's threads share, before the first round. These are
    the last fields of `Team`.
    """
    return np.zeros(WORDS, np.int64), np.zeros(2), yield_address()


@strict_fp
def rest(team, looks):
    """Pause before reading a word again."""
    if looks < SPINS:
        pause()
    else:
        call_yield(team.address)


@strict_fp_call
def begin_round(team, task, parts, start, stop, width):
    """Announce the parts of a round to all threads, with three numbers about them.

    Because all parts of the last round have ended, other threads do not read the words
    that are written here until the round has its number.
    """
    store_word(team.words, ENDED_PARTS, 0)
    store_word(team.words, FAILED, 0)
    team.words[TASK] = task
    team.words[TASK + 1] = parts
    team.words[TASK + 2] = start
    team.words[TASK + 3] = stop
    team.words[TASK + 4] = width
    number = (load_word(team.words, ROUND) >> SHIFT) + 1
    store_word(team.words, ROUND, (number << SHIFT) + parts)


@strict_fp
def take_part(team):
    """Take a part of the present round, and return its number, or -1 if all are
    taken.
    """
    while True:
        word = load_word(team.words, ROUND)
        left = word & ((1 << SHIFT) - 1)
        if word == OVER or left == 0:
            return -1
        # unless another thread has taken a part meanwhile, or a round has begun
        if swap_word(team.words, ROUND, word, word - 1):
            return team.words[TASK + 1] - left


@strict_fp
def wait_for_turn(team, index):
    """Pause until all parts before this one have ended, and return whether they have
    succeeded.
    """
    looks = 0
    while load_word(team.words, ENDED_PARTS) < index:
        rest(team, looks)
        looks += 1
    return load_word(team.words, FAILED) == 0


@strict_fp
def end_part(team, index, succeeded):
    """End a part, which lets the next part end."""
    if not succeeded:
        store_word(team.words, FAILED, 1)
    store_word(team.words, ENDED_PARTS, index + 1)


@strict_fp
def wait_for_round(team):
    """Pause until a round has parts to be taken. Returns False if the rounds have
    ended.
    """
    looks = 0
    while True:
        word = load_word(team.words, ROUND)
        if word == OVER:
            return False
        if word & ((1 << SHIFT) - 1):
            return True
        rest(team, looks)
        looks += 1


@strict_fp
def end_rounds(team):
    """End the rounds, which makes helpers leave."""
    store_word(team.words, ROUND, OVER)
