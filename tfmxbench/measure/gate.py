"""Runs the parity gate: each implementation against the NumPy reference, before anything is timed.

What it finds is cached by all that it depends on, and never by time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfmxbench.analysis import parity
from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import runner
from tfmxbench.measure.environments import Environment
from tfmxbench.measure.schema import check_parity, read_json
from tfmxbench.measure.trial import Trial
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation

TIME_LIMIT = 1800.0


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
    threads, seed : int
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

    def run(
        self, implementations: Sequence[Implementation], devices: Sequence[str]
    ) -> Iterator[tuple[Implementation, str, Parity | None]]:
        """Compare implementations with their network's reference.

        Yields
        ------
        Implementation, str, Parity or None
            Each implementation and device twice: with None before it is looked at, and with what
            was found. Those whose framework cannot run here are left out.
        """
        for device in devices:
            for implementation in implementations:
                if self.environments[implementation.framework, device].problem:
                    continue
                yield implementation, device, None
                yield implementation, device, self.compare(implementation, device)

    def compare(self, implementation: Implementation, device: str) -> Parity:
        """Compare one implementation with its reference, or read what was found before."""
        path = self.cache / f"{self._key(implementation, device)}.json"
        with contextlib.suppress(ValueError):
            values = read_json(path)
            check_parity(values)
            return Parity(**values)
        identity = (implementation.network, implementation.style, implementation.framework, device)
        foreign = parity.foreign_imports(implementation.path, implementation.framework)
        if foreign:
            reason = f"it imports {', '.join(foreign)}; an implementation imports its framework and NumPy"
            return Parity(*identity, passed=False, reason=reason, losses=[], deviations=[])
        expected, problem = self._arrays(catalogue.reference(implementation.network), "cpu")
        if problem:
            reason = f"the reference could not be computed: {problem}"
            return Parity(*identity, passed=False, reason=reason, losses=[], deviations=[])
        found, problem = self._arrays(implementation, device)
        if problem:
            return Parity(*identity, passed=False, reason=problem, losses=[], deviations=[])
        bars = parity.BARS[catalogue.task(implementation.network).optimizer]
        judged = parity.judge(found, expected, bars, identity)
        self.cache.mkdir(parents=True, exist_ok=True)
        runner.write_json(path, dataclasses.asdict(judged))
        return judged

    def _arrays(self, implementation: Implementation, device: str) -> tuple[dict[str, np.ndarray], str]:
        """An implementation's numbers; or none, and why there are none."""
        is_reference = implementation.style == catalogue.REFERENCE
        path = self.cache / f"{self._key(implementation, device)}.npz"
        if is_reference and path.is_file():
            with contextlib.suppress(ValueError):
                return _load(path), ""
        trial = Trial(
            identifier=f"parity-{implementation.network}-{implementation.style}-{device}",
            purpose="parity",
            network=implementation.network,
            style=implementation.style,
            framework=implementation.framework,
            source_sha256=runner.source_sha256(implementation.path),
            device=device,
            threads=self.threads,
            seed=self.seed,
            round=0,
            epochs=self.epochs,
            passes=0,
            pass_batches=0,
            latency_samples=0,
            data_name=self.data_name,
            data=str(self.data_path),
            interpreter=self.environments[implementation.framework, device].interpreter,
            time_limit=TIME_LIMIT,
        )
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="parity-", dir=self.cache) as folder:
            record = runner.run(trial, pathlib.Path(folder))
            if not record.completed:
                return {}, record.reason
            left = pathlib.Path(folder) / f"{trial.identifier}.result.npz"
            try:
                arrays = _load(left)
            except ValueError as error:
                return {}, f"left numbers that cannot be read: {error}"
            if is_reference:
                left.replace(path)
            return arrays, ""

    def _key(self, implementation: Implementation, device: str) -> str:
        """Hash of all that the comparison depends on."""
        folder = implementation.path.parent
        environment = self.environments[implementation.framework, device]
        conditions = {
            "sources": [
                runner.source_sha256(path)
                for path in (
                    implementation.path,
                    folder / "__init__.py",
                    folder / f"{catalogue.REFERENCE}.py",
                    pathlib.Path(str(parity.__file__)),
                )
            ],
            "harness": runner.harness_sha256(),
            "environment": [environment.interpreter, environment.versions],
            "device": device,
            "data": self.data_sha256,
            "threads": self.threads,
            "seed": self.seed,
            "epochs": self.epochs,
        }
        return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:32]


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
