"""Eager code represents one framework, compiled code the other."""

from tfmxbench.mistakes import Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="Eager against compiled, presented as a framework comparison",
    description=(
        "Each framework has styles that run line by line and styles that are compiled. Comparing one of "
        "each shows what compilation is worth. It says nothing about TensorFlow against MXNet."
    ),
    sources=(
        Source(
            "ilkarman/DeepLearningFrameworks issue 55",
            "https://github.com/ilkarman/DeepLearningFrameworks/issues/55",
            (
                "Gluon seemed slower than MXNet's symbols. Hybridized, it took 46 s instead of 79 s. "
                "The comparison was corrected."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 42475",
            "https://github.com/tensorflow/tensorflow/issues/42475",
            (
                "The reverse: a tf.function that was retraced in every step made TensorFlow look "
                "twenty times slower than eager code."
            ),
        ),
    ),
    check="Compare counterparts, and name the style with every number.",
    variants=(
        Variant(
            "TensorFlow eager, MXNet compiled",
            both("keras_subclass", published=True),
            both(published=True),
        ),
        Variant(
            "TensorFlow compiled, MXNet imperative",
            both(second="gluon", published=True),
            both(published=True),
        ),
    ),
)
