"""The inputs of every implementation of a network: initial values, and images in the order of training.

Initial values and orders come from NumPy's legacy generator, whose stream is frozen. The environments
hold different versions of NumPy, and the newer generators may draw other numbers in another version.
Every array is hashed, so that a record can show which inputs its trial had.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

import numpy as np

from tfmxbench.networks import Task
from tfmxbench.records import seeds


def initial_parameters(task: Task, seed: int) -> dict[str, np.ndarray]:
    """Draw the initial values of a network: Glorot uniform kernels and zero biases.

    Parameters
    ----------
    task : Task
        The network's task. Its parameters are drawn in their order.
    seed : int
        0 to 2**32 - 1.

    Returns
    -------
    dict of str to numpy.ndarray
        float32 arrays in the layout of ``task.parameters``. A kernel is uniform between plus and
        minus ``sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010, equation 16).
    """
    random = np.random.RandomState(seed)
    parameters = {}
    for name, shape in task.parameters.items():
        if len(shape) == 1:
            parameters[name] = np.zeros(shape, np.float32)
            continue
        receptive_field = math.prod(shape[:-2])
        limit = math.sqrt(6 / (receptive_field * (shape[-2] + shape[-1])))
        parameters[name] = random.uniform(-limit, limit, shape).astype(np.float32)
    return parameters


def batch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Permute the training images for an epoch.

    Parameters
    ----------
    count : int
        Number of training images.
    seed : int
        0 to 2**32 - 1.
    epoch : int
        Counted from 0; each epoch has an order of its own.

    Returns
    -------
    numpy.ndarray
        int64 of shape ``(count,)``: a permutation of ``range(count)``.
    """
    return np.random.RandomState(seeds.batch_order(seed, epoch)).permutation(count).astype(np.int64)


def as_inputs(images: np.ndarray, labels: np.ndarray, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Convert images to float32 between 0 and 1 in the task's shape, and labels to int32."""
    x = images.reshape(-1, *task.input_shape).astype(np.float32)
    # In place: a second array of all images would count as memory that the framework takes.
    x /= np.float32(255)
    return x, labels.astype(np.int32)


def hash_arrays(arrays: Mapping[str, np.ndarray] | Iterable[np.ndarray]) -> str:
    """SHA-256 over the types, shapes and values of arrays, in their order, as hexadecimal digits."""
    values = arrays.values() if isinstance(arrays, Mapping) else arrays
    digest = hashlib.sha256()
    for array in values:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
