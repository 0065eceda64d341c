"""The trials of a campaign and their order: those of its rounds, and those that run once."""

from __future__ import annotations

import collections
import dataclasses
import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfmxbench import frameworks, mistakes
from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import arms_of
from tfmxbench.measure.gate import ParityCheck
from tfmxbench.measure.profiles import PROFILES, Axes, Profile, UntilGoal
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes.environments import Environment
from tfmxbench.records import seeds
from tfmxbench.records.conditions import BATCH_SIZE, GOAL, MISTAKE, NULL, PRODUCTS, SEED, THREADS, UNVARIED
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.trial import Record, Trial

TIME_LIMIT = 600.0
# Several trials that are not timed run at a time, on one thread each, so each of them takes longer.
UNTIMED_THREADS = 1
UNTIMED_TIME_LIMIT = 3600.0
# Passes of a trial of an axis. The first is the warm-up.
AXIS_PASSES = 4
# Passes of a trial with a mistake, or of its control: the first one and a steady one.
MISTAKE_PASSES = 2
# Images in each of them. Imperative styles, the slowest, take half as many.
MISTAKE_IMAGES = 6400


@dataclasses.dataclass(frozen=True)
class Plan:
    """The trials of a campaign.

    Attributes
    ----------
    settings : Settings
    implementations : sequence of Implementation
    environments : mapping of (str, str) to Environment
        By framework and device.
    data : DataDescription
    data_path : pathlib.Path
        The prepared data set that workers read.
    sources : mapping of str to str
        Hashes of the implementations, by their names.
    """

    settings: Settings
    implementations: Sequence[Implementation]
    environments: Mapping[tuple[str, str], Environment]
    data: DataDescription
    data_path: pathlib.Path
    sources: Mapping[str, str]

    @property
    def profile(self) -> Profile:
        return PROFILES[self.settings.profile]

    def round(self, number: int) -> list[Trial]:
        """The trials of a round, in a random order that follows from the seed and the round.

        The order is one of groups. A group holds the two sides of a pair, with their null arms and their
        axes. Within a group, trials that differ only in the implementation follow each other; those with
        other threads or batch sizes come before or after them, all in random order. If something slows the
        machine down for a while, it mostly affects both sides of a ratio. Groups of the comparison and
        groups of mistakes are mixed.
        """
        if number not in self._rounds:
            self._rounds[number] = self._round(number)
        return list(self._rounds[number])

    @functools.cached_property
    def _rounds(self) -> dict[int, list[Trial]]:
        """Plans of rounds. Each is made once: after every trial the campaign asks what is left."""
        return {}

    def _round(self, number: int) -> list[Trial]:
        trials = []
        for device in self.settings.devices:
            for implementation in self.implementations:
                trial = self._trial(implementation, device, number)
                trials.append(trial)
                if self.profile.has_null_arm(implementation):
                    trials.append(_under(trial, NULL))
                axes = self.profile.axes_of(implementation)
                if axes is not None:
                    trials += self._axes(trial, axes)
            if self.profile.products:
                trials += self._products(device, number)
        trials += self._mistakes(number)
        # Each group, each part of a group and each trial draws its place when the sort first meets it.
        random = np.random.RandomState(seeds.round_order(self.settings.seed, number))
        places: dict[Any, float] = collections.defaultdict(random.random_sample)

        def place(trial: Trial) -> tuple[float, float, float]:
            pair = self._pairs.get((trial.network, trial.style)) or trial.style
            group = (trial.purpose, trial.network, trial.device, pair)
            part = (*group, trial.threads, trial.batch_size)
            return places[group], places[part], places[trial.identifier]

        return sorted(trials, key=place)

    @functools.cached_property
    def _pairs(self) -> dict[tuple[str, str], str | None]:
        return {(item.network, item.style): item.pair for item in self.implementations}

    def _axes(self, trial: Trial, axes: Axes) -> list[Trial]:
        """A trial with other numbers of threads and other batch sizes, and its control.

        The control varies neither, and its passes are as short: a batch of a short pass need not take as long
        as one of the comparison's passes. Every pass has the same number of images, up to a part of a batch.
        """
        task = catalogue.task(trial.network)
        control = dataclasses.replace(
            trial,
            epochs=0,
            passes=AXIS_PASSES,
            pass_batches=axes.length.pass_batches(task),
            latency_samples=0,
            goal=None,
            first_batches=0,
        )
        counts = other_threads(self.settings.threads) if trial.device == "cpu" else []
        varied = [_under(control, THREADS, threads, threads=threads) for threads in counts]
        for batch_size in axes.batch_sizes:
            if batch_size != task.batch_size:
                batches = axes.length.pass_batches(task, batch_size)
                varied.append(
                    _under(control, BATCH_SIZE, batch_size, batch_size=batch_size, pass_batches=batches)
                )
        return [_under(control, UNVARIED), *varied] if varied else []

    def _products(self, device: str, number: int) -> list[Trial]:
        """One trial for each framework, which measures the rate of matrix products."""
        return [
            Trial(
                identifier=f"{number:04d}-products-{framework}-{device}",
                purpose="products",
                framework=framework,
                device=device,
                threads=self.settings.threads,
                seed=self.settings.seed,
                round=number,
                interpreter=environment.interpreter,
                time_limit=TIME_LIMIT,
                condition=PRODUCTS,
            )
            for (framework, environment_device), environment in sorted(self.environments.items())
            if environment_device == device and framework in frameworks.names()
        ]

    def _mistakes(self, number: int) -> list[Trial]:
        """Trials with each mistake, and without any; all on the CPU, with the same images and length."""
        by_name = {item.name: item for item in self.implementations}
        return [
            self._mistake(implementation, side, number)
            for network in sorted({item.network for item in self.implementations})
            for side in mistaken_sides(self.settings.profile, network)
            if (implementation := by_name.get(f"{network}/{side.style}")) is not None
        ]

    def _mistake(self, implementation: Implementation, side: mistakes.Side, number: int) -> Trial:
        trial = self._trial(implementation, "cpu", number)
        batch_size = side.batch_size or catalogue.task(implementation.network).batch_size
        together = any(mistakes.load(name).needs_both_frameworks for name in side.mistakes)
        size = [] if side.batch_size is None else [str(side.batch_size)]
        images = MISTAKE_IMAGES // 2 if implementation.is_imperative else MISTAKE_IMAGES
        return dataclasses.replace(
            trial,
            identifier="-".join([trial.identifier, MISTAKE, *(side.mistakes or ["none"]), *size]),
            purpose=MISTAKE,
            condition=MISTAKE,
            # Each round has other initial values and batches, because errors need a spread.
            seed=seeds.following(self.settings.seed, number),
            epochs=MISTAKE_PASSES,
            epoch_batches=images // batch_size,
            passes=0,
            latency_samples=0,
            goal=None,
            first_batches=0,
            batch_size=side.batch_size,
            mistakes=list(side.mistakes),
            interpreter=self.together.interpreter if together else trial.interpreter,
        )

    @property
    def together(self) -> Environment:
        """The environment that holds both frameworks."""
        missing = Environment(frameworks.TOGETHER, "cpu", "", "it was not looked for", {})
        return self.environments.get((frameworks.TOGETHER, "cpu"), missing)

    def seeds(self) -> list[Trial]:
        """The trials for the accuracy with other seeds, in random order."""
        return list(self._seeds)

    @functools.cached_property
    def _seeds(self) -> list[Trial]:
        other_seeds = self.profile.other_seeds
        if other_seeds is None:
            return []
        trials = [
            self._seed_trial(implementation, number)
            for number in range(1, other_seeds.number + 1)
            for implementation in self.implementations
            if other_seeds.styles.include(implementation)
        ]
        random = np.random.RandomState(seeds.seed_trials_order(self.settings.seed))
        return [trials[index] for index in random.permutation(len(trials))]

    def _seed_trial(self, implementation: Implementation, number: int) -> Trial:
        name = f"seed-{self.settings.seed + number}-{implementation.network}-{implementation.style}-cpu"
        return dataclasses.replace(
            self._untimed(implementation, epochs=1),
            identifier=name,
            purpose="accuracy",
            seed=seeds.following(self.settings.seed, number),
            condition=SEED,
        )

    def _untimed(self, implementation: Implementation, epochs: int, goal: float | None = None) -> Trial:
        """A trial that trains whole epochs for the accuracy after each, while others like it run."""
        return dataclasses.replace(
            self._trial(implementation, "cpu", 0),
            threads=UNTIMED_THREADS,
            time_limit=UNTIMED_TIME_LIMIT,
            epochs=epochs,
            passes=0,
            latency_samples=0,
            goal=goal,
            first_batches=0,
        )

    def goal(self, records: Sequence[Record]) -> list[Trial]:
        """One trial for each network: its fastest style is trained to the network's stated accuracy.

        A network whose trial has run keeps it, even if another style is faster in later rounds.

        Parameters
        ----------
        records : sequence of Record
            The records so far. Only the rounds that every campaign has decide which style is fastest.
        """
        until = self.profile.fastest_style
        if until is None:
            return []
        earlier = {record.trial.network: record.trial for record in records if record.trial.purpose == "goal"}
        decisive = [record for record in records if record.trial.round < self.settings.rounds]
        networks = {item.network for item in self.implementations}
        trials = []
        # The network that takes longest begins first, and the others run at the same time.
        for network in sorted(networks, key=lambda name: (not catalogue.task(name).has_long_epoch, name)):
            if network in earlier:
                trials.append(earlier[network])
            elif (style := _fastest_style(decisive, network)) is not None:
                trials.append(self._goal_trial(network, style, until))
        return trials

    def _goal_trial(self, network: str, style: str, until: UntilGoal) -> Trial:
        implementation = next(
            item for item in self.implementations if (item.network, item.style) == (network, style)
        )
        return dataclasses.replace(
            self._untimed(implementation, until.most, catalogue.task(network).accuracy_goal),
            identifier=f"goal-{network}-{style}-cpu",
            purpose="goal",
            condition=GOAL,
        )

    def _trial(self, implementation: Implementation, device: str, number: int) -> Trial:
        passes = self.profile.passes(implementation)
        return Trial(
            identifier=f"{number:04d}-{implementation.network}-{implementation.style}-{device}",
            purpose="measure",
            network=implementation.network,
            style=implementation.style,
            framework=implementation.framework,
            source_sha256=self.sources[implementation.name],
            device=device,
            threads=self.settings.threads,
            seed=self.settings.seed,
            round=number,
            latency_samples=self.profile.latency_samples,
            data_name=self.data.name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
            **passes.trial_fields(catalogue.task(implementation.network)),
        )


