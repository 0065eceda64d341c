"""The frameworks see the images in different orders."""

from tfmxbench.mistakes import ERROR, FIRST, SECOND, Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="The images come in different orders",
    what=(
        "Each framework's loader shuffles by its own generator, often within a buffer only. Which images "
        "come last moves the accuracy by as much as people argue about."
    ),
    who=(
        Source(
            "ilkarman/DeepLearningFrameworks, lessons learned",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "The frameworks' own generators seemed to shuffle by batch and cost a little accuracy, "
                "so one common generator fed nearly all of them."
            ),
        ),
        Source(
            "keras-team/keras pull request 20",
            "https://github.com/keras-team/keras/pull/20",
            "Nobody's mistake but the trap itself: fit shuffles by default, Gluon's DataLoader does not.",
        ),
    ),
    check="Permute once, outside of the frameworks, and give all of them the same batches in the same order.",
    variants=(
        Variant(
            "errors, TensorFlow shuffles for itself",
            (Side(FIRST, ("own_shuffles",), figure=ERROR), Side(SECOND, figure=ERROR)),
            both(figure=ERROR),
        ),
    ),
    edits={
        FIRST: (
            (
                "tf.data.Dataset.from_tensor_slices((x, y)).batch(",
                "tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10_000).batch(",
            ),
        )
    },
)
