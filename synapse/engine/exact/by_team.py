"""Train several epochs by several threads, see ``team.py``. This kernel is compiled
when a training first needs it.
"""

from ..language import kernel, load_word, span_of, strict_fp, strict_fp_call
from ..online.lists import age_marks
from ..status import DONE, STOPPED
from .team import (
    FAILED,
    GROUPS,
    MOVES,
    RATE,
    SQUARES,
    STEPS,
    SUM,
    SUMS,
    TASK,
    begin_round,
    end_part,
    end_rounds,
    take_part,
    wait_for_round,
    wait_for_turn,
)
from .train import (
    BatchTraining,
    add_group,
    call_group,
    descend_batch,
    group_at,
    is_in_place,
    run_epochs,
    samples_of,
    squares_of,
    steps_of,
    table_of,
    update_all_weights,
    update_weights,
)
from .update import sum_of_squares, worse_of

MIN_PARAMETERS = 4096
"""Number of weights above which several threads update them."""


@strict_fp
def descend_by_groups(training, count):
    """Sum loss and gradient of the groups of a batch, which threads compute at the same
    time. Return whether all have succeeded, and the loss.
    """
    batches, team = training.batches, training.team
    groups = 0
    stop = 0
    while stop < count:
        stop, _ = group_at(batches, count, stop)
        groups += 1
    if groups == 1:
        return False, 0.0
    begin_round(team, GROUPS, groups, 0, count, 0)
    return run_parts(training), team.numbers[SUM]


@strict_fp
def descend_by_steps(training, count):
    """Sum loss and gradient of the groups of a batch, one after the other. Threads run
    their steps, then sum the gradients of their neurons. The result is as in
    `descend_by_groups`.
    """
    _, variants, batches, change, _, team = training
    like = variants.arguments.samples
    loss = 0.0
    start = 0
    width = batches.lanes
    while start < count:
        stop, width = group_at(batches, count, start)
        steps = steps_of(like, batches, start, stop, width)
        if steps == 1 and start == 0:
            return False, 0.0
        begin_round(team, STEPS, min(team.threads, steps), start, stop, width)
        if not run_parts(training):
            return False, 0.0
        begin_round(team, SUMS, team.threads, start, stop, width)
        if not run_parts(training):
            return False, 0.0
        span = span_of(variants.arguments.span)
        age_marks(table_of(variants, width > 1), span, start == 0)
        loss += team.numbers[SUM]
        start = stop
    if not is_in_place(like, batches, count, change):
        add_group(variants, change, True, width)
    return True, loss


@strict_fp_call
def run_parts(training):
    """Compute parts of the present round until all are taken, and return whether all
    parts have succeeded. The leader waits until they have ended.
    """
    team = training.team
    index = take_part(team)
    while index >= 0:
        if team.words[TASK] >= SQUARES:
            run_part_of_update(training, index)
        else:
            run_part_of_batch(training, index)
        index = take_part(team)
    # only the leader waits
    return team.number > 0 or wait_for_turn(team, team.words[TASK + 1])


@strict_fp
def run_part_of_batch(training, index):
    """Compute one part of a batch, and end it in its turn."""
    _, variants, batches, change, control, team = training
    like = variants.arguments.samples
    task = team.words[TASK]
    parts = team.words[TASK + 1]
    start = team.words[TASK + 2]
    stop = team.words[TASK + 3]
    width = team.words[TASK + 4]
    if task == GROUPS:
        count = stop
        stop, width = group_at(batches, count, start)
        for _ in range(index):
            start = stop
            stop, width = group_at(batches, count, start)
    steps = steps_of(like, batches, start, stop, width)
    work = 0, steps, 0, 1, True
    if task == STEPS:
        work = steps * index // parts, steps * (index + 1) // parts, 0, 0, True
    elif task == SUMS:
        work = 0, 0, index, parts, start == 0
    status = STOPPED
    loss = 0.0
    if load_word(team.words, FAILED) == 0 and control[0] == 0:
        samples = samples_of(like, batches, start, stop, width, work)
        status, loss, _ = call_group(variants, samples, width)
    if wait_for_turn(team, index) and status == DONE:
        if task == GROUPS:
            team.numbers[SUM] = team.numbers[SUM] + loss if index > 0 else loss
            add_group(variants, change, index == 0, width)
        elif task == SUMS:
            team.numbers[SUM] = loss
    end_part(team, index, status == DONE)


