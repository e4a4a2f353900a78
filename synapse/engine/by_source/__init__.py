"""Sort a network's connections by source, for steps that only read the connections of
active sources: without traces (``exact/events.py``) and of the online rule
(``engine/quiet``).
"""
