"""Two campaigns with known changes: the comparison keeps its promised error rates."""

import numpy as np

from tfmxbench.analysis.changes import compare_campaigns

CAMPAIGNS = 100
TRUTH = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 1.2}


def test_intervals_cover_and_no_difference_is_claimed_where_there_is_none(make_results):
    """95 of 100 intervals cover, and at most 5 of 100 campaigns have any wrong verdict."""
    random = np.random.RandomState(7)

    def measured(name, factors):
        times = {style: list(factor * random.lognormal(0, 0.03, 5)) for style, factor in factors.items()}
        return make_results(times, name=name)

    covered = alarms = detected = 0
    for _ in range(CAMPAIGNS):
        changes = compare_campaigns(measured("first", dict.fromkeys(TRUTH, 1.0)), measured("second", TRUTH))
        verdicts = [item.verdict for item in changes]
        covered += sum(
            item.ratio.low <= truth <= item.ratio.high
            for item, truth in zip(changes, TRUTH.values(), strict=True)
        )
        alarms += verdicts[:4] != ["no clear difference"] * 4
        detected += verdicts[4] == "slower"
    # Three standard errors beyond what is expected.
    assert 0.92 < covered / (CAMPAIGNS * len(TRUTH)) < 0.98
    assert alarms / CAMPAIGNS < 0.12
    assert detected / CAMPAIGNS > 0.99