@strict_fp
def run_part_of_update(training, index):
    """Compute one part of an update, and end it in its turn."""
    _, variants, _, change, _, team = training
    task = team.words[TASK]
    parts = team.words[TASK + 1]
    by_rows = team.words[TASK + 2] != 0
    count = team.words[TASK + 3]
    slopes = variants.wide.weight_update if by_rows else change.slopes[0]
    n = slopes.size if task == SQUARES else change.slopes[0].size
    start = n * index // parts
    stop = n * (index + 1) // parts
    if task == SQUARES:
        squares = sum_of_squares(slopes, start, stop)
        wait_for_turn(team, index)
        team.numbers[SUM] = team.numbers[SUM] + squares if index > 0 else squares
    else:
        rate = team.numbers[RATE]
        status = update_weights(training, slopes, by_rows, rate, count, start, stop)
        wait_for_turn(team, index)
        team.numbers[SUM] = worse_of(int(team.numbers[SUM]), status)
    end_part(team, index, True)


# --- the leader's replacements for the functions of one thread ------------------------


@strict_fp
def descend_together(training, count):
    """Compute `descend_batch` by several threads. If a batch cannot be divided, or a
    part fails, a single thread computes it, and finds the same failure again.
    """
    _, variants, _, _, control, _ = training
    done = False
    loss = 0.0
    if control[0] == 0:
        if variants.arguments.samples.independent_steps:
            done, loss = descend_by_steps(training, count)
        else:
            done, loss = descend_by_groups(training, count)
    if done:
        return DONE, loss, 0, 0, 0
    return descend_batch(training, count)


@strict_fp
def can_share(training, by_rows, is_wide):
    """Return whether there are many weights, and all threads have the same gradient. A
    gradient on the leader's tapes is only shared if steps do not depend on each other.
    """
    independent_steps = training.variants.arguments.samples.independent_steps
    many = training.change.slopes[0].size >= MIN_PARAMETERS
    return many and (not by_rows or (independent_steps and is_wide))


@strict_fp
def squares_together(training, weights, by_rows, is_wide):
    """Compute `squares_of` by several threads."""
    team = training.team
    if not can_share(training, by_rows, is_wide):
        return squares_of(training, weights, by_rows, is_wide)
    begin_round(team, SQUARES, team.threads, int(by_rows), 0, 0)
    run_parts(training)
    return team.numbers[SUM]


@strict_fp
def move_together(training, weights, by_rows, is_wide, rate, count):
    """Compute `update_all_weights` by several threads."""
    team = training.team
    if not can_share(training, by_rows, is_wide):
        return update_all_weights(training, weights, by_rows, is_wide, rate, count)
    team.numbers[RATE] = rate
    team.numbers[SUM] = DONE
    begin_round(team, MOVES, team.threads, int(by_rows), count, 0)
    run_parts(training)
    return int(team.numbers[SUM])


TEAM_PARTS = descend_together, squares_together, move_together


@kernel
def train_by_team(
    store, scalar, variants, batches, epochs, counts, change, count, team
):
    """Run `train_epochs` by several threads. The leader runs the epochs, and the others
    help until it has ended.
    """
    training = BatchTraining(store, variants, batches, change, epochs.control, team)
    if team.number > 0:
        while wait_for_round(team):
            run_parts(training)
        return 0, DONE, count, 0.0, 0.0, (0.0, 0, 0, 0)
    ended = run_epochs(TEAM_PARTS, training, epochs, counts, count)
    end_rounds(team)
    return ended
