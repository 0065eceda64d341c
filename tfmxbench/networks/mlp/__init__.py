"""A multilayer perceptron, 784-128-64-10: the task that its implementations share."""

import dataclasses

from tfmxbench.networks import Task


@dataclasses.dataclass(frozen=True)
class MultilayerPerceptron(Task):
    """The task of the multilayer perceptron.

    Attributes
    ----------
    hidden_units : tuple of int
        Units of the two hidden layers, each followed by relu.
    momentum : float
        Momentum of the stochastic gradient descent:
        ``velocity = momentum * velocity - learning_rate * gradient``, then
        ``parameter = parameter + velocity``.
    """

    hidden_units: tuple[int, int] = (128, 64)
    momentum: float = 0.9


TASK = MultilayerPerceptron(
    name="mlp",
    title="Multilayer perceptron",
    description="784-128-64-10 with relu, softmax cross-entropy, SGD with momentum",
    input_shape=(784,),
    classes=10,
    parameters={
        "dense1_kernel": (784, 128),
        "dense1_bias": (128,),
        "dense2_kernel": (128, 64),
        "dense2_bias": (64,),
        "dense3_kernel": (64, 10),
        "dense3_bias": (10,),
    },
    positions={"dense1_kernel": 1, "dense2_kernel": 1, "dense3_kernel": 1},
    optimizer="momentum",
    batch_size=128,
    learning_rate=0.02,
    timed_batches=0,
    accuracy_goal=0.97,
)
