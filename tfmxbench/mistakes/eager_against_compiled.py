"""Eager code stands for one framework, compiled code for the other."""

from tfmxbench.mistakes import Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="Eager against compiled, told as framework against framework",
    what=(
        "Each framework has a style that runs line by line and one that is compiled. One of each says what "
        "compiling is worth; as TensorFlow against MXNet it says nothing."
    ),
    who=(
        Source(
            "ilkarman/DeepLearningFrameworks issue 55",
            "https://github.com/ilkarman/DeepLearningFrameworks/issues/55",
            (
                "Gluon seemed slower than MXNet's symbols; hybridized, it took 46 s instead of 79 s. "
                "The comparison was corrected."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 42475",
            "https://github.com/tensorflow/tensorflow/issues/42475",
            (
                "The other way round: a tf.function that was traced anew in every step made TensorFlow "
                "look twenty times slower than eager code."
            ),
        ),
    ),
    check="Compare counterparts, and say which style a figure is of.",
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
