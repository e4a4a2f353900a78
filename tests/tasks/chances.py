"""Whether random numbers have their distribution. A right generator fails with
probability 0.1 % or less."""

import numpy as np
import scipy

ONE_PER_MILLE = 0.001


def uniform(draws, low, high):
    """Whether whole numbers are uniform from low to high: all in the range, and by the
    chi-square test."""
    counts = np.bincount(np.asarray(draws) - low, minlength=high - low + 1)
    return len(counts) == high - low + 1 and as_often(counts)


def as_often(counts, expected=None):
    return scipy.stats.chisquare(counts, expected).pvalue > ONE_PER_MILLE


def distributed(draws, function):
    """Whether numbers have a cumulative distribution, by the Kolmogorov-Smirnov
    test."""
    return scipy.stats.kstest(draws, function).pvalue > ONE_PER_MILLE


def binomial(count, of, chance=0.5):
    return scipy.stats.binomtest(int(count), of, chance).pvalue > ONE_PER_MILLE
