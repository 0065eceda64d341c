"""Random orders follow from the campaign's seed, and no two of them from the same numbers."""

import itertools

from tfmxbench.records import seeds

GREATEST = 2**32 - 1


def test_every_order_is_seeded_by_other_numbers():
    for first, second in itertools.product((0, 1, GREATEST), repeat=2):
        wanted = [
            [first, 998],
            [first, 999],
            [first, 1000],
            [first, 1001],
        ]
        assert [
            seeds.batch_order(first, 998),
            seeds.seed_trials_order(first),
            seeds.round_order(first, 0),
            seeds.round_order(first, 1),
        ] == wanted
        assert (seeds.batch_order(first, 0) == seeds.batch_order(second, 0)) == (first == second)


def test_after_the_greatest_seed_comes_0():
    assert [seeds.following(GREATEST - 1, number) for number in range(4)] == [GREATEST - 1, GREATEST, 0, 1]
