"""Campaigns: rounds of all compared implementations, stored trial by trial.

A campaign is bound to its machine, versions, data, sources and settings by a key, which names its
folder. Each finished trial leaves a file there at once, so that an interrupted campaign goes on
where it stopped, and a finished one is there to be read again; when anything that the key is made
of changes, it is another campaign.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import itertools
import json
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

import tfmxbench
from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import runner
from tfmxbench.measure.environments import Environment
from tfmxbench.measure.schema import check_record, read_json
from tfmxbench.measure.store import DataDescription, Results, Settings
from tfmxbench.measure.trial import FAILED, UNAVAILABLE, Record, Trial, record_from_json, to_json
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation


@dataclasses.dataclass(frozen=True)
class Profile:
    """How much each trial measures.

    Attributes
    ----------
    epochs : int
        Whole epochs.
    passes : int
        Timed passes after them.
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
    """

    epochs: int
    passes: int
    latency_samples: int
    seeds: int
    seeds_for_all: bool
    parity_epochs: int
    rounds: int
    budget: float | None


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a campaign is.

    Attributes
    ----------
    completed, total : int
        Trials that have ended, and that are expected in all.
    remaining : float
        Seconds that are expected to be left.
    """

    completed: int
    total: int
    remaining: float


PROFILES = {
    "quick": Profile(
        epochs=1,
        passes=1,
        latency_samples=20,
        seeds=0,
        seeds_for_all=False,
        parity_epochs=0,
        rounds=1,
        budget=None,
    ),
    "default": Profile(
        epochs=1,
        passes=4,
        latency_samples=200,
        seeds=2,
        seeds_for_all=False,
        parity_epochs=1,
        rounds=3,
        budget=900.0,
    ),
    "thorough": Profile(
        epochs=5,
        passes=6,
        latency_samples=1000,
        seeds=9,
        seeds_for_all=True,
        parity_epochs=1,
        rounds=10,
        budget=10800.0,
    ),
}

TIME_LIMIT = 600.0


