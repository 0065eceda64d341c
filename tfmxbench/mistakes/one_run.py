"""Everything is run once."""

from tfmxbench.mistakes import Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="One run, no repeats",
    what=(
        "One run of each gives two numbers, and one of them is smaller. How far the same two would lie apart "
        "tomorrow it does not say. The interval here is that of a single run of each, from different rounds: "
        "what 95 of 100 such benchmarks would state."
    ),
    who=(
        Source(
            "Bouthillier and others, 2021, Accounting for Variance in Machine Learning Benchmarks",
            "https://arxiv.org/abs/2103.03098",
            "What varies between runs changes published results markedly.",
        ),
        Source(
            "MLPerf's training rules",
            "https://github.com/mlcommons/training_policies/blob/master/training_rules.adoc",
            (
                "The counter-example: five or ten runs of each, of which the fastest and the slowest do "
                "not count."
            ),
        ),
        Source(
            "ilkarman/DeepLearningFrameworks",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "One time for each framework, some a few seconds apart. The author says that ranking "
                "was almost for fun, and not the aim."
            ),
        ),
    ),
    check="Repeat in fresh processes, and state an interval; with one run, state no winner.",
    variants=(
        Variant(
            "two compiled loops",
            both(published=True),
            both(published=True),
            unpaired=True,
        ),
        Variant(
            "two low-level loops that are compiled",
            both("variables_function", "symbol", published=True),
            both("variables_function", "symbol", published=True),
            unpaired=True,
        ),
    ),
)
