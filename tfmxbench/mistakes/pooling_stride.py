"""A pooling's stride is left at its default."""

from tfmxbench.mistakes import Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="A pooling's stride is left at its default",
    what=(
        "MXNet's Pooling operator moves by 1 unless told otherwise, the layers of Keras and Gluon by the "
        "window's size. Nothing complains: the following layer is given more inputs, and the network is "
        "another one, with many times as many parameters."
    ),
    who=(
        Source(
            "ilkarman/DeepLearningFrameworks, lessons learned",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "Warns of it, and writes the stride out in every framework. No published comparison is "
                "known to have this slip; these tests plant it."
            ),
        ),
        Source(
            "apache/mxnet, pooling-inl.h",
            "https://github.com/apache/mxnet/blob/master/src/operator/nn/pooling-inl.h",
            "The source that sets a stride of 1 where none is given.",
        ),
    ),
    check="Compare the number of parameters and the logits before anything is timed.",
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
            # It has more inputs than there are initial values for.
            (
                "value.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)",
                'mx.nd.random.uniform(-0.03, 0.03, model.parameters["dense1_weight"].shape)',
            ),
        )
    },
    brief=True,
)
