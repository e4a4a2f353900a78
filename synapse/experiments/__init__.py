"""Many trainings at once."""

from .many import train_many

__all__ = ["train_many"]
