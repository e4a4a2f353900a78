"""Many trainings: in parallel, and over the folds of a cross-validation."""

from .many import train_many as train_many
from .validation import CrossValidation as CrossValidation, cross_validate as cross_validate
