"""Softmax regression, 784-10: the task that its implementations share."""

import dataclasses

from tfmxbench.networks import Task


@dataclasses.dataclass(frozen=True)
class SoftmaxRegression(Task):
    """The task of softmax regression.

    Attributes
    ----------
    momentum : float
        Momentum of the stochastic gradient descent:
        ``velocity = momentum * velocity - learning_rate * gradient``, then
        ``parameter = parameter + velocity``.
    """

    momentum: float = 0.9


TASK = SoftmaxRegression(
    name="softmax",
    title="Softmax regression",
    description="784-10 without a hidden layer, softmax cross-entropy, SGD with momentum",
    input_shape=(784,),
    classes=10,
    parameters={"kernel": (784, 10), "bias": (10,)},
    positions={"kernel": 1},
    optimizer="momentum",
    batch_size=128,
    learning_rate=0.01,
    timed_batches=0,
    accuracy_goal=0.91,
)
