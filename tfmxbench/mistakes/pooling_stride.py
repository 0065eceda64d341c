"""The pooling stride is left at its default."""

from tfmxbench.mistakes import Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="The pooling stride is left at its default",
    description=(
        "By default, MXNet's Pooling operator moves its window by 1, and the layers of Keras and Gluon by "
        "the window's size. Nothing complains: the next layer gets more inputs, and the network becomes "
        "another one, with many times as many parameters."
    ),
    sources=(
        Source(
            "ilkarman/DeepLearningFrameworks, lessons learned",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "Warns of it, and states the stride in every framework. We know of no published "
                "comparison with this mistake; it is made on purpose here."
            ),
        ),
        Source(
            "apache/mxnet, pooling-inl.h",
            "https://github.com/apache/mxnet/blob/master/src/operator/nn/pooling-inl.h",
            "The source code that sets the stride to 1 where none is given.",
        ),
    ),
    check="Compare the number of parameters and the logits before timing anything.",
    variants=(
        Variant(
            "time, MXNet's Symbol without a stride",
            (
                Side("variables_function", published=True),
                Side("symbol", ("pooling_stride",)),
            ),
            both("variables_function", "symbol", published=True),
            networks=("lenet",),
        ),
    ),
    edits={
        "lenet/symbol": (
            ('        "stride": (task.pool_size, task.pool_size),\n', ""),
            # This layer now has more inputs than there are initial values for.
            (
                "value.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)",
                'mx.nd.random.uniform(-0.03, 0.03, model.parameters["dense1_weight"].shape)',
            ),
        )
    },
    brief=True,
)
