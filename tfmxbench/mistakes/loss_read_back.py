"""The loss is read back in every step."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("loss_read_back",)
GLUON = (("        total += losses.mean()\n", "        total += float(losses.mean().asscalar())\n"),)

MISTAKE = Mistake(
    title="The loss is read back in every step",
    what=(
        "Printing or summing the loss as a Python number makes Python wait for each step before it queues "
        "the next one. On a framework that computes while Python goes on, that costs the overlap."
    ),
    who=(
        Source(
            "ilkarman/DeepLearningFrameworks pull request 64",
            "https://github.com/ilkarman/DeepLearningFrameworks/pull/64",
            (
                "The slip, its diagnosis and its correction in public: without reading the loss in "
                "every batch the time fell by a quarter."
            ),
        ),
        Source(
            "apache/mxnet issue 2204",
            "https://github.com/apache/mxnet/issues/2204",
            (
                "Users saw nearly all time in asnumpy, which is where Python waits for all the rest; "
                "without it, and without another wait, work is counted that is not done."
            ),
        ),
    ),
    check="Sum on the device, and read once an epoch, on both sides.",
    variants=(
        Variant(
            "only in MXNet",
            (Side(FIRST), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "only in TensorFlow",
            (Side(FIRST, UNDER), Side(SECOND)),
            both(),
            thorough=True,
        ),
    ),
    edits={
        FIRST: (
            (
                "        total += model.train_step(batch_x, batch_y)\n",
                "        total += float(model.train_step(batch_x, batch_y))\n",
            ),
        ),
        "keras_subclass": (
            (
                "        total += train_step(model, batch_x, batch_y)\n",
                "        total += float(train_step(model, batch_x, batch_y))\n",
            ),
        ),
        SECOND: GLUON,
        "gluon": GLUON,
    },
)
