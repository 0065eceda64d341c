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
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_record, read_json
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings
from tfmxbench.records.store import Results
from tfmxbench.records.trial import FAILED, UNAVAILABLE, Record, Trial, record_from_json, to_json


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
    mistaken_parity : list of Parity
        What the parity gate found of implementations under a mistake.
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
        # More rounds of the same are the same campaign.
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
                f"{framework}-{device}": [found.interpreter, found.problem, found.versions]
                for (framework, device), found in sorted(self.environments.items())
            },
            "parity": sorted(
                [found.name, found.device, found.batch_size or 0, found.reason] for found in self.parity
            ),
            "data": self.data.sha256,
            "machine": self.machine,
        }
        return hashes.conditions_sha256(conditions)

    @property
    def folder(self) -> pathlib.Path:
        """Where this campaign's trials are stored."""
        return self.root / self.key[:16]

    @property
    def profile(self) -> Profile:
        return self.plan.profile

    @functools.cached_property
    def plan(self) -> Plan:
        """What is measured."""
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
        """Wait until no other run measures in this place: each would slow the other down.

        Parameters
        ----------
        report : callable
            Is given a sentence if there is something to wait for.

        Raises
        ------
        OSError
            If the place cannot be written to.
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
            Each timed trial twice: with None before it starts, and with its record when it has ended
            and been stored. Those that are not timed, of which several run at a time, only then.

        Raises
        ------
        OSError
            If something cannot be written; what was stored before stays.
        """
        with self.alone():
            yield from self._run()

    def _run(self) -> Iterator[tuple[Trial, Record | None]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Nobody else is writing here: what is half written was left by a process that was killed.
        for left in self.folder.glob("*.part"):
            left.unlink(missing_ok=True)
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
        # That the implementation is right without the mistake is what makes the mistake one.
        batch_size = None if trial.purpose == MISTAKE else trial.batch_size
        judged = [
            found
            for found in self.parity
            if (found.name, found.device, found.batch_size)
            == (trial.implementation, trial.device, batch_size)
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
        spent = sum(_on_the_clock(record.trial, record.seconds) for record in whole)
        rounds = sum(record.seconds for record in whole if is_of_a_round(record.trial))
        # With every framework unavailable a round costs nothing, and no number of them would do.
        return rounds > 0 and spent + rounds / number <= self.settings.budget

    def progress(self, ended: Sequence[Record] | None = None) -> Progress:
        """How far the campaign is, and how long it will go on.

        A trial is expected to take as long as the same one did in earlier rounds, and before there
        is such a one, as long as the others on average.

        Parameters
        ----------
        ended : sequence of Record or None
            Of the trials that have ended; None to read them.
        """
        records = self.stored() if ended is None else ended
        known: dict[tuple[object, ...], list[float]] = {}
        for record in records:
            known.setdefault(_kind(record.trial), []).append(record.seconds)
        spent = sum(record.seconds for record in records)
        mean = spent / len(records) if records else 0.0

        def expected(trial: Trial) -> float:
            found = known.get(_kind(trial))
            return _on_the_clock(trial, sum(found) / len(found) if found else mean)

        first = self.plan.round(0)
        others = [*self.plan.seeds(), *self.plan.goal(records)]
        round_seconds = sum(map(expected, first))
        rounds = self.settings.rounds
        if self.settings.budget is not None and round_seconds > 0:
            left = self.settings.budget - sum(map(expected, others))
            rounds = max(rounds, int(left / round_seconds))
        done = {record.trial.identifier for record in records}
        missing = [
            trial
            for trial in [*itertools.chain.from_iterable(map(self.plan.round, range(rounds))), *others]
            if trial.identifier not in done
        ]
        return Progress(len(records), len(records) + len(missing), sum(map(expected, missing)))

    def forget(self) -> None:
        """Remove what was measured before, so that it is measured anew."""
        for path in self.folder.glob("*.record.json"):
            path.unlink()

    def results(self) -> Results:
        """What was measured so far, of the rounds that the settings ask for."""
        exact = self.settings.budget is None
        records = [
            # Where things lie on this machine is nobody's business who reads the results.
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
                EnvironmentDescription(framework, device, found.problem, found.versions, found.bytes)
                for (framework, device), found in sorted(self.environments.items())
            ],
            records=[record for record in records if record.trial.purpose != MISTAKE],
            mistaken=[record for record in records if record.trial.purpose == MISTAKE],
            mistaken_parity=list(self.mistaken_parity),
        )


def _on_the_clock(trial: Trial, seconds: float) -> float:
    """By how much a trial of so many seconds makes a campaign longer."""
    return seconds if is_of_a_round(trial) else seconds / pool.places(UNTIMED_THREADS)


def _kind(trial: Trial) -> tuple[object, ...]:
    """What the trials of the same arm in other rounds have in common."""
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
    found = {item.name: hashes.source_sha256(item.path) for item in implementations}
    for network in {item.network for item in implementations}:
        found[network] = hashes.source_sha256(catalogue.FOLDER / network / "__init__.py")
    return found


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
