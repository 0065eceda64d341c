"""Evaluation is inside the timed loop, in one framework only."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("evaluation_timed",)
# A sixth of the images: MNIST has as many to test with as that is of those to train with.
EVALUATE = "    predict(model, x[: len(x) // 6])\n"
KERAS = (("    total = tf.constant(0.0)\n", "    total = tf.constant(0.0)\n" + EVALUATE),)
GLUON = (
    (
        "    batches = len(x) // batch_size\n",
        "    batches = len(x) // batch_size\n" + EVALUATE,
    ),
)

MISTAKE = Mistake(
    title="Evaluation inside the timed loop, on one side",
    what=(
        "fit with validation data evaluates in every epoch, a loop of one's own only if somebody wrote it. "
        "Timed together with the training, that is work which the other side did not do."
    ),
    who=(
        Source(
            "keras-team/keras issue 16286",
            "https://github.com/keras-team/keras/issues/16286",
            (
                "The time a step that fit prints is that of the whole epoch, validation included, over "
                "the training steps."
            ),
        ),
        Source(
            "MLPerf's training rules",
            "https://github.com/mlcommons/training_policies/blob/master/training_rules.adoc",
            "The opposite convention, and as fair: evaluation is on the clock, for everyone.",
        ),
    ),
    check="Stop the clock before evaluating, or evaluate and time it on both sides.",
    variants=(
        Variant(
            "only in TensorFlow",
            (Side(FIRST, UNDER), Side(SECOND)),
            both(),
        ),
        Variant(
            "only in MXNet",
            (Side(FIRST), Side(SECOND, UNDER)),
            both(),
            thorough=True,
        ),
    ),
    edits={FIRST: KERAS, "keras_subclass": KERAS, SECOND: GLUON, "gluon": GLUON},
)
