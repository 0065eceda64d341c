"""Runs the phrasebook's files: each style's phrases against the implementation in that style.

What is found is cached by all that it depends on, and never by time.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from tfmxbench import frameworks, phrases
from tfmxbench.analysis import parity
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import cache, ending, environments, hashes, pool, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers, whole_files
from tfmxbench.records.schema import read_json
from tfmxbench.worker import phrase_checks

DEVICE = "cpu"
THREADS = 1
TIME_LIMIT = 180.0
NO_FILE = "there are no phrases in this style yet"

# Of each process that is waited for, its mark.
_running: dict[subprocess.Popen[bytes], str] = {}


@dataclasses.dataclass(frozen=True)
class Phrases:
    """What was found of a style's phrases.

    Attributes
    ----------
    style, framework : str
    passed : bool
        Whether all of them did what they say.
    reason : str
        Why they were not run, or not to their end; empty where they were.
    failures : dict of str to str
        Of each phrase that failed, and of the ``implementation`` if it did, what was wrong.
    output : str
        The end of what the process printed, where something failed.
    ran : bool
        Whether a process was started: without the framework, or without a file, there is none.
    """

    style: str
    framework: str
    passed: bool
    reason: str
    failures: dict[str, str] = dataclasses.field(default_factory=dict)
    output: str = ""
    ran: bool = True

    def problem(self, names: Sequence[str], whole: bool = True) -> str:
        """Why what goes by these names is not to be shown; empty where it can be.

        Parameters
        ----------
        names : sequence of str
            Phrases, or ``implementation``.
        whole : bool
            Whether it counts that the process did not come to its end.
        """
        if not self.ran:
            return ""
        found = [f"{name}: {self.failures[name]}" for name in names if name in self.failures]
        return "; ".join(found) or (self.reason if whole else "")


@dataclasses.dataclass(frozen=True)
class Phrasebook:
    """The conditions under which phrases are run.

    Attributes
    ----------
    environments : mapping of str to Environment
        By framework.
    cache : pathlib.Path
        The folder that keeps what was found.
    folder : pathlib.Path
        Where the phrases' files are.
    time_limit : float
        Seconds that a style may take.
    """

    environments: Mapping[str, Environment]
    cache: pathlib.Path
    folder: pathlib.Path = phrases.FOLDER
    time_limit: float = TIME_LIMIT

    def run(self, implementations: Sequence[Implementation]) -> dict[str, Phrases]:
        """Run the phrases of several implementations' styles, as many at a time as there are processors.

        Returns
        -------
        dict of str to Phrases
            By style, in the given order.
        """
        jobs = [(item.style, functools.partial(self.check, item)) for item in implementations]
        with contextlib.closing(pool.run(jobs, THREADS, _end_all)) as answers:
            found = dict(answers)
        return {item.style: found[item.style] for item in implementations}

    def path(self, implementation: Implementation) -> pathlib.Path:
        """The file with the phrases of an implementation's style."""
        return self.folder / f"{implementation.style}.py"

    def check(self, implementation: Implementation) -> Phrases:
        """Run the phrases of an implementation's style, or read what was found before."""
        identity = (implementation.style, implementation.framework)
        path = self.path(implementation)
        if not path.is_file():
            return Phrases(*identity, passed=False, reason=NO_FILE, ran=False)
        environment = self.environments[implementation.framework]
        if environment.problem:
            return Phrases(*identity, passed=False, reason=environment.problem, ran=False)
        try:
            foreign = parity.foreign_imports(path, implementation.framework)
        except (SyntaxError, ValueError) as error:
            return Phrases(*identity, passed=False, reason=f"it is not a Python file: {error}")
        if foreign:
            named = ", ".join(foreign)
            reason = f"the file imports {named}; phrases import their framework and NumPy"
            return Phrases(*identity, passed=False, reason=reason)
        kept = self.cache / f"{self._key(implementation, environment)}.json"
        with contextlib.suppress(ValueError, TypeError):
            return _from_json(read_json(kept), identity)
        result, problem, output = self._ask(implementation, environment)
        if problem:
            # It may end otherwise another time: memory, time.
            return Phrases(*identity, passed=False, reason=problem, output=output)
        reason, failures = result["reason"], result["failures"]
        passed = not reason and not failures
        found = Phrases(*identity, passed, reason, failures, "" if passed else output)
        self.cache.mkdir(parents=True, exist_ok=True)
        whole_files.write_json(kept, dataclasses.asdict(found))
        return found

    def _ask(
        self, implementation: Implementation, environment: Environment
    ) -> tuple[dict[str, Any], str, str]:
        """Run the process: what it found, or why it found nothing, and the end of its output."""
        with leftovers.temporary_folder() as folder:
            question_path, result_path = folder / "question.json", folder / "result.json"
            question = {
                "identifier": f"phrases-{implementation.name}",
                "network": implementation.network,
                "framework": implementation.framework,
                "implementation": str(implementation.path.absolute()),
                "phrases": str(self.path(implementation).absolute()),
                "device": DEVICE,
                "threads": THREADS,
            }
            whole_files.write_json(question_path, question)
            worker = str(pathlib.Path(phrase_checks.__file__))
            line = [environment.interpreter, "-I", worker, str(question_path), str(result_path)]
            problem, output = _execute(line, implementation.framework, folder, self.time_limit)
            if problem:
                return {}, problem, output
            try:
                result = read_json(result_path)
                if result["identifier"] != question["identifier"]:
                    raise ValueError("it is another one's")
                _check_texts(result["reason"], result["failures"])
            except (ValueError, TypeError, KeyError) as error:
                return {}, f"left a result that cannot be read: {error}", output
            return result, "", output

    def _key(self, implementation: Implementation, environment: Environment) -> str:
        """Hash of all that the result depends on."""
        network = implementation.path.parent
        sources = [
            self.path(implementation),
            implementation.path,
            network / "__init__.py",
            network / f"{catalogue.REFERENCE}.py",
            network.parent / "__init__.py",
            pathlib.Path(phrase_checks.__file__),
        ]
        conditions = {
            "sources": [hashes.source_sha256(path) for path in sources],
            "harness": hashes.harness_sha256(),
            "environment": [environment.interpreter, environment.versions],
            "device": DEVICE,
            "threads": THREADS,
        }
        return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:32]


