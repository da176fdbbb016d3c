"""Streams that the tests share, each made from a seed."""

import numpy as np


def seasonal(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 3 * np.sin(np.arange(n) * 2 * np.pi / 24) + rng.normal(size=n)


def autoregressive(n: int, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n)
    values = np.zeros(n)
    for i in range(1, n):
        values[i] = 0.9 * values[i - 1] + noise[i]
    return values


def heavy_tailed(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(3, size=n)


def sales(n: int, seed: int = 1, mean: float = 20) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, size=n).astype(float)


def bookstore(n: int, seed: int = 1) -> np.ndarray:
    level = np.where(np.arange(n) // 60 % 2 == 0, 20.0, 10.0)
    return np.random.default_rng(seed).poisson(level).astype(float)
