"""Evaluation is inside the timed loop, in one framework only."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

UNDER = ("evaluation_timed",)
# A sixth of the images, because MNIST has one test image for every six training images.
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
    description=(
        "With validation data, fit evaluates in every epoch. A hand-written loop does so only if somebody "
        "wrote it in. Timed together with the training, this is work that the other side did not do."
    ),
    sources=(
        Source(
            "keras-team/keras issue 16286",
            "https://github.com/keras-team/keras/issues/16286",
            (
                "The time per step that fit prints is the time of the whole epoch, including "
                "validation, divided by the number of training steps."
            ),
        ),
        Source(
            "MLPerf's training rules",
            "https://github.com/mlcommons/training_policies/blob/master/training_rules.adoc",
            "The opposite convention, and just as fair: evaluation is on the clock, for everyone.",
        ),
    ),
    check="Stop the clock before the evaluation, or include the evaluation on both sides.",
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
