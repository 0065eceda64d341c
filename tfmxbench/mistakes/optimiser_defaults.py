"""The optimiser keeps each framework's own defaults."""

from tfmxbench.mistakes import ERROR, FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("optimiser_defaults",)
MXNET_ADAM = """    adam = {
        "learning_rate": task.learning_rate,
        "beta1": task.beta_1,
        "beta2": task.beta_2,
        "epsilon": task.epsilon,
    }
"""
KERAS_ADAM = """tf.keras.optimizers.Adam(
        task.learning_rate, beta_1=task.beta_1, beta_2=task.beta_2, epsilon=task.epsilon
    )"""

MISTAKE = Mistake(
    title="The optimiser keeps each framework's defaults",
    description=(
        "The framework decides what the code leaves out. Keras' Adam adds an epsilon of 1e-7, MXNet's adds "
        "1e-8. In both, SGD has a learning rate of 0.01 and no momentum. Two lines that look alike, or a "
        "tuned side and an untuned one, train differently."
    ),
    sources=(
        Source(
            "apache/mxnet issue 4493",
            "https://github.com/apache/mxnet/issues/4493",
            (
                "RMSProp added an epsilon of 1e-4 inside the square root, while others added 1e-8 "
                "outside. The developers agreed to change it."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 36785",
            "https://github.com/tensorflow/tensorflow/issues/36785",
            (
                "A report that Adadelta's default learning rate was 0.001 in one of TensorFlow's own "
                "classes and 1 in another."
            ),
        ),
    ),
    check="State every setting of the optimiser on both sides, even where it is the default.",
    variants=(
        Variant(
            "test error, both with their defaults",
            (Side(FIRST, UNDER, quantity=ERROR), Side(SECOND, UNDER, quantity=ERROR)),
            both(quantity=ERROR),
        ),
        Variant(
            "test error, only TensorFlow with its defaults",
            (Side(FIRST, UNDER, quantity=ERROR), Side(SECOND, quantity=ERROR)),
            both(quantity=ERROR),
        ),
        Variant(
            "test error, only MXNet with its defaults",
            (Side(FIRST, quantity=ERROR), Side(SECOND, UNDER, quantity=ERROR)),
            both(quantity=ERROR),
        ),
    ),
    edits={
        f"mlp/{FIRST}": (
            (
                "tf.keras.optimizers.SGD(task.learning_rate, momentum=task.momentum)",
                "tf.keras.optimizers.SGD()",
            ),
        ),
        f"mlp/{SECOND}": (
            (
                '"sgd", {"learning_rate": task.learning_rate, "momentum": task.momentum}',
                '"sgd"',
            ),
        ),
        f"lenet/{FIRST}": ((KERAS_ADAM, "tf.keras.optimizers.Adam()"),),
        f"lenet/{SECOND}": ((MXNET_ADAM, "    adam = {}\n"),),
    },
)
