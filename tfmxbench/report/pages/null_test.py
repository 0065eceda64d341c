"""The page of the null test: implementations compared with themselves, as two arms of one campaign."""

from __future__ import annotations

from tfmxbench.analysis import estimates, multiple_comparisons, pairs
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.report.figures import fragments, plots
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.figures.tables import significant
from tfmxbench.report.pages import published

NOT_MEASURED = (
    "This build did not run a null test. The quick profile never does, and the other profiles do with some "
    "of the implementations that are compared."
)


def _tests() -> list[tuple[Arm, list[float], Estimate]]:
    """Each null test with at least one round: the arm, its ratios, and the family-wise interval."""
    measured = [(arm, ratios) for arm, ratios in pairs.null_tests(published.results().records) if ratios]
    confidence = multiple_comparisons.family_confidence(max(len(measured), 1))
    return [(arm, ratios, estimates.estimate(ratios, confidence)) for arm, ratios in measured]


def verdict() -> Fragment:
    """Whether the intervals contain 1, and how wide they are."""
    tests = [item for item in _tests() if item[2].has_interval]
    if not tests:
        return fragments.paragraph(NOT_MEASURED if not _tests() else "One round alone gives no interval.")
    outside = [arm for arm, _, ratio in tests if not ratio.low <= 1 <= ratio.high]
    reaches = sorted(estimates.smallest_difference(ratio) for _, _, ratio in tests)
    if outside:
        count = f"{len(tests)} null {'test' if len(tests) == 1 else 'tests'}"
        result = (
            f"{len(outside)} of {count} found a difference where there is none "
            f"({', '.join(arm.name for arm in outside)}). All intervals together contain 1 in 95 of 100 "
            "campaigns. Either this campaign is one of the other five, or something on this machine changed "
            "during the measurement. Be careful with the small differences in this build."
        )
    elif len(tests) == 1:
        result = "The interval of the only null test contains 1, as it should."
    else:
        result = f"All {len(tests)} null-test intervals contain 1, as they should."
    rounds = min(ratio.trials for _, _, ratio in tests)
    reach = f"{reaches[0]:.1%}"
    if len(reaches) > 1:
        reach += f" (the narrowest) to {reaches[-1]:.1%} (the widest)"
    return fragments.paragraph(result) + fragments.paragraph(
        f"The intervals extend {reach} from their estimates, with at least {rounds} rounds. Between "
        "implementations this noisy, smaller differences would not be detected on this machine with this "
        "budget."
    )


def picture() -> Fragment:
    """The ratio of each implementation to itself."""
    tests = _tests()
    if not tests:
        return Fragment("")
    lines = [
        plots.Line(f"{arm.name}, {arm.device.upper()}", arm.framework, ratios, ratio)
        for arm, ratios, ratio in tests
    ]
    return plots.lines(
        lines,
        "null",
        "time relative to the other arm",
        "The ratio of an implementation's time to its own, measured as two arms of the same campaign. Each "
        "tick is a round, the dot is their geometric mean, the line its interval, which should contain 1.",
        baseline=1.0,
    )


def table() -> Fragment:
    """The numbers behind the plot."""
    rows: list[list[tuple[str, float | str]]] = []
    for arm, _, ratio in _tests():
        interval = f"{significant(ratio.low)} to {significant(ratio.high)}" if ratio.has_interval else "none"
        reach = estimates.smallest_difference(ratio)
        rows.append(
            [
                (arm.name, arm.name),
                (arm.device.upper(), arm.device),
                (str(ratio.trials), float(ratio.trials)),
                (significant(ratio.value), ratio.value),
                (interval, ratio.low if ratio.has_interval else 0.0),
                (f"{reach:.1%}" if ratio.has_interval else "not known", reach if ratio.has_interval else 1e9),
                (
                    "not known"
                    if not ratio.has_interval
                    else "yes"
                    if ratio.low <= 1 <= ratio.high
                    else "no",
                    interval,
                ),
            ]
        )
    if not rows:
        return Fragment("")
    headings = [
        ("implementation", "measured as two arms"),
        ("device", "device that it computes on"),
        ("rounds", "number of rounds in which both arms completed"),
        ("ratio", "of the seconds per epoch, after warm-up"),
        ("interval", "all intervals together contain the true ratio in 95 of 100 campaigns"),
        ("reach", "how far the interval extends from the ratio"),
        ("contains 1", "whether the interval contains 1, as it should"),
    ]
    return fragments.table("Null tests", headings, rows)
