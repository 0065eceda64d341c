"""The loss is read back in every step."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("loss_read_back",)
GLUON = (("        total += losses.mean()\n", "        total += float(losses.mean().asscalar())\n"),)

MISTAKE = Mistake(
    title="The loss is read back in every step",
    description=(
        "Printing or summing the loss as a Python number makes Python wait for each step before it queues "
        "the next one. A framework that computes while Python runs ahead loses that overlap."
    ),
    sources=(
        Source(
            "ilkarman/DeepLearningFrameworks pull request 64",
            "https://github.com/ilkarman/DeepLearningFrameworks/pull/64",
            (
                "The mistake, its diagnosis and its correction in public: without reading the loss in "
                "every batch, the time fell by a quarter."
            ),
        ),
        Source(
            "apache/mxnet issue 2204",
            "https://github.com/apache/mxnet/issues/2204",
            (
                "Users saw nearly all the time in asnumpy, because that is where Python waits for "
                "everything else. Without it, or another wait, unfinished work counts as done."
            ),
        ),
    ),
    check="Sum the loss on the device, and read it once per epoch, on both sides.",
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
