"""Campaigns: rounds of all compared implementations, stored trial by trial.

A key binds a campaign to its machine, versions, data, sources and settings, and names its folder. Each
finished trial leaves a file there at once, so that an interrupted campaign resumes and a finished one can
be read again. If anything that the key is made of changes, it is another campaign.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import itertools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import filelock

import tfmxbench
from tfmxbench import mistakes
from tfmxbench.measure.plan import UNTIMED_THREADS, Plan, is_of_a_round
from tfmxbench.measure.profiles import Profile
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import hashes, pool, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import whole_files
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.outcomes import ExampleOutcome, PhrasesOutcome
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import read_json
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings
from tfmxbench.records.store import Results
from tfmxbench.records.trial import FAILED, UNAVAILABLE, Record, Trial, record_from_json, to_json


@dataclasses.dataclass(frozen=True)
class Progress:
    """The progress of a campaign.

    Attributes
    ----------
    completed, total : int
        Number of trials that have ended, and that are expected in all.
    remaining : float
        Expected seconds until the end.
    """

    completed: int
    total: int
    remaining: float


@dataclasses.dataclass(frozen=True)
class Campaign:
    """A campaign: what is compared, on which data, in which environments.

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
        The parity gate's results; an implementation that did not pass is not timed.
    root : pathlib.Path
        The folder that holds the folders of campaigns.
    mistaken_parity : list of Parity
        The parity gate's results for implementations under a mistake.
    """

    settings: Settings
    implementations: Sequence[Implementation]
    environments: dict[tuple[str, str], Environment]
    data: DataDescription
    data_path: pathlib.Path
    machine: dict[str, str]
    parity: Sequence[Parity]
    root: pathlib.Path
    mistaken_parity: Sequence[Parity] = ()

    @functools.cached_property
    def sources(self) -> dict[str, str]:
        """Hashes of what is measured, taken once: a file that changes later belongs to another campaign."""
        return source_hashes(self.implementations)

    @functools.cached_property
    def key(self) -> str:
        """Hash of all that the measurements depend on."""
        settings = dataclasses.asdict(self.settings)
        # With more rounds it is still the same campaign.
        del settings["rounds"], settings["budget"]
        limit = runner.memory_limit()
        conditions = {
            **({} if limit is None else {"memory_limit": limit}),
            "package": tfmxbench.__version__,
            "settings": settings,
            "profile": dataclasses.asdict(self.profile),
            "sources": self.sources,
            "harness": hashes.harness_sha256(),
            "plan": hashes.folders_sha256(["measure"]),
            "mistakes": "" if self.profile.mistakes == "none" else hashes.mistakes_sha256(mistakes.names()),
            "environments": {
                f"{framework}-{device}": [environment.interpreter, environment.problem, environment.versions]
                for (framework, device), environment in sorted(self.environments.items())
            },
            "parity": sorted(
                [result.name, result.device, result.batch_size or 0, result.reason] for result in self.parity
            ),
            "data": self.data.sha256,
            "machine": self.machine,
        }
        return hashes.conditions_sha256(conditions)

    @property
    def folder(self) -> pathlib.Path:
        """The folder in which this campaign's trials are stored."""
        return self.root / self.key[:16]

    @property
    def profile(self) -> Profile:
        return self.plan.profile

    @functools.cached_property
    def plan(self) -> Plan:
        """The trials that are measured."""
        return Plan(
            self.settings,
            self.implementations,
            self.environments,
            self.data,
            self.data_path,
            self.sources,
        )

    @functools.cached_property
    def _lock(self) -> filelock.FileLock:
        return filelock.FileLock(self.root / "measuring.lock", thread_local=False)

    @contextlib.contextmanager
    def alone(self, report: Callable[[str], None] = lambda line: None) -> Iterator[None]:
        """Wait until no other run measures in this folder: each would slow the other down.

        Parameters
        ----------
        report : callable
            Receives a sentence if there is something to wait for.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            report(f"Another run is measuring in {self.root}; this one waits until it has ended.")
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def stored(self) -> list[Record]:
        """The records that earlier runs of this campaign left, in the order of measuring."""
        records = []
        for path in sorted(self.folder.glob("*.record.json")):
            # The trial of a damaged file is measured again.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                records.append(record_from_json(read_json(path)))
        return sorted(records, key=lambda record: (record.trial.round, record.started))

    def run(self) -> Iterator[tuple[Trial, Record | None]]:
        """Measure the trials that are missing.

        Yields
        ------
        Trial, Record or None
            Each timed trial twice: with None before it starts, and with its record after it has ended
            and been stored. Trials that are not timed, of which several run at a time, only with their
            record.

        Raises
        ------
        OSError
            If something cannot be written; what was stored before stays.
        """
        with self.alone():
            yield from self._run()

    def _run(self) -> Iterator[tuple[Trial, Record | None]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        # The lock is held, so any partial file was left by a killed process.
        for partial in self.folder.glob("*.part"):
            partial.unlink(missing_ok=True)
        done = {record.trial.identifier: record for record in self.stored()}
        for number in itertools.count():
            if number == self.settings.rounds:
                yield from self._train([*self.plan.goal(list(done.values())), *self.plan.seeds()], done)
            if number >= self.settings.rounds and not self._fits(number, list(done.values())):
                return
            yield from self._measure(self.plan.round(number), done)

    def _measure(
        self, trials: Sequence[Trial], done: dict[str, Record]
    ) -> Iterator[tuple[Trial, Record | None]]:
        for trial in trials:
            if trial.identifier in done:
                continue
            yield trial, None
            done[trial.identifier] = self._finish(trial)
            yield trial, done[trial.identifier]

    def _train(
        self, trials: Sequence[Trial], done: dict[str, Record]
    ) -> Iterator[tuple[Trial, Record | None]]:
        """Run trials that are not timed, several at a time."""
        jobs = [
            (trial, functools.partial(self._finish, trial))
            for trial in trials
            if trial.identifier not in done
        ]
        with contextlib.closing(pool.run(jobs, UNTIMED_THREADS)) as records:
            for trial, record in records:
                done[trial.identifier] = record
                yield trial, record

    def _finish(self, trial: Trial) -> Record:
        """Run a trial and store its record."""
        record = self._execute(trial)
        whole_files.write_json(self.folder / f"{trial.identifier}.record.json", to_json(record))
        return record

    def _execute(self, trial: Trial) -> Record:
        environment = self.environments[trial.framework, trial.device]
        if any(mistakes.load(name).needs_both_frameworks for name in trial.mistakes):
            environment = self.plan.together
        if environment.problem:
            return not_run(trial, UNAVAILABLE, environment.problem)
        if trial.purpose == "products":
            return runner.run(trial, self.folder)
        # A mistake needs an implementation that is right without it.
        batch_size = None if trial.purpose == MISTAKE else trial.batch_size
        key = (trial.implementation, trial.device, batch_size)
        result = next(
            (item for item in self.parity if (item.name, item.device, item.batch_size) == key), None
        )
        if result is None or not result.passed:
            reason = result.reason if result else "it was not compared with the reference"
            return not_run(trial, FAILED, f"not timed, since it did not pass the parity gate: {reason}")
        return runner.run(trial, self.folder)

    def _fits(self, number: int, records: Sequence[Record]) -> bool:
        """Whether another round is expected to end within the budget."""
        if self.settings.budget is None:
            return False
        earlier = [record for record in records if record.trial.round < number]
        spent = sum(_elapsed(record.trial, record.seconds) for record in earlier)
        rounds = sum(record.seconds for record in earlier if is_of_a_round(record.trial))
        # If no framework can run, a round takes no time, and the loop would never end.
        return rounds > 0 and spent + rounds / number <= self.settings.budget

    def progress(self, ended: Sequence[Record] | None = None) -> Progress:
        """How many trials have ended, how many are missing, and how long these will take.

        A trial is expected to take as long as the same trial did in earlier rounds. If there is none yet, it
        is expected to take as long as the mean of all trials.

        Parameters
        ----------
        ended : sequence of Record or None
            The records of the trials that have ended; None to read them.
        """
        records = self.stored() if ended is None else ended
        earlier: dict[tuple[object, ...], list[float]] = {}
        for record in records:
            earlier.setdefault(_arm(record.trial), []).append(record.seconds)
        mean = sum(record.seconds for record in records) / len(records) if records else 0.0

        def expected(trial: Trial) -> float:
            seconds = earlier.get(_arm(trial))
            return _elapsed(trial, sum(seconds) / len(seconds) if seconds else mean)

        once = [*self.plan.seeds(), *self.plan.goal(records)]
        round_seconds = sum(map(expected, self.plan.round(0)))
        rounds = self.settings.rounds
        if self.settings.budget is not None and round_seconds > 0:
            left = self.settings.budget - sum(map(expected, once))
            rounds = max(rounds, int(left / round_seconds))
        done = {record.trial.identifier for record in records}
        missing = [
            trial
            for trial in [*itertools.chain.from_iterable(map(self.plan.round, range(rounds))), *once]
            if trial.identifier not in done
        ]
        return Progress(len(records), len(records) + len(missing), sum(map(expected, missing)))

    def forget(self) -> None:
        """Remove what was measured before, so that it is measured again."""
        for path in self.folder.glob("*.record.json"):
            path.unlink()

    def results(
        self, examples: Sequence[ExampleOutcome] = (), phrases: Sequence[PhrasesOutcome] = ()
    ) -> Results:
        """The measurements so far, in the rounds that the settings ask for.

        Parameters
        ----------
        examples : sequence of ExampleOutcome
        phrases : sequence of PhrasesOutcome
            The outcomes of the examples and phrases that were run in addition to the trials.
        """
        exact = self.settings.budget is None
        records = [
            # Published results must not reveal local paths.
            dataclasses.replace(record, trial=dataclasses.replace(record.trial, data="", interpreter=""))
            for record in self.stored()
            if not exact or record.trial.round < self.settings.rounds
        ]
        return Results(
            campaign=self.key,
            created=min((record.started for record in records), default=now()),
            package=tfmxbench.__version__,
            data=self.data,
            machine=self.machine,
            settings=self.settings,
            parity=list(self.parity),
            environments=[
                EnvironmentDescription(framework, device, item.problem, item.versions, item.bytes)
                for (framework, device), item in sorted(self.environments.items())
            ],
            records=[record for record in records if record.trial.purpose != MISTAKE],
            mistaken=[record for record in records if record.trial.purpose == MISTAKE],
            mistaken_parity=list(self.mistaken_parity),
            examples=list(examples),
            phrases=list(phrases),
        )


def _elapsed(trial: Trial, seconds: float) -> float:
    """By how much a trial of this many seconds makes a campaign longer."""
    return seconds if is_of_a_round(trial) else seconds / pool.places(UNTIMED_THREADS)


def _arm(trial: Trial) -> tuple[object, ...]:
    """What the trials of an arm have in common in all rounds."""
    return (
        trial.purpose,
        trial.condition,
        trial.network,
        trial.style,
        trial.framework,
        trial.device,
        trial.threads,
        trial.batch_size,
        tuple(trial.mistakes),
    )


def source_hashes(implementations: Sequence[Implementation]) -> dict[str, str]:
    """Hashes of the implementations and of the tasks that they read."""
    sources = {item.name: hashes.source_sha256(item.path) for item in implementations}
    for network in {item.network for item in implementations}:
        sources[network] = hashes.source_sha256(catalogue.FOLDER / network / "__init__.py")
    return sources


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
