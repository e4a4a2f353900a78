"""Functions that another compiler has made, such as ``numba.njit``."""


class CompiledElsewhere:
    """A function of which `py_func` is the original."""

    def __init__(self, function):
        self.py_func = function

    def __call__(self, *arguments):
        return self.py_func(*arguments)
