"""The effect of a mistake on a comparison: the honest ratio, the distorted ratio and their quotient."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy  # Loads its parts on first use: importing scipy.stats takes longer than all the rest.

from tfmxbench import mistakes
from tfmxbench.analysis import estimates, quantities
from tfmxbench.analysis.arms import arms_of
from tfmxbench.analysis.estimates import CONFIDENCE, Estimate
from tfmxbench.mistakes import Side, Sides, Variant
from tfmxbench.records.conditions import BATCH_SIZE, STANDARD
from tfmxbench.records.store import Results
from tfmxbench.records.trial import Measurement, Pass, Record

# The effect of a mistake on the verdict.
KEPT = "keeps the verdict"
TURNED_OVER = "reverses the verdict"
MADE_UP = "invents a difference"
HIDDEN = "hides the difference"
LEFT_TO_CHANCE = "leaves the verdict to chance"
NOT_KNOWN = "not known from one round"

# How much it moves the ratio.
MOVES = "clear"
DOES_NOT_MATTER = "negligible"
CANNOT_BE_TOLD = "within noise"


@dataclasses.dataclass(frozen=True)
class Distortion:
    """A variant of a mistake on a network, and its effect in a campaign.

    Attributes
    ----------
    mistake : str
        The name of the mistake.
    network : str
    variant : Variant
    honest, distorted : Estimate or None
        The quantity of the first side over that of the second, paired by round; None if no round has both.
        If the variant is unpaired, the interval of the distorted ratio is that of a single run.
    factor : Estimate or None
        Distorted over honest, paired by round.
    """

    mistake: str
    network: str
    variant: Variant
    honest: Estimate | None
    distorted: Estimate | None
    factor: Estimate | None

    @property
    def effect(self) -> str:
        """The effect on the verdict. Each verdict follows from its own interval."""
        if self.honest is None or self.distorted is None:
            return NOT_KNOWN
        before, after = estimates.verdict(self.honest), estimates.verdict(self.distorted)
        if "not known" in (before, after):
            return NOT_KNOWN
        undecided = "no clear difference"
        if self.variant.unpaired and after == undecided:
            # One run of each side still names a winner.
            return LEFT_TO_CHANCE
        if before == after:
            return KEPT
        if before == undecided:
            return MADE_UP
        return HIDDEN if after == undecided else TURNED_OVER

    @property
    def matters(self) -> str:
        """Whether the mistake moves the ratio by more than noise."""
        if self.factor is None or not self.factor.has_interval:
            return NOT_KNOWN
        if not self.factor.low <= 1 <= self.factor.high:
            return MOVES
        return CANNOT_BE_TOLD if estimates.too_wide(self.factor) else DOES_NOT_MATTER

    @property
    def size(self) -> float:
        """How far the mistake moves the ratio, either way: a factor of at least 1; NaN if not known."""
        if self.factor is None:
            return math.nan
        if self.variant.unpaired and self.factor.has_interval:
            return max(self.factor.high, 1 / self.factor.low)
        return max(self.factor.value, 1 / self.factor.value)


def of_campaign(results: Results) -> list[Distortion]:
    """The effect of each mistake on each network, in the order of the mistakes' names.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of Distortion
        The distortions for which the campaign has trials, at least in part.
    """
    networks = sorted({record.trial.network for record in results.mistaken})
    distortions = []
    for name in mistakes.names():
        for variant in mistakes.load(name).variants:
            for network in networks:
                if variant.networks is None or network in variant.networks:
                    distortion = _distortion(results, name, network, variant)
                    if distortion is not None:
                        distortions.append(distortion)
    return distortions


def _distortion(results: Results, name: str, network: str, variant: Variant) -> Distortion | None:
    honest = _values(results, network, variant.honest)
    distorted = _values(results, network, variant.distorted)
    if not all([*honest, *distorted]) and not _was_tried(results, network, variant):
        return None
    ratio = _ratio(*honest)
    if variant.unpaired:
        single = single_run(list(distorted[0].values()), list(distorted[1].values()))
        factor = single and ratio and _over(single, ratio.value)
        return Distortion(name, network, variant, ratio, single, factor)
    factor = _ratio(_quotients(distorted), _quotients(honest))
    return Distortion(name, network, variant, ratio, _ratio(*distorted), factor)


def _was_tried(results: Results, network: str, variant: Variant) -> bool:
    """Whether the campaign has a trial of the variant, even if none completed."""
    sides = {(side.style, side.mistakes) for side in variant.distorted if side.mistakes}
    return any(
        record.trial.network == network and (record.trial.style, tuple(record.trial.mistakes)) in sides
        for record in results.mistaken
    )


def _values(results: Results, network: str, sides: Sides) -> tuple[Mapping[int, float], Mapping[int, float]]:
    """The quantity of each side, by round."""
    first, second = (values(results, network, side) for side in sides)
    return first, second


def values(results: Results, network: str, side: Side) -> dict[int, float]:
    """The quantity of a side, by round.

    Parameters
    ----------
    results : Results
    network : str
    side : Side

    Returns
    -------
    dict of int to float
        The rounds in which its trial completed.
    """
    quantity = QUANTITIES[side.quantity]
    if side.published:
        condition = STANDARD if side.batch_size is None else BATCH_SIZE
        for arm in arms_of(results.records, condition):
            if (arm.network, arm.device, arm.style, arm.batch_size) == (
                network,
                "cpu",
                side.style,
                side.batch_size,
            ):
                return arm.values(quantity)
        return {}
    return {
        record.trial.round: value
        for record in trials(results, network, side)
        if record.measurement is not None and (value := quantity(record.measurement)) is not None
    }


def trials(results: Results, network: str, side: Side) -> list[Record]:
    """The records of the trials for one side of a mistake, including those that did not complete."""
    return [
        record
        for record in results.mistaken
        if (
            record.trial.network,
            record.trial.style,
            tuple(record.trial.mistakes),
            record.trial.batch_size,
        )
        == (network, side.style, side.mistakes, side.batch_size)
    ]


def _ratio(first: Mapping[int, float], second: Mapping[int, float]) -> Estimate | None:
    if not first.keys() & second.keys():
        return None
    return estimates.ratio(dict(first), dict(second))


def _quotients(pair: tuple[Mapping[int, float], Mapping[int, float]]) -> dict[int, float]:
    first, second = pair
    return {number: first[number] / second[number] for number in sorted(first.keys() & second.keys())}


def _over(ratio: Estimate, divisor: float) -> Estimate:
    value, low, high = (
        estimates.power(math.log(part) - math.log(divisor)) for part in (ratio.value, ratio.low, ratio.high)
    )
    return Estimate(value, low, high, ratio.trials)


def single_run(
    first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate | None:
    """The ratio of one run of each side, with a prediction interval.

    The logarithm of the ratio of one further run of each, from different rounds, lies within
    ``t * s * sqrt(1 + 1/n)`` of the mean. Here s is the spread of both together (Geisser, 1993, "Predictive
    Inference").

    Parameters
    ----------
    first, second : sequence of float
        One value per trial, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate or None
        None if one of the two has no value; without an interval if one of them has only one.
    """
    if not first or not second:
        return None
    logarithms = np.log(first), np.log(second)
    centre = float(logarithms[0].mean() - logarithms[1].mean())
    number = min(len(first), len(second))
    if number == 1:
        return Estimate(estimates.power(centre), math.nan, math.nan, 1)
    spread = math.sqrt((logarithms[0].var(ddof=1) + logarithms[1].var(ddof=1)) * (1 + 1 / number))
    reach = float(scipy.stats.t.ppf((1 + confidence) / 2, number - 1)) * spread
    low, middle, high = (estimates.power(centre + step) for step in (-reach, 0.0, reach))
    return Estimate(middle, low, high, number)


def _all_passes(measurement: Measurement) -> float:
    passes: list[Pass] = measurement.epochs + measurement.passes
    epochs = sum(quantities.epochs_of(item, measurement) for item in passes)
    return sum(item.wall for item in passes) / epochs


def _error(measurement: Measurement, last: bool) -> float | None:
    if not measurement.accuracies or not measurement.test_images:
        return None
    share = 1 - measurement.accuracies[-1 if last else 0]
    # A ratio needs a number above 0, so half an image stands for no error.
    return max(share, 0.5 / measurement.test_images)


QUANTITIES: dict[str, Callable[[Measurement], float | None]] = {
    mistakes.EPOCH: quantities.epoch_seconds,
    mistakes.FIRST_PASS: quantities.first_epoch_seconds,
    mistakes.ALL_PASSES: _all_passes,
    mistakes.MEMORY: quantities.peak_megabytes,
    mistakes.ERROR: functools.partial(_error, last=False),
    mistakes.LAST_ERROR: functools.partial(_error, last=True),
}