def _fastest_style(records: Sequence[Record], network: str) -> str | None:
    """The style whose epoch takes the shortest time on the CPU; None if no style has one."""
    times = {
        arm.style: estimate.value
        for arm in arms_of(records)
        if (arm.network, arm.device) == (network, "cpu")
        and (estimate := arm.estimate(quantities.epoch_seconds)) is not None
    }
    return min(times, key=lambda style: times[style]) if times else None


def other_threads(threads: int) -> list[int]:
    """The powers of two below a number of threads: 1, 2, 4 and so on."""
    return [2**power for power in range(threads.bit_length()) if 2**power < threads]


def batch_size_checks(settings: Settings, implementations: Sequence[Implementation]) -> list[ParityCheck]:
    """The parity checks that come before other batch sizes are timed."""
    profile = PROFILES[settings.profile]
    return [
        ParityCheck(implementation, device, batch_size)
        for device in settings.devices
        for implementation in implementations
        if (axes := profile.axes_of(implementation)) is not None
        for batch_size in axes.batch_sizes
        if batch_size != catalogue.task(implementation.network).batch_size
    ]


def shown_mistakes(profile: Profile, network: str) -> list[str]:
    """Names of the mistakes that a profile shows on a network."""
    if profile.mistakes == "none":
        return []
    everything = profile.mistakes == "all" or not catalogue.task(network).has_long_epoch
    return [name for name in mistakes.names() if everything or mistakes.load(name).brief]


