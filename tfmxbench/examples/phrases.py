"""Runs the phrasebook's files: each style's phrases are checked against the implementation in that style.

The outcomes are cached under a hash of everything they depend on. They never expire.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from tfmxbench import frameworks, phrases
from tfmxbench.analysis import parity
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import bounded, hashes, pool
from tfmxbench.processes.cache import ByConditions
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers, whole_files
from tfmxbench.records.outcomes import PhrasesOutcome
from tfmxbench.records.schema import read_json
from tfmxbench.worker import phrase_checks

DEVICE = "cpu"
THREADS = 1
TIME_LIMIT = 180.0
NO_FILE = "there are no phrases in this style yet"


@dataclasses.dataclass(frozen=True)
class Phrasebook:
    """The conditions under which phrases are run.

    Attributes
    ----------
    environments : mapping of str to Environment
        By framework.
    cache : pathlib.Path
        The folder that keeps the outcomes.
    folder : pathlib.Path
        The folder of the phrases' files; by default that of the package.
    time_limit : float
        Seconds that a style may take.
    """

    environments: Mapping[str, Environment]
    cache: pathlib.Path
    # A default value would show the path of this machine in the API reference.
    folder: pathlib.Path = dataclasses.field(default_factory=lambda: phrases.FOLDER)
    time_limit: float = TIME_LIMIT

    def run(self, implementations: Sequence[Implementation]) -> Generator[PhrasesOutcome, None, None]:
        """Run the phrases of several implementations' styles, as many at a time as there are processors.

        Yields
        ------
        PhrasesOutcome
            As they end.
        """
        jobs = [(item.style, functools.partial(self.check, item)) for item in implementations]
        with contextlib.closing(pool.run(jobs, THREADS)) as answers:
            for _, outcome in answers:
                yield outcome

    def path(self, implementation: Implementation) -> pathlib.Path:
        """The file with the phrases of an implementation's style."""
        return self.folder / f"{implementation.style}.py"

    def check(self, implementation: Implementation) -> PhrasesOutcome:
        """Run the phrases of an implementation's style, or read the cached outcome."""
        path = self.path(implementation)
        outcome = PhrasesOutcome(implementation.style, implementation.framework)
        if not path.is_file():
            return dataclasses.replace(outcome, reason=NO_FILE, ran=False)
        outcome = dataclasses.replace(outcome, source_sha256=hashes.source_sha256(path))
        environment = self.environments[implementation.framework]
        if environment.problem:
            return dataclasses.replace(outcome, reason=environment.problem, ran=False)
        try:
            foreign = parity.foreign_imports(path, implementation.framework)
        except (SyntaxError, ValueError) as error:
            return dataclasses.replace(outcome, reason=f"it is not a Python file: {error}")
        if foreign:
            reason = f"the file imports {', '.join(foreign)}; phrases import their framework and NumPy"
            return dataclasses.replace(outcome, reason=reason)
        kept = ByConditions(self.cache)
        conditions = self._conditions(implementation, environment)
        with contextlib.suppress(TypeError):
            cached = PhrasesOutcome(**kept.read(conditions))
            if cached == dataclasses.replace(
                outcome, reason=cached.reason, failures=cached.failures, output=cached.output
            ):
                return cached
        answer, problem, output = self._ask(implementation, environment)
        if problem:
            # It may end otherwise another time: memory, time.
            return dataclasses.replace(outcome, reason=problem, output=output)
        outcome = dataclasses.replace(outcome, reason=answer["reason"], failures=answer["failures"])
        if not outcome.passed:
            outcome = dataclasses.replace(outcome, output=output)
        kept.write(conditions, dataclasses.asdict(outcome))
        return outcome

    def _ask(
        self, implementation: Implementation, environment: Environment
    ) -> tuple[dict[str, Any], str, str]:
        """Run the process: its answer, or why there is none, and the end of its output."""
        with leftovers.temporary_folder() as folder:
            request_path, result_path = folder / "request.json", folder / "result.json"
            request = {
                "identifier": f"phrases-{implementation.name}",
                "network": implementation.network,
                "framework": implementation.framework,
                "implementation": str(implementation.path.absolute()),
                "phrases": str(self.path(implementation).absolute()),
                "device": DEVICE,
                "threads": THREADS,
            }
            whole_files.write_json(request_path, request)
            worker = str(pathlib.Path(phrase_checks.__file__))
            line = [environment.interpreter, "-I", worker, str(request_path), str(result_path)]
            problem, output = _execute(line, implementation.framework, folder, self.time_limit)
            if problem:
                return {}, problem, output
            try:
                answer = read_json(result_path)
                if answer["identifier"] != request["identifier"]:
                    raise ValueError("it belongs to another request")
                _check_texts(answer["reason"], answer["failures"])
            except (ValueError, TypeError, KeyError) as error:
                return {}, f"left a result that cannot be read: {error}", output
            return answer, "", output

    def _conditions(self, implementation: Implementation, environment: Environment) -> dict[str, Any]:
        """Everything that the outcome depends on."""
        network = implementation.path.parent
        sources = [
            self.path(implementation),
            implementation.path,
            network / "__init__.py",
            network / f"{catalogue.REFERENCE}.py",
            network.parent / "__init__.py",
        ]
        return {
            "sources": [hashes.source_sha256(path) for path in sources],
            "harness": hashes.harness_sha256(),
            "environment": [environment.interpreter, environment.versions],
            "device": DEVICE,
            "threads": THREADS,
        }


def _execute(line: Sequence[str], framework: str, folder: pathlib.Path, limit: float) -> tuple[str, str]:
    """Run a process; return why it failed, or an empty string, and the end of its output."""
    variables = frameworks.load(framework).environment_variables(THREADS, DEVICE)
    # In the folder, so that what a phrase writes beside its own is thrown away too.
    end = bounded.run(line, {**bounded.inherited(), **variables}, folder, limit, folder=folder)
    return end.problem, end.output


def _check_texts(reason: object, failures: object) -> None:
    """Check the types of what a process left.

    Raises
    ------
    ValueError
        If one is of the wrong type.
    """
    if not isinstance(reason, str) or not isinstance(failures, dict):
        raise ValueError("it has no reason and failures")
    if not all(isinstance(value, str) for value in failures.values()):
        raise ValueError("a failure is not text")
