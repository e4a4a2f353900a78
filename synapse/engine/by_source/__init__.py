"""The connections of a network by source, for steps that read those of active sources
only: without traces (``exact/events.py``) and of the online rule (``engine/quiet``).
"""
