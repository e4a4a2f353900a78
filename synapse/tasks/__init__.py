"""Sequence tasks: generators of inputs and targets, seeded, and judges of what a network made of them."""

from . import anbncn as anbncn, reber as reber, recall as recall
