"""What can influence what from step to step: the pattern of exact online gradients, and its memory."""

from .layout import Layout as Layout
from .pattern import Pattern as Pattern, TooLarge as TooLarge, find_pattern as find_pattern
from .plan import Plan as Plan
