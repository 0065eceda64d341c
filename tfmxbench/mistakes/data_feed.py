"""One side is fed image by image, the other from arrays."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("data_feed",)
KERAS = (
    (
        "tf.data.Dataset.from_tensor_slices((x, y)).batch(",
        "tf.data.Dataset.from_generator(\n"
        "        lambda: zip(x, y),\n"
        "        output_signature=(tf.TensorSpec(x.shape[1:], tf.float32), tf.TensorSpec((), tf.int32)),\n"
        "    ).batch(",
    ),
    ("int(batches.cardinality())", "(len(x) // model.task.batch_size)"),
)
LOOP = """    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
"""
LOADER = """    images = gluon.data.ArrayDataset({x}, y)
    for batch_x, batch_y in gluon.data.DataLoader(images, batch_size, last_batch="discard"):
"""
COPY = "    x, y = {x}, mx.nd.array(y, ctx=model.context)\n"
MLP = (
    (COPY.format(x="mx.nd.array(x, ctx=model.context)"), ""),
    (LOOP, LOADER.format(x="x")),
)
LENET = (
    (COPY.format(x="to_device(model, x)"), ""),
    (LOOP, LOADER.format(x="x.transpose(0, 3, 1, 2)")),
)

MISTAKE = Mistake(
    title="A slow data feed against a fast one",
    description=(
        "A loader that delivers single images from Python can take longer than training on them. The "
        "measured time is then the loader's: from_generator in TensorFlow, DataLoader over single images "
        "in Gluon."
    ),
    sources=(
        Source(
            "ilkarman/DeepLearningFrameworks issue 2",
            "https://github.com/ilkarman/DeepLearningFrameworks/issues/2",
            (
                "Caffe2's author wrote that most of the differences came from feeding data from Python. "
                "Others wrote that feeding all frameworks alike is right if only training is compared."
            ),
        ),
        Source(
            "apache/mxnet issue 15655",
            "https://github.com/apache/mxnet/issues/15655",
            (
                "A pass over MNIST through Gluon's DataLoader took 18 s. The developers explained why "
                "small loads suffer most."
            ),
        ),
    ),
    check="Feed both sides the same way, and time the feed once without the training.",
    variants=(
        Variant(
            "MXNet fed by Gluon's DataLoader",
            (Side(FIRST), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "TensorFlow fed by from_generator",
            (Side(FIRST, UNDER), Side(SECOND)),
            both(),
            thorough=True,
        ),
    ),
    edits={
        FIRST: KERAS,
        "keras_subclass": KERAS,
        f"mlp/{SECOND}": MLP,
        "mlp/gluon": MLP,
        f"lenet/{SECOND}": LENET,
        "lenet/gluon": LENET,
    },
)
