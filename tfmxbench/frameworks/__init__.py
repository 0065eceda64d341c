"""What differs between frameworks and is not the example: one module each, found by listing this folder.

A framework's module never imports its framework at the top, so that the parent process can read
the constants; the functions run in a worker, where the framework is installed:

``TITLE``, ``MODULE``
    The framework's name as people write it, and the name of the module that its code imports.
``PYTHONS``
    The versions of Python that its pinned environment can be made with, the preferred one first.
``REQUIREMENTS``
    The file of pins in ``requirements/`` for each device.
``DISTRIBUTIONS``
    The installed distributions whose versions a record states.
``environment_variables(threads, device)``
    What has to be in the environment before the process starts.
``configure(threads)``
    Imports the framework and sets its threads.
``device_problem(device)``
    Why the framework cannot compute on the device, or None when a computation on it succeeds.
``device_name(device)``, ``device_memory(device)``
    The device's name; the greatest number of bytes that were in use on it, or None where the
    framework does not tell.
``parameter_shape(shape)``
    The shape in which the framework's layers keep a parameter of the task's layout.
``matrix_product(first, second, device)``
    A function without arguments that multiplies the two float32 matrices, once they are there.
``synchronise()``
    Returns when everything that was asked of the device is done.
"""

from __future__ import annotations

import importlib
import pathlib
from types import ModuleType

FOLDER = pathlib.Path(__file__).parent
# An environment that holds two of them; see there.
TOGETHER = "together"


def names() -> list[str]:
    """Names of the frameworks, sorted; ``numpy``, the reference, is one of them."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", TOGETHER))


def load(name: str) -> ModuleType:
    """Import what is known of a framework, without the framework itself.

    Raises
    ------
    ValueError
        If there is no framework of that name.
    """
    if name not in [*names(), TOGETHER]:
        raise ValueError(f"there is no framework {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
