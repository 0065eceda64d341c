"""Each framework draws its own default initial values."""

from tfmxbench.mistakes import ERROR, FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both


def switch_on(harness: Harness) -> None:
    harness.loading.LoadedImplementation.build = lambda self: self.implementation.build(self.task)


UNDER = ("default_initialisers",)
WITHOUT_XAVIER = (
    ("    network.initialize(mx.init.Xavier(), ctx=context)\n", "    network.initialize(ctx=context)\n"),
)

MISTAKE = Mistake(
    title="Each framework draws its own initial values",
    description=(
        "By default, Keras draws kernels from the Glorot uniform distribution, and Gluon uniformly from "
        "-0.07 to 0.07. The networks then start from different points and learn at different speeds for a "
        "while, which has nothing to do with the framework."
    ),
    sources=(
        Source(
            "ilkarman/DeepLearningFrameworks, lessons learned",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "The author of the best-known comparison found that it was worth about a point of "
                "accuracy, and set the same initialiser wherever possible."
            ),
        ),
        Source(
            "apache/mxnet issue 9866",
            "https://github.com/apache/mxnet/issues/9866",
            (
                "With an example's default initial values VGG16 did not converge. With others, and "
                "everything else equal, it converged fast."
            ),
        ),
    ),
    check="Draw the initial values once, outside the frameworks, and set the same ones in all of them.",
    variants=(
        Variant(
            "test error, both with their defaults",
            (Side(FIRST, UNDER, quantity=ERROR), Side(SECOND, UNDER, quantity=ERROR)),
            both(quantity=ERROR),
        ),
    ),
    edits={SECOND: WITHOUT_XAVIER},
    switch_on=switch_on,
)
