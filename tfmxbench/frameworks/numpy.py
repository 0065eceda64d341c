"""NumPy: the reference that the frameworks are compared with, computed in the site's own environment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TITLE = "NumPy"
MODULE = "numpy"
PYTHONS: tuple[str, ...] = ()
REQUIREMENTS: dict[str, str] = {}
DISTRIBUTIONS = ("numpy",)


def environment_variables(threads: int, device: str) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def configure(threads: int) -> None:
    """Do nothing: NumPy has read its number of threads from the environment."""


def device_problem(device: str) -> str | None:
    return None if device == "cpu" else "NumPy computes on the CPU only"


def device_name(device: str) -> str:
    return "CPU"


def device_memory(device: str) -> int | None:
    return None


def parameter_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape


def synchronise() -> None:
    """Do nothing: NumPy returns when the work is done."""


def matrix_product(first: np.ndarray, second: np.ndarray, device: str) -> Callable[[], object]:
    return lambda: np.matmul(first, second)
