"""Derives the seed of every random choice from the campaign's seed.

The seed is a number from 0 to 2**32 - 1 (``tfmxbench run --seed``). NumPy's legacy generator, whose stream is
frozen, is seeded with one of these:

========================================  ====================  =====================================
random choice                             seeded with           where
========================================  ====================  =====================================
initial values of a network               the trial's seed      ``worker/inputs.py``
order of the images in an epoch           ``[seed, epoch]``     ``worker/inputs.py``
order of the trials of a round            ``[seed, 1000 + n]``  ``measure/plan.py``
order of the trials with other seeds      ``[seed, 999]``       ``measure/plan.py``
matrices for the rate of matrix products  the trial's seed      ``worker/measuring.py``
========================================  ====================  =====================================

The campaign's seed is also the seed of its trials, with two exceptions. Trials for the accuracy with other
seeds take the seeds that follow it: seed + 1, seed + 2 and so on. Trials with a mistake take seed + n in
round n, because errors need a spread. After 2**32 - 1 comes 0.

A trial trains for fewer than 999 epochs and passes, so no two of these lists are equal. A change here changes
the inputs or the order of every later campaign.

This module runs in the frameworks' environments too, so it needs nothing but the standard library.
"""

from __future__ import annotations

SEEDS = 2**32


def batch_order(seed: int, epoch: int) -> list[int]:
    """Seed of the order of the images in an epoch; epochs count from 0."""
    return [seed, epoch]


def seed_trials_order(seed: int) -> list[int]:
    """Seed of the order of the trials with other seeds."""
    return [seed, 999]


def round_order(seed: int, number: int) -> list[int]:
    """Seed of the order of the trials of a round; rounds count from 0."""
    return [seed, 1000 + number]


def following(seed: int, number: int) -> int:
    """The seed that comes ``number`` places after another; after the greatest comes 0."""
    return (seed + number) % SEEDS