@dataclasses.dataclass(frozen=True)
class Campaign:
    """What is compared, on what, with what.

    Attributes
    ----------
    settings : Settings
    implementations : list of Implementation
    environments : dict of (str, str) to Environment
        By framework and device.
    data : DataDescription
    data_path : pathlib.Path
        The prepared data set that workers read.
    machine : dict of str to str
    parity : list of Parity
        What the parity gate found; an implementation that did not pass is not timed.
    root : pathlib.Path
        The folder that holds the folders of campaigns.
    """

    settings: Settings
    implementations: Sequence[Implementation]
    environments: dict[tuple[str, str], Environment]
    data: DataDescription
    data_path: pathlib.Path
    machine: dict[str, str]
    parity: Sequence[Parity]
    root: pathlib.Path

    @functools.cached_property
    def sources(self) -> dict[str, str]:
        """Hashes of what is measured, taken once: a file that changes later belongs to another campaign."""
        return source_hashes(self.implementations)

    @functools.cached_property
    def key(self) -> str:
        """Hash of all that the measurements depend on."""
        settings = dataclasses.asdict(self.settings)
        # More rounds of the same are the same campaign.
        del settings["rounds"], settings["budget"]
        conditions = {
            "package": tfmxbench.__version__,
            "settings": settings,
            "profile": dataclasses.asdict(PROFILES[self.settings.profile]),
            "sources": self.sources,
            "harness": runner.harness_sha256(),
            "environments": {
                f"{framework}-{device}": [found.interpreter, found.problem, found.versions]
                for (framework, device), found in sorted(self.environments.items())
            },
            "parity": [[found.name, found.device, found.reason] for found in self.parity],
            "data": self.data.sha256,
            "machine": self.machine,
        }
        text = json.dumps(conditions, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def folder(self) -> pathlib.Path:
        """Where this campaign's trials are stored."""
        return self.root / self.key[:16]

    def plan(self, number: int) -> list[Trial]:
        """The trials of a round, in the random order that the seed and the round give."""
        arms = [
            (implementation, device)
            for device in self.settings.devices
            for implementation in self.implementations
        ]
        order = np.random.RandomState([self.settings.seed, 1000 + number]).permutation(len(arms))
        return [self._trial(arms[index][0], arms[index][1], number) for index in order]

    def plan_seeds(self) -> list[Trial]:
        """The trials for the accuracy with other seeds, in random order.

        The default profile trains with them only the networks whose epoch is short enough to be
        timed whole.
        """
        profile = PROFILES[self.settings.profile]
        arms = [
            (implementation, self.settings.seed + number)
            for number in range(1, profile.seeds + 1)
            for implementation in self.implementations
            if profile.seeds_for_all or not catalogue.task(implementation.network).timed_batches
        ]
        order = np.random.RandomState([self.settings.seed, 999]).permutation(len(arms))
        return [self._seed_trial(arms[index][0], arms[index][1]) for index in order]

    def _seed_trial(self, implementation: Implementation, seed: int) -> Trial:
        return dataclasses.replace(
            self._trial(implementation, "cpu", 0),
            identifier=f"seed-{seed}-{implementation.network}-{implementation.style}-cpu",
            purpose="accuracy",
            seed=seed % 2**32,
            epochs=1,
            passes=0,
            latency_samples=1,
        )

    def _trial(self, implementation: Implementation, device: str, number: int) -> Trial:
        profile = PROFILES[self.settings.profile]
        task = catalogue.task(implementation.network)
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
            epochs=profile.epochs,
            passes=profile.passes,
            pass_batches=task.timed_batches,
            latency_samples=profile.latency_samples,
            data_name=self.data.name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
        )

    def stored(self) -> list[Record]:
        """The records that earlier runs of this campaign left, in the order of measuring."""
        records = []
        for path in sorted(self.folder.glob("*.record.json")):
            # A file that was damaged is no record: its trial is measured again.
            with contextlib.suppress(ValueError):
                values = read_json(path)
                check_record(values)
                records.append(record_from_json(values))
        return sorted(records, key=lambda record: (record.trial.round, record.started))

    def run(self) -> Iterator[tuple[Trial, Record | None]]:
        """Measure what is still missing.

        Yields
        ------
        Trial, Record or None
            Each trial twice: with None before it starts, and with its record when it has ended
            and been stored.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        done = {record.trial.identifier: record for record in self.stored()}
        for number in itertools.count():
            if number == self.settings.rounds:
                yield from self._measure(self.plan_seeds(), done)
            if number >= self.settings.rounds and not self._fits(number, list(done.values())):
                return
            yield from self._measure(self.plan(number), done)

    def _measure(
        self, trials: Sequence[Trial], done: dict[str, Record]
    ) -> Iterator[tuple[Trial, Record | None]]:
        for trial in trials:
            if trial.identifier in done:
                continue
            yield trial, None
            record = self._execute(trial)
            runner.write_json(self.folder / f"{trial.identifier}.record.json", to_json(record))
            done[trial.identifier] = record
            yield trial, record

    def _execute(self, trial: Trial) -> Record:
        environment = self.environments[trial.framework, trial.device]
        if environment.problem:
            return not_run(trial, UNAVAILABLE, environment.problem)
        judged = [
            found
            for found in self.parity
            if (found.name, found.device) == (trial.implementation, trial.device)
        ]
        if not judged or not judged[0].passed:
            reason = judged[0].reason if judged else "it was not held against the reference"
            return not_run(trial, FAILED, f"not timed, since it did not pass the parity gate: {reason}")
        return runner.run(trial, self.folder)

    def _fits(self, number: int, records: Sequence[Record]) -> bool:
        """Whether another round is expected to end within the budget."""
        if self.settings.budget is None:
            return False
        whole = [record for record in records if record.trial.round < number]
        spent = sum(record.seconds for record in whole)
        rounds = sum(record.seconds for record in whole if record.trial.purpose == "measure")
        # With every framework unavailable a round costs nothing, and no number of them would do.
        return rounds > 0 and spent + rounds / number <= self.settings.budget

    def progress(self) -> Progress:
        """How far the campaign is, and how long it will go on."""
        records = self.stored()
        arms = len(self.implementations) * len(self.settings.devices)
        spent = sum(record.seconds for record in records)
        each = spent / len(records) if records else 0.0
        rounds = self.settings.rounds
        if self.settings.budget is not None and each > 0:
            rounds = max(rounds, int(self.settings.budget / (each * arms)))
        total = max(rounds * arms + len(self.plan_seeds()), len(records))
        return Progress(len(records), total, each * (total - len(records)))

    def forget(self) -> None:
        """Remove what was measured before, so that it is measured anew."""
        for path in self.folder.glob("*.record.json"):
            path.unlink()

    def results(self) -> Results:
        """What was measured so far, of the rounds that the settings ask for."""
        exact = self.settings.budget is None
        records = [
            record for record in self.stored() if not exact or record.trial.round < self.settings.rounds
        ]
        return Results(
            campaign=self.key,
            created=min((record.started for record in records), default=now()),
            package=tfmxbench.__version__,
            data=self.data,
            machine=self.machine,
            settings=self.settings,
            parity=list(self.parity),
            records=records,
        )


def source_hashes(implementations: Sequence[Implementation]) -> dict[str, str]:
    """Hashes of the implementations and of the tasks that they read."""
    hashes = {item.name: runner.source_sha256(item.path) for item in implementations}
    for network in {item.network for item in implementations}:
        hashes[network] = runner.source_sha256(catalogue.FOLDER / network / "__init__.py")
    return hashes


def not_run(trial: Trial, status: str, reason: str) -> Record:
    """The record of a trial that was not started."""
    return Record(
        trial=trial,
        status=status,
        reason=reason,
        output="",
        started=now(),
        seconds=0.0,
        hashes={},
        versions={},
        device_name="",
        measurement=None,
    )


def now() -> str:
    """Date and time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
