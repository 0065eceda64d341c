"""What a campaign measures: the trials of its rounds, and those that are made once, in which order."""

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
from tfmxbench.measure.gate import Question
from tfmxbench.measure.profiles import PROFILES, Profile, is_chosen, is_long, steady_batches, steady_passes
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes.environments import Environment
from tfmxbench.records.conditions import BATCH_SIZE, GOAL, MISTAKE, NULL, PRODUCTS, SEED, THREADS, UNVARIED
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.trial import Record, Trial

TIME_LIMIT = 600.0
# Trials that are not timed run on one thread each, several at a time; each takes longer for it.
UNTIMED_THREADS = 1
UNTIMED_TIME_LIMIT = 3600.0
# The first pass of a long epoch: enough to trace, to compile and to warm up.
FIRST_BATCHES = 10
# The first of them is no steady one.
AXIS_PASSES = 4
GOAL_EPOCHS = 25
# Where mistakes are shown, a first pass and a steady one, each over so many images; over half as many where
# an imperative style shows them.
MISTAKE_PASSES = 2
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
        """The trials of a round, in the random order that the seed and the round give.

        It is an order of groups: the two sides of a pair, with their null arms and their axes. In a group
        those follow each other that differ in nothing but the implementation, and what differs in threads
        or batch size comes before or after, all in random order. So what slows the machine down for a while
        mostly meets both sides of a ratio. Groups of the comparison and of the mistakes are mixed.
        """
        if number not in self._rounds:
            self._rounds[number] = self._round(number)
        return list(self._rounds[number])

    @functools.cached_property
    def _rounds(self) -> dict[int, list[Trial]]:
        """Plans of rounds, each made once: it is looked at after every trial, to tell what is left."""
        return {}

    def _round(self, number: int) -> list[Trial]:
        trials = []
        for device in self.settings.devices:
            for implementation in self.implementations:
                trial = self._trial(implementation, device, number)
                trials.append(trial)
                if is_chosen(implementation, self.profile, self.profile.null_pairs):
                    trials.append(_under(trial, NULL))
                if is_chosen(implementation, self.profile, self.profile.axis_pairs):
                    trials += self._axes(trial)
            if self.profile.products:
                trials += self._products(device, number)
        trials += self._mistakes(number)
        # Drawn for each group, for each part of it, and for each trial, as they are met.
        random = np.random.RandomState([self.settings.seed, 1000 + number])
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

    def _axes(self, trial: Trial) -> list[Trial]:
        """A trial with other threads, and with other batch sizes, of as many images a pass.

        And one without either, which they are compared with: a short pass may take another time for each
        of its batches than the passes of the comparison do.
        """
        task = catalogue.task(trial.network)
        images = self.profile.axis_images or task.timed_batches * task.batch_size
        short = dataclasses.replace(
            trial,
            epochs=0,
            passes=AXIS_PASSES,
            pass_batches=images // task.batch_size,
            latency_samples=0,
            goal=None,
            first_batches=0,
        )
        counts = other_threads(self.settings.threads) if trial.device == "cpu" else []
        found = [_under(short, THREADS, threads, threads=threads) for threads in counts]
        for batch_size in self.profile.batch_sizes:
            if batch_size != task.batch_size:
                batches = images // batch_size
                found.append(
                    _under(short, BATCH_SIZE, batch_size, batch_size=batch_size, pass_batches=batches)
                )
        return [_under(short, UNVARIED), *found] if found else []

    def _products(self, device: str, number: int) -> list[Trial]:
        """A trial for each framework that measures the rate of matrix products."""
        return [
            Trial(
                identifier=f"{number:04d}-products-{framework}-{device}",
                purpose="products",
                network="",
                style="",
                framework=framework,
                source_sha256="",
                device=device,
                threads=self.settings.threads,
                seed=self.settings.seed,
                round=number,
                epochs=0,
                passes=0,
                pass_batches=0,
                latency_samples=0,
                data_name="",
                data="",
                interpreter=environment.interpreter,
                time_limit=TIME_LIMIT,
                condition=PRODUCTS,
            )
            for (framework, on), environment in sorted(self.environments.items())
            if on == device and framework in frameworks.names()
        ]

    def _mistakes(self, number: int) -> list[Trial]:
        """Trials under each mistake, and without, all of the same images and length; on the CPU."""
        known = {item.name: item for item in self.implementations}
        found = []
        for network in sorted({item.network for item in self.implementations}):
            for side in mistaken_sides(self.settings.profile, network):
                implementation = known.get(f"{network}/{side.style}")
                if implementation is not None:
                    found.append(self._mistake(implementation, side, number))
        return found

    def _mistake(self, implementation: Implementation, side: mistakes.Side, number: int) -> Trial:
        trial = self._trial(implementation, "cpu", number)
        batch_size = side.batch_size or catalogue.task(implementation.network).batch_size
        together = any(mistakes.load(name).together for name in side.mistakes)
        size = [] if side.batch_size is None else [str(side.batch_size)]
        images = MISTAKE_IMAGES // 2 if implementation.is_imperative else MISTAKE_IMAGES
        return dataclasses.replace(
            trial,
            identifier="-".join([trial.identifier, MISTAKE, *(side.mistakes or ["none"]), *size]),
            purpose=MISTAKE,
            condition=MISTAKE,
            # Other initial values and batches in each round: errors are to have a spread.
            seed=(self.settings.seed + number) % 2**32,
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
        """The trials for the accuracy with other seeds, in random order.

        The default profile trains with them only the networks whose epoch is short enough to be
        timed whole.
        """
        return list(self._seeds)

    @functools.cached_property
    def _seeds(self) -> list[Trial]:
        profile = self.profile
        arms = [
            (implementation, self.settings.seed + number)
            for number in range(1, profile.seeds + 1)
            for implementation in self.implementations
            if profile.seeds_for_all or not is_long(implementation)
        ]
        order = np.random.RandomState([self.settings.seed, 999]).permutation(len(arms))
        return [self._seed_trial(arms[index][0], arms[index][1]) for index in order]

    def _seed_trial(self, implementation: Implementation, seed: int) -> Trial:
        return dataclasses.replace(
            self._trial(implementation, "cpu", 0),
            identifier=f"seed-{seed}-{implementation.network}-{implementation.style}-cpu",
            purpose="accuracy",
            threads=UNTIMED_THREADS,
            time_limit=UNTIMED_TIME_LIMIT,
            seed=seed % 2**32,
            epochs=1,
            passes=0,
            latency_samples=0,
            goal=None,
            first_batches=0,
            condition=SEED,
        )

    def goal(self, records: Sequence[Record]) -> list[Trial]:
        """One trial for each network, of the style whose epoch was the shortest, up to its accuracy.

        A network whose trial has been made keeps it, also when later rounds find another style faster.

        Parameters
        ----------
        records : sequence of Record
            What was measured so far; the rounds that every campaign has decide.
        """
        if self.profile.to_goal != "fastest":
            return []
        whole = [record for record in records if record.trial.round < self.settings.rounds]
        made = {record.trial.network: record.trial for record in records if record.trial.purpose == "goal"}
        found = []
        networks = {item.network for item in self.implementations}
        # What takes longest begins first, beside the others.
        for network in sorted(networks, key=lambda name: (not catalogue.task(name).has_long_epoch, name)):
            if network in made:
                found.append(made[network])
                continue
            times = {
                arm.style: estimate.value
                for arm in arms_of(whole)
                if (arm.network, arm.device) == (network, "cpu")
                and (estimate := arm.estimate(quantities.epoch_seconds)) is not None
            }
            if not times:
                continue
            style = min(times, key=lambda name: times[name])
            implementation = next(
                item for item in self.implementations if (item.network, item.style) == (network, style)
            )
            found.append(
                dataclasses.replace(
                    self._trial(implementation, "cpu", 0),
                    identifier=f"goal-{network}-{style}-cpu",
                    purpose="goal",
                    threads=UNTIMED_THREADS,
                    time_limit=UNTIMED_TIME_LIMIT,
                    epochs=GOAL_EPOCHS,
                    passes=0,
                    latency_samples=0,
                    goal=catalogue.task(network).accuracy_goal,
                    first_batches=0,
                    condition=GOAL,
                )
            )
        return found

    def _trial(self, implementation: Implementation, device: str, number: int) -> Trial:
        profile = self.profile
        task = catalogue.task(implementation.network)
        whole = profile.long_epochs or not is_long(implementation)
        passes = steady_passes(implementation, profile)
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
            epochs=profile.epochs if whole else 0,
            passes=passes if whole else passes + 1,
            pass_batches=steady_batches(implementation, profile),
            latency_samples=profile.latency_samples,
            data_name=self.data.name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
            goal=task.accuracy_goal if profile.to_goal == "all" else None,
            first_batches=0 if whole else FIRST_BATCHES,
        )


