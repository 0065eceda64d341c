"""TensorFlow and MXNet in one environment, where both can be imported into one process.

This is not a framework of the comparison, and ``names`` does not list it. It exists to show how measuring
two frameworks in one process changes the numbers.
"""

from __future__ import annotations

from tfmxbench.frameworks import mxnet, tensorflow

FRAMEWORKS = (mxnet, tensorflow)
TITLE = "TensorFlow and MXNet in one process"
MODULE = ""
PYTHONS = ("3.11",)
REQUIREMENTS = {"cpu": "together-cpu.txt"}
DISTRIBUTIONS = (*tensorflow.DISTRIBUTIONS, "mxnet")


def allow_both() -> None:
    """Give NumPy back the name ``bool``, which MXNet 1.9.1 uses and NumPy 1.24 removed.

    TensorFlow needs at least NumPy 1.26.
    """
    import numpy

    numpy.bool = numpy.bool_  # type: ignore[misc]


def environment_variables(threads: int, device: str) -> dict[str, str]:
    return tensorflow.environment_variables(threads, device) | mxnet.environment_variables(threads, device)


def configure(threads: int) -> None:
    allow_both()
    mxnet.configure(threads)
    tensorflow.configure(threads)


def device_problem(device: str) -> str | None:
    return mxnet.device_problem(device) or tensorflow.device_problem(device)


def device_name(device: str) -> str:
    return tensorflow.device_name(device)