def _execute(line: Sequence[str], framework: str, folder: pathlib.Path, limit: float) -> tuple[str, str]:
    """Run a process; return why it failed, or an empty string, and the end of its output."""
    variables = {name: os.environ[name] for name in runner.INHERITED if name in os.environ}
    variables |= frameworks.load(framework).environment_variables(THREADS, DEVICE)
    mark = ending.new_mark()
    try:
        process = subprocess.Popen(
            line,
            # What a phrase writes beside its folder is thrown away too.
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=variables | {"TMPDIR": str(folder), ending.MARK: mark},
            # A group of its own: its children can be ended with it, and Ctrl-C reaches us alone.
            start_new_session=True,
        )
    except OSError as error:
        return f"{line[0]} could not be started: {error.strerror}", ""
    assert process.stdout is not None
    _running[process] = mark
    output = runner.Output(process.stdout)
    problem = ""
    try:
        code = process.wait(limit)
        if code:
            problem = f"killed by signal {-code}" if code < 0 else f"exited with code {code}"
    except subprocess.TimeoutExpired:
        problem = f"did not end within its limit of {limit:g} s"
    finally:
        ending.end(process, mark)
        _running.pop(process, None)
    return problem, output.text()


def _end_all() -> None:
    """End the processes that other threads are waiting for."""
    for process, mark in list(_running.items()):
        ending.end(process, mark)


def _from_json(values: dict[str, Any], identity: tuple[str, str]) -> Phrases:
    """What was kept of a style.

    Raises
    ------
    ValueError, TypeError
        If it is not what is kept, or is another style's.
    """
    found = Phrases(**values)
    _check_texts(found.reason, found.failures)
    passed = not found.reason and not found.failures
    if (found.style, found.framework, found.passed) != (*identity, passed):
        raise ValueError("it is not of this style")
    return found


def _check_texts(reason: object, failures: object) -> None:
    """Check the types of what a process left.

    Raises
    ------
    ValueError
        If one is not as it should be.
    """
    if not isinstance(reason, str) or not isinstance(failures, dict):
        raise ValueError("it has no reason and failures")
    if not all(isinstance(value, str) for value in failures.values()):
        raise ValueError("a failure is not text")


def find(names: Sequence[str]) -> dict[str, Environment]:
    """The environments of the named frameworks, tried at the same time."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(lambda name: environments.find(name, DEVICE), names), strict=True))


def run() -> dict[str, Phrases]:
    """Run the phrases of all styles in the environments that there are."""
    chosen = catalogue.implementations(phrases.NETWORK)
    found = find(sorted({item.framework for item in chosen}))
    return Phrasebook(found, cache.folder() / "phrases").run(chosen)
