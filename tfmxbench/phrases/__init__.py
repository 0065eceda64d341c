"""The phrasebook: common operations on a model, in every style; one file per style, with its name.

A phrase works on the model that ``build(task)`` of the multilayer perceptron returns in its style. A
file imports its framework, NumPy and the standard library, and has six functions. Their docstrings say
what a reader who comes from the other framework would stumble over:

``initialise(model)``
    Draws new values: Glorot uniform kernels, biases of zero.
``step(model, x, y)``
    Takes one training step on one batch of NumPy arrays; returns the loss before the update, as a float.
``save(model, folder)``, ``load(model, folder)``
    Write the parameters to files in a folder, and read them into a model of the same kind. Nothing is
    pickled: reading a file runs no code.
``device()``
    Chooses the GPU if there is one, uses it, and returns the framework's name for the device.
``count_parameters(model)``
    Returns the number of trained values, as an int.

Before a page shows a file, ``examples/phrases.py`` runs it against its implementation.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path(__file__).parent
NETWORK = "mlp"
NAMES = ("initialise", "step", "save", "load", "device", "count_parameters")
