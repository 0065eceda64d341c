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
    what=(
        "What is not said is decided by the framework: Keras' Adam adds an epsilon of 1e-7, MXNet's one of "
        "1e-8; the SGD of both has a rate of 0.01 and no momentum. Two lines that look alike, or one side "
        "that was tuned and one that was not, train differently."
    ),
    who=(
        Source(
            "apache/mxnet issue 4493",
            "https://github.com/apache/mxnet/issues/4493",
            (
                "RMSProp added an epsilon of 1e-4 inside of the root, where others added 1e-8 outside; "
                "the developers agreed to change it."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 36785",
            "https://github.com/tensorflow/tensorflow/issues/36785",
            (
                "A report that Adadelta's default rate was 0.001 in one of TensorFlow's own classes and "
                "1 in another."
            ),
        ),
    ),
    check="Give every number of the optimiser on both sides, also where it is the default.",
    variants=(
        Variant(
            "errors, both with their defaults",
            (Side(FIRST, UNDER, figure=ERROR), Side(SECOND, UNDER, figure=ERROR)),
            both(figure=ERROR),
        ),
        Variant(
            "errors, only TensorFlow with its defaults",
            (Side(FIRST, UNDER, figure=ERROR), Side(SECOND, figure=ERROR)),
            both(figure=ERROR),
        ),
        Variant(
            "errors, only MXNet with its defaults",
            (Side(FIRST, figure=ERROR), Side(SECOND, UNDER, figure=ERROR)),
            both(figure=ERROR),
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
