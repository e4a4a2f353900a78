"""Trials that processes can import."""

import os
import time
from pathlib import Path

import numpy as np

import architect
import synapse

DATA = np.random.default_rng(0).random((40, 3))


def training(seed, rate=0.2):
    """A short training, whose last bits depend on everything."""
    net = architect.LSTM(2, 3, 1, seed=seed)
    result = synapse.Trainer(net, rate=rate).train(
        DATA[:, :2], DATA[:, 2:], epochs=3, progress=False, seed=seed
    )
    return {
        "error": result.loss,
        "weights": net.weights,
        "solved": result.loss < 0.02,
    }


def odd(seed):
    """Every kind of value, and seeds whose trials fail."""
    if seed == 2:
        raise synapse.errors.DivergenceError("The error is infinite.")
    if seed == 3:
        raise SystemExit(1)
    return {
        "nan": float("nan"),
        "inf": -np.inf,
        "zero": -0.0,
        "third": 1 / 3,
        "whole": np.int64(7),
        "single": np.float32(0.1),
        "rows": np.eye(2),
        "none": None,
        "text": "é\n|",
        "yes": np.True_,
    }


def noted(seed, folder, seconds=0.0):
    """Leave a file for each call, and take some time."""
    Path(folder, f"{seed}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(seconds)
    return {"square": seed**2}


def calls(folder):
    """How often each seed was called, from the files of `noted`."""
    seeds = [int(path.name.split("-")[0]) for path in Path(folder).iterdir()]
    return {seed: seeds.count(seed) for seed in sorted(set(seeds))}


def killing(seed):
    """Seed 5 kills its process."""
    if seed == 5:
        os._exit(1)
    time.sleep(0.01)
    return {"x": seed}


def product(seed, a=1, b=1):
    return {"cost": a * b + seed, "solved": a > b}
