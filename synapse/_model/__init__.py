"""Fit networks in the units of their data. Estimators, the command and agents use this
model.
"""

from .columns import columns_of as columns_of
from .model import Model as Model, whole_of as whole_of
from .targets import array_of as array_of
