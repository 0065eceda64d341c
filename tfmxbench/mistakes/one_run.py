"""Everything is run once."""

from tfmxbench.mistakes import Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="One run, no repeats",
    description=(
        "One run of each gives two numbers, and one of them is smaller. They do not show how far apart the "
        "same two would be tomorrow. The interval here is for a single run of each, from different rounds: "
        "95 of 100 such benchmarks would report a ratio within it."
    ),
    sources=(
        Source(
            "Bouthillier and others, 2021, Accounting for Variance in Machine Learning Benchmarks",
            "https://arxiv.org/abs/2103.03098",
            "Variance between runs changes published results markedly.",
        ),
        Source(
            "MLPerf's training rules",
            "https://github.com/mlcommons/training_policies/blob/master/training_rules.adoc",
            ("The counter-example: five or ten runs of each, without counting the fastest and the slowest."),
        ),
        Source(
            "ilkarman/DeepLearningFrameworks",
            "https://github.com/ilkarman/DeepLearningFrameworks",
            (
                "One time for each framework, some only a few seconds apart. The author says that the "
                "ranking was almost for fun, and not the aim."
            ),
        ),
    ),
    check="Repeat in fresh processes, and report an interval. With one run, name no winner.",
    variants=(
        Variant(
            "two compiled loops",
            both(published=True),
            both(published=True),
            unpaired=True,
        ),
        Variant(
            "two compiled low-level loops",
            both("variables_function", "symbol", published=True),
            both("variables_function", "symbol", published=True),
            unpaired=True,
        ),
    ),
)
