"""The profiles: how much a campaign measures, and what that is of an implementation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation


@dataclasses.dataclass(frozen=True)
class Profile:
    """How much is measured.

    Attributes
    ----------
    epochs : int
        Whole epochs of a trial.
    long_epochs : bool
        Whether also the timed trials of networks whose epoch is long begin with whole epochs; otherwise
        they take passes alone, and their accuracy is the gate's.
    compiled_passes, imperative_passes, long_passes : int
        Timed passes after the whole epochs; where there are none, after a pass that comes first. The first
        two are by a style's paradigm, the last those of networks whose epoch is long.
    compiled_part, imperative_part : int
        Of the batches that a network states for a timed pass, one in so many is taken, by styles of this
        paradigm. Those of a pair are of the same one, and imperative ones the slowest.
    imperative_batches : int
        Batches that an imperative style takes where a timed pass is a whole epoch; 0 for all.
    latency_samples : int
        Single images predicted.
    seeds : int
        Seeds besides the campaign's own that the accuracy is compared with.
    seeds_for_all : bool
        Whether the networks whose epoch is long are trained with them too.
    parity_epochs : int
        1 if the parity gate compares a whole epoch too, 0 if the first steps alone.
    rounds : int
        Rounds at least.
    budget : float or None
        Seconds for all rounds.
    to_goal : str
        Who is trained until the network's stated accuracy: ``all`` in every timed trial, so that
        ``epochs`` is the most that they take; the ``fastest`` of each network, once; or ``none``.
    long_conditions : bool
        Whether networks whose epoch is long are measured under other conditions, too: as two arms for the
        null test, with other threads, and with other batch sizes.
    null_pairs : tuple of str or None
        Pairs whose implementations are measured as two arms each, for the null test; None for all.
    axis_pairs : tuple of str or None
        Pairs that are measured with other threads and batch sizes too; None for all styles.
    batch_sizes : tuple of int
        Those other batch sizes.
    axis_images : int
        About so many images are in each of their passes; 0 for those of the network's own passes.
    products : bool
        Whether the rate of matrix products is measured.
    mistakes : str
        What mistakes are shown: ``all``, in all their variants; those variants that are not for the
        thorough profile alone, ``brief`` mistakes on all networks and the others on those whose epoch is
        short; or ``none``.
    """

    epochs: int
    long_epochs: bool
    compiled_passes: int
    imperative_passes: int
    long_passes: int
    compiled_part: int
    imperative_part: int
    imperative_batches: int
    latency_samples: int
    seeds: int
    seeds_for_all: bool
    parity_epochs: int
    rounds: int
    budget: float | None
    to_goal: str
    long_conditions: bool
    null_pairs: tuple[str, ...] | None
    axis_pairs: tuple[str, ...] | None
    batch_sizes: tuple[int, ...]
    axis_images: int
    products: bool
    mistakes: str


PROFILES = {
    "quick": Profile(
        epochs=1,
        long_epochs=False,
        compiled_passes=1,
        imperative_passes=1,
        long_passes=1,
        compiled_part=2,
        imperative_part=4,
        imperative_batches=100,
        latency_samples=10,
        seeds=0,
        seeds_for_all=False,
        parity_epochs=0,
        rounds=1,
        budget=None,
        to_goal="none",
        long_conditions=False,
        null_pairs=(),
        axis_pairs=(),
        batch_sizes=(),
        axis_images=0,
        products=False,
        mistakes="none",
    ),
    "default": Profile(
        epochs=1,
        long_epochs=False,
        compiled_passes=7,
        imperative_passes=3,
        long_passes=1,
        compiled_part=1,
        imperative_part=2,
        imperative_batches=0,
        latency_samples=30,
        seeds=2,
        seeds_for_all=False,
        parity_epochs=1,
        rounds=3,
        budget=1020.0,
        to_goal="fastest",
        long_conditions=False,
        null_pairs=("low level, compiled",),
        axis_pairs=("own loop, compiled",),
        batch_sizes=(32, 1024),
        axis_images=12800,
        products=True,
        mistakes="brief",
    ),
    "thorough": Profile(
        epochs=25,
        long_epochs=True,
        compiled_passes=6,
        imperative_passes=6,
        long_passes=6,
        compiled_part=1,
        imperative_part=1,
        imperative_batches=0,
        latency_samples=1000,
        seeds=9,
        seeds_for_all=True,
        parity_epochs=1,
        rounds=5,
        budget=28800.0,
        to_goal="all",
        long_conditions=True,
        null_pairs=None,
        axis_pairs=None,
        batch_sizes=(32, 64, 256, 512, 1024),
        axis_images=0,
        products=True,
        mistakes="all",
    ),
}


def steady_passes(implementation: Implementation, profile: Profile) -> int:
    """Steady passes of an implementation's timed trials."""
    if is_long(implementation):
        return profile.long_passes
    return profile.imperative_passes if implementation.is_imperative else profile.compiled_passes


def steady_batches(implementation: Implementation, profile: Profile) -> int:
    """Batches in a steady pass of an implementation's timed trials; 0 for a whole epoch."""
    batches = catalogue.task(implementation.network).timed_batches
    if not implementation.is_imperative:
        return batches // profile.compiled_part
    return batches // profile.imperative_part or profile.imperative_batches


def is_long(implementation: Implementation) -> bool:
    """Whether an epoch of its network is too long to be timed whole."""
    return catalogue.task(implementation.network).has_long_epoch


def is_chosen(implementation: Implementation, profile: Profile, pairs: Sequence[str] | None) -> bool:
    """Whether an implementation is of those pairs that are measured under other conditions."""
    if is_long(implementation) and not profile.long_conditions:
        return False
    return pairs is None or implementation.pair in pairs
