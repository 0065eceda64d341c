"""Runs the parity gate: each implementation against the NumPy reference, before anything is timed.

What it finds is cached by all that it depends on, and never by time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import pathlib
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from tfmxbench.analysis import parity
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import hashes, pool, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers, whole_files
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_parity, read_json
from tfmxbench.records.trial import Trial

TIME_LIMIT = 1800.0


# One thread computes a reference, the others that need it wait.
_computing: dict[pathlib.Path, threading.Lock] = {}


@dataclasses.dataclass(frozen=True)
class Question:
    """What is to be held against the reference.

    Attributes
    ----------
    implementation : Implementation
    device : str
    batch_size : int or None
        None for the task's own. With another one only the first steps are compared.
    mistakes : tuple of str
        Those that are switched on; with any only the first steps are compared, too.
    """

    implementation: Implementation
    device: str
    batch_size: int | None = None
    mistakes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Gate:
    """The conditions under which implementations are compared with the reference.

    Attributes
    ----------
    environments : mapping of (str, str) to Environment
        By framework and device; it holds ``numpy`` on the CPU too.
    data_name, data_sha256 : str
    data_path : pathlib.Path
        The prepared data set.
    threads : int
        Of each process. As many are compared at a time as there are processors for.
    seed : int
    epochs : int
        1 to compare a whole epoch and the accuracy after it too, 0 for the first steps alone.
    cache : pathlib.Path
        The folder that keeps what was found.
    """

    environments: Mapping[tuple[str, str], Environment]
    data_name: str
    data_sha256: str
    data_path: pathlib.Path
    threads: int
    seed: int
    epochs: int
    cache: pathlib.Path

    def run(self, questions: Sequence[Question]) -> Generator[tuple[Question, Parity], None, None]:
        """Compare implementations with their network's reference.

        Nothing is timed here, so several are compared at a time.

        Yields
        ------
        Question, Parity
            As they are answered. Those whose framework cannot run here are left out.
        """
        asked = [
            question
            for question in questions
            if not self.environments[question.implementation.framework, question.device].problem
        ]
        # What takes longest comes first, and those who do not wait for it after that.
        references = [
            (reference, functools.partial(self._arrays, reference)) for reference in self._references(asked)
        ]
        comparisons = [
            (question, functools.partial(self.answer, question)) for question in _short_first(asked)
        ]
        jobs: list[tuple[Question, Callable[[], Any]]] = [*references, *comparisons]
        with contextlib.closing(pool.run(jobs, self.threads)) as answers:
            for question, answer in answers:
                if question.implementation.style != catalogue.REFERENCE:
                    yield question, answer

    def _references(self, asked: Sequence[Question]) -> list[Question]:
        """The references of all questions that have not been answered before; those that take long first."""
        wanted = {
            (question.implementation.network, question.batch_size): None
            for question in asked
            if self._kept(question) is None
        }
        found = [Question(catalogue.reference(network), "cpu", batch_size) for network, batch_size in wanted]
        return _short_first(found)[::-1]

    def _kept(self, question: Question) -> Parity | None:
        """What was found before; None if nothing was, or it was damaged."""
        with contextlib.suppress(ValueError):
            values = read_json(self.cache / f"{self._key(question)}.json")
            check_parity(values)
            return Parity(**values)
        return None

    def compare(self, implementation: Implementation, device: str, batch_size: int | None = None) -> Parity:
        """Compare one implementation with its reference, or read what was found before."""
        return self.answer(Question(implementation, device, batch_size))

    def answer(self, question: Question) -> Parity:
        """Compare what is asked about with its reference, or read what was found before."""
        implementation, device, batch_size = question.implementation, question.device, question.batch_size
        path = self.cache / f"{self._key(question)}.json"
        kept = self._kept(question)
        if kept is not None:
            return kept
        identity = (implementation.network, implementation.style, implementation.framework, device)

        def failed(reason: str) -> Parity:
            return Parity(
                *identity,
                passed=False,
                reason=reason,
                losses=[],
                deviations=[],
                batch_size=batch_size,
                mistakes=list(question.mistakes),
            )

        foreign = parity.foreign_imports(implementation.path, implementation.framework)
        if foreign:
            return failed(
                f"it imports {', '.join(foreign)}; an implementation imports its framework and NumPy"
            )
        found, problem = self._arrays(question)
        if problem:
            return failed(problem)
        expected, problem = self._arrays(
            Question(catalogue.reference(implementation.network), "cpu", batch_size)
        )
        if problem:
            return failed(f"the reference could not be computed: {problem}")
        bars = parity.TOLERANCES[catalogue.task(implementation.network).optimizer]
        judged = dataclasses.replace(
            parity.judge(found, expected, bars, identity),
            batch_size=batch_size,
            mistakes=list(question.mistakes),
        )
        self.cache.mkdir(parents=True, exist_ok=True)
        whole_files.write_json(path, dataclasses.asdict(judged))
        return judged

    def _arrays(self, question: Question) -> tuple[dict[str, np.ndarray], str]:
        """An implementation's numbers, or a reference's; or none, and why there are none."""
        if question.implementation.style != catalogue.REFERENCE:
            return self._computed(question, None)
        path = self.cache / f"{self._key(question)}.npz"
        with _computing.setdefault(path, threading.Lock()):
            if path.is_file():
                with contextlib.suppress(ValueError):
                    return _load(path), ""
            return self._computed(question, path)

    def _computed(self, question: Question, path: pathlib.Path | None) -> tuple[dict[str, np.ndarray], str]:
        """The numbers from a process; they are kept in the file, if there is to be one."""
        implementation, device, batch_size = question.implementation, question.device, question.batch_size
        trial = Trial(
            identifier=f"parity-{implementation.network}-{implementation.style}-{device}",
            purpose="parity",
            network=implementation.network,
            style=implementation.style,
            framework=implementation.framework,
            source_sha256=hashes.source_sha256(implementation.path),
            device=device,
            threads=self.threads,
            seed=self.seed,
            round=0,
            epochs=self._epochs(question),
            passes=0,
            pass_batches=0,
            latency_samples=0,
            data_name=self.data_name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
            batch_size=batch_size,
            mistakes=list(question.mistakes),
        )
        self.cache.mkdir(parents=True, exist_ok=True)
        with leftovers.temporary_folder(self.cache) as folder:
            record = runner.run(trial, folder)
            if not record.completed:
                return {}, record.reason
            left = folder / f"{trial.identifier}.result.npz"
            try:
                arrays = _load(left)
            except ValueError as error:
                return {}, f"left numbers that cannot be read: {error}"
            if path is not None:
                left.replace(path)
            return arrays, ""

    def _epochs(self, question: Question) -> int:
        """Whole epochs that are compared."""
        return 0 if question.mistakes or question.batch_size is not None else self.epochs

    def _key(self, question: Question) -> str:
        """Hash of all that the comparison depends on."""
        implementation, device, batch_size = question.implementation, question.device, question.batch_size
        folder = implementation.path.parent
        environment = self.environments[implementation.framework, device]
        conditions = {
            # Two files of one content are two implementations.
            "name": implementation.name,
            "sources": [
                hashes.source_sha256(path)
                for path in (
                    implementation.path,
                    folder / "__init__.py",
                    folder / f"{catalogue.REFERENCE}.py",
                    pathlib.Path(str(parity.__file__)),
                )
            ],
            "harness": hashes.harness_sha256(),
            "environment": [environment.interpreter, environment.versions],
            "device": device,
            "batch_size": batch_size,
            "data": self.data_sha256,
            "threads": self.threads,
            "seed": self.seed,
            "epochs": self.epochs,
            "mistakes": [*question.mistakes, hashes.mistakes_sha256(question.mistakes)]
            if question.mistakes
            else [],
        }
        return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:32]


def _short_first(questions: Sequence[Question]) -> list[Question]:
    """The questions, those about networks whose epoch is short first."""
    return sorted(
        questions, key=lambda question: catalogue.task(question.implementation.network).has_long_epoch
    )


def _load(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Read an .npz file of numbers.

    Raises
    ------
    ValueError
        If it cannot be read, or lacks what the judgement needs.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(str(error)) from None
    missing = {"logits", "trained_logits", "reloaded_logits", "losses", "pass_loss"} - arrays.keys()
    if missing:
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    return arrays
