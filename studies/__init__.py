"""Measurements with many seeds: the papers' tables (``papers``) and studies of one
question each.

``python -m studies`` lists them. This package belongs to the repository and is not part
of the wheel."""
