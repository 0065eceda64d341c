"""The frameworks see the images in different orders."""

from tfmxbench.mistakes import ERROR, FIRST, SECOND, Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="The images come in different orders",
    description=(
        "Each framework's loader shuffles with its own random generator, often only within a buffer. "
        "Which images come last can change the accuracy by as much as the differences that people argue "
        "about."
    ),
    sources=(
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
            "Not a mistake, but the trap itself: fit shuffles by default, Gluon's DataLoader does not.",
        ),
    ),
    check="Shuffle once, outside the frameworks, and give all of them the same batches in the same order.",
    variants=(
        Variant(
            "test error, TensorFlow with its own shuffle",
            (Side(FIRST, ("own_shuffles",), quantity=ERROR), Side(SECOND, quantity=ERROR)),
            both(quantity=ERROR),
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
