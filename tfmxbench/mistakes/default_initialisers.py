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
    what=(
        "Keras draws kernels from Glorot's uniform distribution unless told otherwise, Gluon uniformly from "
        "-0.07 to 0.07. The networks then begin elsewhere, and learn at another pace for a while, which has "
        "nothing to do with the framework."
    ),
    who=(
        Source(
            "ilkarman/DeepLearningFrameworks, lessons learned",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "The author of the best known comparison found about a point of accuracy in it, and set "
                "the same initialiser wherever he could."
            ),
        ),
        Source(
            "apache/mxnet issue 9866",
            "https://github.com/apache/mxnet/issues/9866",
            (
                "VGG16 did not converge with an example's default initial values and converged fast "
                "with others, everything else being equal."
            ),
        ),
    ),
    check="Draw the initial values once, outside of the frameworks, and set them in all of them.",
    variants=(
        Variant(
            "errors, both with their defaults",
            (Side(FIRST, UNDER, figure=ERROR), Side(SECOND, UNDER, figure=ERROR)),
            both(figure=ERROR),
        ),
    ),
    edits={SECOND: WITHOUT_XAVIER},
    switch_on=switch_on,
)