def mistaken_sides(profile: str, network: str) -> list[mistakes.Side]:
    """The sides that a profile measures on a network to show mistakes, each once."""
    settings = PROFILES[profile]
    return list(
        {
            side: None
            for name in shown_mistakes(settings, network)
            for side in mistakes.sides(name, network, settings.mistakes == "all")
        }
    )


def mistake_checks(settings: Settings, implementations: Sequence[Implementation]) -> list[ParityCheck]:
    """The parity checks under a mistake: one for each mistake that edits an implementation's code."""
    checks = [
        ParityCheck(implementation, "cpu", mistakes=side.mistakes)
        for implementation in implementations
        for side in mistaken_sides(settings.profile, implementation.network)
        if side.style == implementation.style
        and len(side.mistakes) == 1
        and mistakes.load(side.mistakes[0]).edits
    ]
    # Sides that differ only in their batch size need the same check.
    return list(dict.fromkeys(checks))


def is_of_a_round(trial: Trial) -> bool:
    """Whether a trial is repeated in every round, rather than run once in a campaign."""
    return trial.purpose in ("measure", "products", MISTAKE)


def _under(trial: Trial, condition: str, *values: int, **changes: Any) -> Trial:
    """The trial under another condition, with a name of its own."""
    name = "-".join([trial.identifier, condition, *map(str, values)])
    return dataclasses.replace(trial, identifier=name, condition=condition, **changes)
