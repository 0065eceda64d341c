"""LeNet-5 with average pooling and tanh: the task that its implementations share."""

import dataclasses

from tfmxbench.networks import Task


@dataclasses.dataclass(frozen=True)
class LeNet(Task):
    """The task of LeNet.

    Attributes
    ----------
    filters : tuple of int
        Output channels of the two convolutions, each followed by tanh and average pooling. The
        first pads its input so that rows and columns stay 28; the second does not pad.
    kernel_size : int
        Rows and columns of a convolution kernel.
    pool_size : int
        Rows and columns, and stride, of an average pooling window.
    dense_units : tuple of int
        Units of the two dense layers before the logits, each followed by tanh.
    beta_1, beta_2, epsilon : float
        Adam's decay rates and the number that keeps its denominator from zero, added outside the
        square root ("epsilon hat" of Kingma and Ba, 2015, section 2).
    """

    filters: tuple[int, int] = (6, 16)
    kernel_size: int = 5
    pool_size: int = 2
    dense_units: tuple[int, int] = (120, 84)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8


TASK = LeNet(
    name="lenet",
    title="LeNet",
    description="two convolutions and three dense layers with tanh and average pooling, "
    "softmax cross-entropy, Adam",
    input_shape=(28, 28, 1),
    classes=10,
    parameters={
        "convolution1_kernel": (5, 5, 1, 6),
        "convolution1_bias": (6,),
        "convolution2_kernel": (5, 5, 6, 16),
        "convolution2_bias": (16,),
        "dense1_kernel": (400, 120),
        "dense1_bias": (120,),
        "dense2_kernel": (120, 84),
        "dense2_bias": (84,),
        "dense3_kernel": (84, 10),
        "dense3_bias": (10,),
    },
    positions={
        "convolution1_kernel": 28 * 28,
        "convolution2_kernel": 10 * 10,
        "dense1_kernel": 1,
        "dense2_kernel": 1,
        "dense3_kernel": 1,
    },
    optimizer="adam",
    batch_size=128,
    learning_rate=1e-3,
    timed_batches=100,
    accuracy_goal=0.985,
)
