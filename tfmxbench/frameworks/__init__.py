"""One module for each framework, with what the harness needs and the examples do not show.

The modules are found by listing this folder. A module never imports its framework at the top, so that
the parent process can read the constants. The functions run in a worker, where the framework is
installed:

``TITLE``, ``MODULE``
    The framework's name for people, and the name of the module that code imports.
``PYTHONS``
    The versions of Python that its pinned environment supports, the preferred one first.
``REQUIREMENTS``
    The file of pinned requirements in ``requirements/``, for each device.
``DISTRIBUTIONS``
    The installed distributions whose versions a record states.
``environment_variables(threads, device)``
    The environment variables that must be set before the process starts.
``configure(threads)``
    Imports the framework and sets its threads.
``device_problem(device)``
    The reason why the framework cannot compute on the device, or None if a small computation succeeds.
``device_name(device)``, ``device_memory(device)``
    The device's name; the peak number of bytes in use on it, or None if the framework does not report
    it.
``parameter_shape(shape)``
    The shape in which the framework's layers keep a parameter, given its shape in the task's layout.
``matrix_product(first, second, device)``
    Copies two float32 matrices to the device, and returns a function without arguments that multiplies
    them.
``synchronise()``
    Returns when the device has done all the work that was queued.
"""

from __future__ import annotations

import importlib
import pathlib
from types import ModuleType

FOLDER = pathlib.Path(__file__).parent
# The environment that holds both frameworks; see its module.
TOGETHER = "together"


def names() -> list[str]:
    """Names of the frameworks, sorted; ``numpy``, the reference, is one of them."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", TOGETHER))


def load(name: str) -> ModuleType:
    """Import a framework's module of this folder, which does not import the framework itself.

    Raises
    ------
    ValueError
        If there is no framework of that name.
    """
    if name not in [*names(), TOGETHER]:
        raise ValueError(f"there is no framework {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
