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
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import filelock
import numpy as np

import tfmxbench
from tfmxbench import frameworks, mistakes
from tfmxbench.analysis import summary
from tfmxbench.analysis.parity import Parity
from tfmxbench.analysis.summary import BATCH_SIZE, GOAL, NULL, PRODUCTS, SEED, THREADS
from tfmxbench.measure import pool, runner
from tfmxbench.measure.environments import Environment
from tfmxbench.measure.gate import Question
from tfmxbench.measure.profiles import PROFILES, Profile
from tfmxbench.measure.schema import check_record, read_json
from tfmxbench.measure.store import DataDescription, EnvironmentDescription, Results, Settings
from tfmxbench.measure.trial import FAILED, MISTAKE, UNAVAILABLE, Record, Trial, record_from_json, to_json
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation


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


TIME_LIMIT = 600.0
# Trials that are not timed run on one thread each, several at a time; each takes longer for it.
UNTIMED_THREADS = 1
UNTIMED_TIME_LIMIT = 3600.0
# The first pass of a long epoch: enough to trace, to compile and to warm up.
FIRST_BATCHES = 20
AXIS_PASSES = 2
GOAL_EPOCHS = 25
# Where mistakes are shown, a first pass and a steady one, each over so many images.
MISTAKE_PASSES = 2
MISTAKE_IMAGES = 6400


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
            "profile": dataclasses.asdict(PROFILES[self.settings.profile]),
            "sources": self.sources,
            "harness": runner.harness_sha256(),
            "mistakes": "" if self.profile.mistakes == "none" else runner.mistakes_sha256(mistakes.names()),
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
        text = json.dumps(conditions, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def folder(self) -> pathlib.Path:
        """Where this campaign's trials are stored."""
        return self.root / self.key[:16]

    @property
    def profile(self) -> Profile:
        return PROFILES[self.settings.profile]

    def plan(self, number: int) -> list[Trial]:
        """The trials of a round, in the random order that the seed and the round give.

        Those of the comparison, of the null tests, of the axes and of the mistakes are mixed.
        """
        if number not in self._plans:
            self._plans[number] = self._plan(number)
        return list(self._plans[number])

    @functools.cached_property
    def _plans(self) -> dict[int, list[Trial]]:
        """Plans of rounds, each made once: it is looked at after every trial, to tell what is left."""
        return {}

    def _plan(self, number: int) -> list[Trial]:
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
        order = np.random.RandomState([self.settings.seed, 1000 + number]).permutation(len(trials))
        return [trials[index] for index in order]

    def _axes(self, trial: Trial) -> list[Trial]:
        """A trial with other threads, and with other batch sizes, of as many images a pass."""
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
        return found

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
        return dataclasses.replace(
            trial,
            identifier="-".join([trial.identifier, MISTAKE, *(side.mistakes or ["none"]), *size]),
            purpose=MISTAKE,
            condition=MISTAKE,
            # Other initial values and batches in each round: errors are to have a spread.
            seed=(self.settings.seed + number) % 2**32,
            epochs=MISTAKE_PASSES,
            epoch_batches=MISTAKE_IMAGES // batch_size,
            passes=0,
            latency_samples=0,
            goal=None,
            first_batches=0,
            batch_size=side.batch_size,
            mistakes=list(side.mistakes),
            interpreter=self._together().interpreter if together else trial.interpreter,
        )

    def _together(self) -> Environment:
        """The environment that holds both frameworks."""
        missing = Environment(frameworks.TOGETHER, "cpu", "", "it was not looked for", {})
        return self.environments.get((frameworks.TOGETHER, "cpu"), missing)

    def plan_seeds(self) -> list[Trial]:
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

    def plan_goal(self, records: Sequence[Record]) -> list[Trial]:
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
                for arm in summary.arms(whole)
                if (arm.network, arm.device) == (network, "cpu")
                and (estimate := arm.estimate(summary.epoch_seconds)) is not None
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
            passes=profile.passes if whole else profile.passes + 1,
            pass_batches=task.timed_batches,
            latency_samples=profile.latency_samples,
            data_name=self.data.name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
            goal=task.accuracy_goal if profile.to_goal == "all" else None,
            first_batches=0 if whole else FIRST_BATCHES,
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
                yield from self._train([*self.plan_goal(list(done.values())), *self.plan_seeds()], done)
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
        runner.write_json(self.folder / f"{trial.identifier}.record.json", to_json(record))
        return record

    def _execute(self, trial: Trial) -> Record:
        environment = self.environments[trial.framework, trial.device]
        if any(mistakes.load(name).together for name in trial.mistakes):
            environment = self._together()
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

        first = self.plan(0)
        others = [*self.plan_seeds(), *self.plan_goal(records)]
        round_seconds = sum(map(expected, first))
        rounds = self.settings.rounds
        if self.settings.budget is not None and round_seconds > 0:
            left = self.settings.budget - sum(map(expected, others))
            rounds = max(rounds, int(left / round_seconds))
        done = {record.trial.identifier for record in records}
        missing = [
            trial
            for trial in [*itertools.chain.from_iterable(map(self.plan, range(rounds))), *others]
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
    long = catalogue.task(network).has_long_epoch
    return list(
        {
            side: None
            for name in mistakes.names()
            if wanted == "all" or not long or mistakes.load(name).brief
            for side in mistakes.sides(name, network)
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


def _on_the_clock(trial: Trial, seconds: float) -> float:
    """By how much a trial of so many seconds makes a campaign longer."""
    return seconds if is_of_a_round(trial) else seconds / pool.places(UNTIMED_THREADS)


def is_long(implementation: Implementation) -> bool:
    """Whether an epoch of its network is too long to be timed whole."""
    return catalogue.task(implementation.network).has_long_epoch


def is_chosen(implementation: Implementation, profile: Profile, pairs: Sequence[str] | None) -> bool:
    """Whether an implementation is of those pairs that are measured under other conditions."""
    if is_long(implementation) and not profile.long_conditions:
        return False
    return pairs is None or implementation.pair in pairs


def _under(trial: Trial, condition: str, *values: int, **changes: Any) -> Trial:
    """The trial under another condition, with a name of its own."""
    name = "-".join([trial.identifier, condition, *map(str, values)])
    return dataclasses.replace(trial, identifier=name, condition=condition, **changes)


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
