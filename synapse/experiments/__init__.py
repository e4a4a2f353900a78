"""Many trainings: side by side, and over the folds of a cross-validation."""

from .many import train_many
from .validation import CrossValidation, cross_validate

__all__ = ["CrossValidation", "cross_validate", "train_many"]
