"""autograd: NumPy with derivatives, computed on the CPU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TITLE = "autograd"
MODULE = "autograd"
PYTHONS = ("3.11", "3.12", "3.13")
# It has no build for a GPU. There, device_problem says so, in an environment from the same pins.
REQUIREMENTS = {"cpu": "autograd-cpu.txt", "gpu": "autograd-cpu.txt"}
DISTRIBUTIONS = ("autograd", "numpy")


def environment_variables(threads: int, device: str) -> dict[str, str]:
    # NumPy's libraries read their number of threads once, when they are loaded.
    return {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def configure(threads: int) -> None:
    import autograd  # noqa: F401


def device_problem(device: str) -> str | None:
    import autograd
    import autograd.numpy

    if device != "cpu":
        return "autograd computes on the CPU only"
    try:
        autograd.grad(autograd.numpy.sum)(np.ones(8, np.float32))
    except Exception as error:
        return f"autograd failed to compute: {error}"
    return None


def device_name(device: str) -> str:
    return "CPU"


def device_memory(device: str) -> int | None:
    return None


def parameter_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    # It has no layers that would prescribe a layout, so the parameters stay in the task's.
    return shape


def synchronise() -> None:
    """Nothing to wait for: NumPy returns when it is done."""


def matrix_product(first: np.ndarray, second: np.ndarray, device: str) -> Callable[[], object]:
    return lambda: np.matmul(first, second)
