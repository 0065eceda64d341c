"""Floating-point operations of a network, counted by formula from its task.

A kernel that is applied at ``p`` places multiplies and adds once for each of its values at each of
them: ``2 p`` times its size, forwards, for one image. Backwards it takes as many again for the
gradient of the kernel, and as many for that of the layer's input, which the first layer does not
need. What is applied element by element (biases, activations, pooling, the loss, the optimiser) is
not counted: it is a few percent, and how it is counted would be a matter of taste.
"""

from __future__ import annotations

import math

from tfmxbench.networks import Task


def by_kernel(task: Task) -> dict[str, tuple[int, int]]:
    """Operations for one image, by kernel.

    Parameters
    ----------
    task : Task

    Returns
    -------
    dict of str to (int, int)
        Of each kernel, the operations forwards, and those forwards and backwards together.

    Raises
    ------
    ValueError
        If the task does not say at how many places a kernel is applied.
    """
    kernels = [name for name, shape in task.parameters.items() if len(shape) > 1]
    missing = [name for name in kernels if name not in task.positions]
    if missing:
        raise ValueError(f"the task {task.name} gives no positions for {', '.join(missing)}")
    found = {}
    for number, name in enumerate(kernels):
        forwards = 2 * task.positions[name] * math.prod(task.parameters[name])
        found[name] = (forwards, forwards * (2 if number == 0 else 3))
    return found


def training(task: Task) -> int:
    """Operations for training on one image."""
    return sum(both for _, both in by_kernel(task).values())


def inference(task: Task) -> int:
    """Operations for predicting one image."""
    return sum(forwards for forwards, _ in by_kernel(task).values())


def of_product(size: int) -> int:
    """Operations of a product of two square matrices with so many rows."""
    return 2 * size**3