def other_threads(threads: int) -> list[int]:
    """Fewer threads than these: 1, 2, 4 and so on."""
    return [2**power for power in range(threads.bit_length()) if 2**power < threads]


def other_batch_sizes(settings: Settings, implementations: Sequence[Implementation]) -> list[Question]:
    """What the parity gate has to answer before other batch sizes are timed."""
    profile = PROFILES[settings.profile]
    return [
        Question(implementation, device, batch_size)
        for device in settings.devices
        for implementation in implementations
        if is_chosen(implementation, profile, profile.axis_pairs)
        for batch_size in profile.batch_sizes
        if batch_size != catalogue.task(implementation.network).batch_size
    ]


def mistaken_sides(profile: str, network: str) -> list[mistakes.Side]:
    """What a profile measures of a network to show mistakes: each side once."""
    wanted = PROFILES[profile].mistakes
    if wanted == "none":
        return []
    everything = wanted == "all"
    long = catalogue.task(network).has_long_epoch
    return list(
        {
            side: None
            for name in mistakes.names()
            if everything or not long or mistakes.load(name).brief
            for side in mistakes.sides(name, network, everything)
        }
    )


def mistaken_questions(settings: Settings, implementations: Sequence[Implementation]) -> list[Question]:
    """What the parity gate is asked about mistakes: about each that changes an implementation's code."""
    asked = [
        Question(implementation, "cpu", mistakes=side.mistakes)
        for implementation in implementations
        for side in mistaken_sides(settings.profile, implementation.network)
        if side.style == implementation.style
        and len(side.mistakes) == 1
        and mistakes.load(side.mistakes[0]).edits
    ]
    # With another batch size it is the same question.
    return list(dict.fromkeys(asked))


def is_of_a_round(trial: Trial) -> bool:
    """Whether a trial is repeated in every round, rather than made once a campaign."""
    return trial.purpose in ("measure", "products", MISTAKE)


def _under(trial: Trial, condition: str, *values: int, **changes: Any) -> Trial:
    """The trial under another condition, with a name of its own."""
    name = "-".join([trial.identifier, condition, *map(str, values)])
    return dataclasses.replace(trial, identifier=name, condition=condition, **changes)
