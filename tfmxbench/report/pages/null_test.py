"""What the null test's page shows: implementations against themselves, as two arms of one campaign."""

from __future__ import annotations

from tfmxbench.analysis import estimates, multiple_comparisons, pairs
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.report.figures import fragments, plots
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.figures.tables import significant
from tfmxbench.report.pages import published

NOT_MEASURED = (
    "This build did not measure any implementation as two arms: the quick profile does not, and the other "
    "profiles do so with some of the implementations that are compared."
)


def _tests() -> list[tuple[Arm, list[float], Estimate]]:
    """Each null test that has a round: the arm, its ratios, and the interval that holds for all of them."""
    found = [(arm, ratios) for arm, ratios in pairs.null_tests(published.results().records) if ratios]
    confidence = multiple_comparisons.family_confidence(max(len(found), 1))
    return [(arm, ratios, estimates.estimate(ratios, confidence)) for arm, ratios in found]


def verdict() -> Fragment:
    """Whether the intervals contain 1, and how wide they are."""
    found = [item for item in _tests() if item[2].has_interval]
    if not found:
        return fragments.paragraph(NOT_MEASURED if not _tests() else "One round alone gives no interval.")
    outside = [arm for arm, _, ratio in found if not ratio.low <= 1 <= ratio.high]
    wide = sorted(estimates.smallest_difference(ratio) for _, _, ratio in found)
    count = f"{len(found)} null {'test' if len(found) == 1 else 'tests'}"
    if outside:
        told = (
            f"{len(outside)} of {count} found a difference where there is none "
            f"({', '.join(arm.name for arm in outside)}). The intervals are made so that all of them "
            "contain 1 in 95 of 100 campaigns: either this is one of the other five, or something on this "
            "machine changed while it measured. Read the small differences of this build with care."
        )
    else:
        told = f"The interval of every one of {count} contains 1, as it should."
    rounds = min(ratio.trials for _, _, ratio in found)
    reach = f"{wide[0]:.1%}"
    if len(wide) > 1:
        reach += f" at the narrowest and {wide[-1]:.1%} at the widest"
    return fragments.paragraph(told) + fragments.paragraph(
        f"From the point estimate, the intervals reach {reach}, over {rounds} rounds or more. Between two "
        "implementations whose times vary as much from round to round, a smaller difference cannot be told "
        "from none on this machine with this budget."
    )


def picture() -> Fragment:
    """The ratio of each implementation to itself."""
    found = _tests()
    if not found:
        return Fragment("")
    lines = [
        plots.Line(f"{arm.name}, {arm.device.upper()}", arm.framework, ratios, ratio)
        for arm, ratios, ratio in found
    ]
    return plots.lines(
        lines,
        "null",
        "seconds of an epoch over the other arm's",
        "The ratio of an implementation's time to its own, measured as two arms of the same campaign. The "
        "ticks are the rounds, the dot is their geometric mean, the line its interval; it should contain 1.",
        reference=1.0,
    )


def table() -> Fragment:
    """The numbers behind the picture."""
    rows: list[list[tuple[str, float | str]]] = []
    for arm, _, ratio in _tests():
        interval = f"{significant(ratio.low)} to {significant(ratio.high)}" if ratio.has_interval else "none"
        apart = estimates.smallest_difference(ratio)
        rows.append(
            [
                (arm.name, arm.name),
                (arm.device.upper(), arm.device),
                (str(ratio.trials), float(ratio.trials)),
                (significant(ratio.value), ratio.value),
                (interval, ratio.low if ratio.has_interval else 0.0),
                (f"{apart:.1%}" if ratio.has_interval else "not known", apart if ratio.has_interval else 1e9),
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
        ("device", "on what it computes"),
        ("rounds", "in which both arms completed"),
        ("ratio", "of the seconds of a steady epoch"),
        ("interval", "such that all of them contain the truth in 95 of 100 campaigns"),
        ("reach", "how far the interval goes from the ratio"),
        ("contains 1", "as it should"),
    ]
    return fragments.table("Null tests", headings, rows)
