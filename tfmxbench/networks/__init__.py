"""The networks that are compared, one package each, and the contract that their files keep.

Each package states its :class:`Task` once, in ``__init__.py``. Its ``reference.py`` computes the same
in NumPy, float64. Every other file is one implementation, in one style. An implementation is a module
with five functions:

``build(task)``
    Returns a model with ``model.task`` set. Its type is up to the style.
``train(model, x, y)``
    Takes one pass over the given arrays in the given order, in batches of ``task.batch_size``, without
    the incomplete last batch. Returns the mean loss of its batches as a float.
``predict(model, x)``
    Returns the logits, float32, of shape ``(len(x), task.classes)``.
``set_parameters(model, parameters)``, ``get_parameters(model)``
    Set and return a dict of float32 arrays, with the names and the layout of ``task.parameters``. Only
    the parity gate needs them.

Arguments are NumPy arrays: ``x`` float32 of shape ``(n, *task.input_shape)``, ``y`` int32 of shape
``(n,)``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Task:
    """The specification that all implementations of a network share.

    Attributes
    ----------
    name : str
        The network's name, which is also the name of its folder.
    title : str
        The network's name in headings.
    description : str
        One sentence on the network, its optimiser and its data.
    input_shape : tuple of int
        Shape of one input. Images are rows, columns, channels.
    classes : int
        Number of logits.
    parameters : mapping of str to tuple of int
        Name and shape of each parameter, in the order in which the initial values are drawn.
        Dense kernels are (inputs, outputs); convolution kernels are (rows, columns, input
        channels, output channels); a dense kernel that follows a convolution takes its inputs
        in the order rows, columns, channels. Implementations transpose into their own layout.
    positions : mapping of str to int
        For each kernel, the number of places of its input where it is applied: 1 in a dense layer,
        rows times columns of the output in a convolution.
    optimizer : str
        Name of the update rule: ``momentum`` or ``adam``.
    batch_size : int
        Images in a batch.
    learning_rate : float
        Step size of the optimiser.
    timed_batches : int
        Batches in a timed pass; 0 for the whole epoch. Networks with long epochs have shorter
        passes.
    accuracy_goal : float
        Test accuracy, as a share of the images. The time to reach it is measured or computed.
    """

    name: str
    title: str
    description: str
    input_shape: tuple[int, ...]
    classes: int
    parameters: Mapping[str, tuple[int, ...]]
    positions: Mapping[str, int]
    optimizer: str
    batch_size: int
    learning_rate: float
    timed_batches: int
    accuracy_goal: float

    @property
    def has_long_epoch(self) -> bool:
        """Whether an epoch is too long to be timed whole."""
        return self.timed_batches > 0

    @property
    def parameter_count(self) -> int:
        """Number of trained values in the network."""
        return sum(math.prod(shape) for shape in self.parameters.values())
