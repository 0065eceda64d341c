"""Floating-point operations of a network, counted by formula from its task.

A kernel that is applied at ``p`` places multiplies and adds once for each of its values at each place.
The forward pass of one image takes ``2 p`` operations for each value of the kernel. The backward pass
takes as many for the gradient of the kernel, and as many again for the gradient of the layer's input,
which the first layer does not need. Element-wise operations (biases, activations, pooling, the loss, the
optimiser) are not counted: they are a few percent, and there is no single way to count them.
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
        For each kernel, the operations of the forward pass, and of both passes together.

    Raises
    ------
    ValueError
        If the task does not give the number of places for each kernel.
    """
    kernels = [name for name, shape in task.parameters.items() if len(shape) > 1]
    missing = [name for name in kernels if name not in task.positions]
    if missing:
        raise ValueError(f"the task {task.name} gives no positions for {', '.join(missing)}")
    operations = {}
    for number, name in enumerate(kernels):
        forward = 2 * task.positions[name] * math.prod(task.parameters[name])
        operations[name] = (forward, forward * (2 if number == 0 else 3))
    return operations


def training(task: Task) -> int:
    """Operations for training on one image."""
    return sum(both for _, both in by_kernel(task).values())


def inference(task: Task) -> int:
    """Operations for predicting one image."""
    return sum(forward for forward, _ in by_kernel(task).values())


def of_product(size: int) -> int:
    """Operations of a product of two square matrices with ``size`` rows."""
    return 2 * size**3
