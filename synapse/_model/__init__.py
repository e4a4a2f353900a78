"""A network in the units of its data: what estimators, the command and agents fit."""

from .columns import columns_of as columns_of
from .model import Model as Model, whole_of as whole_of
from .targets import array_of as array_of
