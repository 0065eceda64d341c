"""The phrasebook: what one does with a model, said in every style; one file each, named like the style.

A phrase works on the model that ``build(task)`` of the multilayer perceptron returns in its style. A
file imports its framework, NumPy and the standard library, and has six functions, whose docstrings say
what somebody who comes from another framework would stumble over:

``initialise(model)``
    Draws new values: Glorot uniform kernels, biases of zero.
``step(model, x, y)``
    Takes one training step on one batch of NumPy arrays; returns the loss before it as a float.
``save(model, folder)``, ``load(model, folder)``
    Write the parameters to files in a folder, and read them into a model of the same kind. Nothing is
    pickled: reading a file runs no code.
``device()``
    Chooses the GPU where there is one, uses it, and returns the framework's name for what was used.
``count_parameters(model)``
    Returns how many values are trained, as an int.

Each file is run against its implementation before a page shows it: see ``examples/phrases.py``.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path(__file__).parent
NETWORK = "mlp"
NAMES = ("initialise", "step", "save", "load", "device", "count_parameters")
