"""Runs the parity gate: compares each implementation with the NumPy reference before anything is timed.

Its results are cached under a hash of everything they depend on. They never expire.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
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
from tfmxbench.processes.cache import ByConditions
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import Trial

TIME_LIMIT = 1800.0

# One thread computes a reference, the others that need it wait.
_computing: dict[pathlib.Path, threading.Lock] = {}


@dataclasses.dataclass(frozen=True)
class ParityCheck:
    """A comparison with the reference that is to be made.

    Attributes
    ----------
    implementation : Implementation
    device : str
    batch_size : int or None
        None for the task's own. With another one, only the first steps are compared.
    mistakes : tuple of str
        The mistakes that are switched on. With any, only the first steps are compared.
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
        Threads of each process. As many processes run at a time as there are processors for.
    seed : int
    epochs : int
        1 to compare a whole epoch and the accuracy after it too, 0 for the first steps alone.
    cache : pathlib.Path
        The folder that keeps the results.
    """

    environments: Mapping[tuple[str, str], Environment]
    data_name: str
    data_sha256: str
    data_path: pathlib.Path
    threads: int
    seed: int
    epochs: int
    cache: pathlib.Path

    def run(self, checks: Sequence[ParityCheck]) -> Generator[tuple[ParityCheck, Parity], None, None]:
        """Compare implementations with their network's reference.

        Nothing is timed here, so several are compared at a time.

        Yields
        ------
        ParityCheck, Parity
            As they end. A check whose framework cannot run on this machine is left out.
        """
        runnable = [
            check
            for check in checks
            if not self.environments[check.implementation.framework, check.device].problem
        ]
        # What takes longest comes first, and after it the checks that do not wait for it.
        references = [
            (reference, functools.partial(self._arrays, reference))
            for reference in self._missing_references(runnable)
        ]
        comparisons = [(check, functools.partial(self._compare, check)) for check in _short_first(runnable)]
        jobs: list[tuple[ParityCheck, Callable[[], Any]]] = [*references, *comparisons]
        with contextlib.closing(pool.run(jobs, self.threads)) as answers:
            for check, answer in answers:
                if check.implementation.style != catalogue.REFERENCE:
                    yield check, answer

    def compare(
        self,
        implementation: Implementation,
        device: str,
        batch_size: int | None = None,
        mistakes: tuple[str, ...] = (),
    ) -> Parity:
        """Compare one implementation with its reference, or read the cached result."""
        return self._compare(ParityCheck(implementation, device, batch_size, mistakes))

    def _compare(self, check: ParityCheck) -> Parity:
        cached = self._cached(check)
        if cached is not None:
            return cached
        implementation = check.implementation
        foreign = parity.foreign_imports(implementation.path, implementation.framework)
        if foreign:
            return _failed(
                check, f"it imports {', '.join(foreign)}; an implementation imports its framework and NumPy"
            )
        arrays, problem = self._arrays(check)
        if problem:
            return _failed(check, problem)
        expected, problem = self._arrays(_reference(check))
        if problem:
            return _failed(check, f"the reference could not be computed: {problem}")
        tolerances = parity.TOLERANCES[catalogue.task(implementation.network).optimizer]
        result = dataclasses.replace(
            parity.judge(arrays, expected, tolerances, _identity(check)),
            batch_size=check.batch_size,
            mistakes=list(check.mistakes),
        )
        self._results.write(self._conditions(check), dataclasses.asdict(result))
        return result

    @property
    def _results(self) -> ByConditions:
        return ByConditions(self.cache)

    def _cached(self, check: ParityCheck) -> Parity | None:
        """The result of an earlier run; None if there is none, or it is damaged."""
        with contextlib.suppress(TypeError):
            result = Parity(**self._results.read(self._conditions(check)))
            if (*_identity(check), not result.reason) == (*_named(result), result.passed):
                return result
        return None

    def _missing_references(self, checks: Sequence[ParityCheck]) -> list[ParityCheck]:
        """The references of all checks without a cached result; those that take long first."""
        references = {_reference(check): None for check in checks if self._cached(check) is None}
        return _short_first(list(references))[::-1]

    def _arrays(self, check: ParityCheck) -> tuple[dict[str, np.ndarray], str]:
        """The arrays of an implementation or a reference; or none, and why there are none."""
        if check.implementation.style != catalogue.REFERENCE:
            return self._computed(check, None)
        path = self._results.path(self._conditions(check), ".npz")
        with _computing.setdefault(path, threading.Lock()):
            if path.is_file():
                with contextlib.suppress(ValueError):
                    return _load(path), ""
            return self._computed(check, path)

    def _computed(self, check: ParityCheck, path: pathlib.Path | None) -> tuple[dict[str, np.ndarray], str]:
        """The arrays from a process; they are kept in the file, if there is to be one."""
        trial = self._trial(check)
        self.cache.mkdir(parents=True, exist_ok=True)
        with leftovers.temporary_folder(self.cache) as folder:
            record = runner.run(trial, folder)
            if not record.completed:
                return {}, record.reason
            written = folder / f"{trial.identifier}.result.npz"
            try:
                arrays = _load(written)
            except ValueError as error:
                return {}, f"left numbers that cannot be read: {error}"
            if path is not None:
                written.replace(path)
            return arrays, ""

    def _trial(self, check: ParityCheck) -> Trial:
        implementation, device = check.implementation, check.device
        return Trial(
            identifier=f"parity-{implementation.network}-{implementation.style}-{device}",
            purpose="parity",
            network=implementation.network,
            style=implementation.style,
            framework=implementation.framework,
            source_sha256=hashes.source_sha256(implementation.path),
            device=device,
            threads=self.threads,
            seed=self.seed,
            epochs=0 if check.mistakes or check.batch_size is not None else self.epochs,
            data_name=self.data_name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
            batch_size=check.batch_size,
            mistakes=list(check.mistakes),
        )

    def _conditions(self, check: ParityCheck) -> dict[str, Any]:
        """Everything that the result depends on."""
        implementation = check.implementation
        folder = implementation.path.parent
        environment = self.environments[implementation.framework, check.device]
        sources = (
            implementation.path,
            folder / "__init__.py",
            folder / f"{catalogue.REFERENCE}.py",
            pathlib.Path(str(parity.__file__)),
        )
        return {
            # Two files of one content are two implementations.
            "name": implementation.name,
            "sources": [hashes.source_sha256(path) for path in sources],
            "harness": hashes.harness_sha256(),
            "environment": [environment.interpreter, environment.versions],
            "device": check.device,
            "batch_size": check.batch_size,
            "data": self.data_sha256,
            "threads": self.threads,
            "seed": self.seed,
            "epochs": self.epochs,
            "mistakes": [*check.mistakes, hashes.mistakes_sha256(check.mistakes)] if check.mistakes else [],
        }


def _reference(check: ParityCheck) -> ParityCheck:
    """The run of the reference that a check needs."""
    return ParityCheck(catalogue.reference(check.implementation.network), "cpu", check.batch_size)


def _identity(check: ParityCheck) -> tuple[str, str, str, str]:
    implementation = check.implementation
    return (implementation.network, implementation.style, implementation.framework, check.device)


def _named(result: Parity) -> tuple[str, str, str, str]:
    return (result.network, result.style, result.framework, result.device)


def _failed(check: ParityCheck, reason: str) -> Parity:
    """The result of a check in which nothing could be compared."""
    return Parity(
        *_identity(check),
        passed=False,
        reason=reason,
        losses=[],
        deviations=[],
        batch_size=check.batch_size,
        mistakes=list(check.mistakes),
    )


def _short_first(checks: Sequence[ParityCheck]) -> list[ParityCheck]:
    """The checks, those of networks with short epochs first."""
    return sorted(checks, key=lambda check: catalogue.task(check.implementation.network).has_long_epoch)


def _load(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Read an .npz file of arrays.

    Raises
    ------
    ValueError
        If it cannot be read, or lacks what the comparison needs.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(str(error)) from None
    missing = {"logits", "trained_logits", "reloaded_logits", "losses", "pass_loss"} - arrays.keys()
    if missing:
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    return arrays
