"""Runs the small examples of the pages on concepts, each in its framework's own environment.

An example is a Python file in a folder named after its framework. It imports that framework, NumPy and
the standard library, is given nothing, and prints what its page speaks of. One whose docstring has the
line ``Run after mxnet/other.py, in the same folder.`` finds what that other left there. An example that
leaves ``picture.npz``, with a row of small images in each array, has its picture shown as well.

What the examples printed is kept in the cache under a hash of all that it depends on: a build with
nothing changed runs nothing. What failed is not kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from tfmxbench import frameworks
from tfmxbench.processes import cache, ending, environments, hashes, runner
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers, whole_files

TIME_LIMIT = 120.0
OUTPUT_LIMIT = 16 * 1024
# Nothing of the person's own is imported or read; what Python and the framework's native code print
# comes in the order in which they do.
FLAGS = ("-I", "-u", "-X", "utf8")
PICTURE = "picture.npz"
PICTURE_LIMIT = 64 * 1024
# One thread: several examples run at a time, and sums in another order end in other digits.
THREADS = 1
# What an example computes is to be the same everywhere.
DEVICE = "cpu"

_AFTER = re.compile(r"^Run after (\w+/\w+)\.py, in the same folder\.$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Example:
    """An example's file.

    Attributes
    ----------
    framework : str
        What it imports, the name of its folder.
    path : pathlib.Path
    after : str
        The example that runs before it, in the same folder; empty where there is none.
    """

    framework: str
    path: pathlib.Path
    after: str

    @property
    def name(self) -> str:
        """The name by which pages and other examples call it, such as ``mxnet/engine``."""
        return f"{self.framework}/{self.path.stem}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of an example.

    Attributes
    ----------
    output : str
        What it printed to its standard output.
    versions : dict of str to str
        Of Python and its framework's distributions.
    absent : str
        Why it was not run: its framework cannot run here. Empty where it was.
    problem : str
        How it failed; empty where it did not.
    errors : str
        The end of what a failed example printed to its standard error.
    picture : dict of str to nested lists of float
        Rows of images, by the row's heading.
    """

    output: str = ""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    absent: str = ""
    problem: str = ""
    errors: str = ""
    picture: dict[str, list[list[list[float]]]] = dataclasses.field(default_factory=dict)

    @property
    def completed(self) -> bool:
        """Whether it was run and ended well."""
        return not (self.absent or self.problem)


def find(folder: pathlib.Path) -> dict[str, Example]:
    """The examples in the frameworks' folders, by name.

    Raises
    ------
    ValueError
        If one runs after an example that does not exist, or after itself.
    """
    found = {}
    for framework in frameworks.names():
        for path in sorted((folder / framework).glob("*.py")):
            said = _AFTER.search(path.read_text(encoding="utf-8"))
            example = Example(framework, path, said.group(1) if said else "")
            found[example.name] = example
    for example in found.values():
        if example.after and example.after not in found:
            raise ValueError(f"{example.name} runs after {example.after}, which does not exist")
        _first(example, found)
    return found


def _first(example: Example, found: Mapping[str, Example]) -> Example:
    """The example that has to run first before this one can."""
    seen = {example.name}
    while example.after:
        if example.after in seen:
            raise ValueError(f"{example.name} runs after itself")
        seen.add(example.after)
        example = found[example.after]
    return example


class Examples:
    """The examples of a folder, and what became of them.

    Parameters
    ----------
    folder : pathlib.Path
        Holds a folder for each framework.
    environ : mapping
        Names interpreters and the cache, see :mod:`tfmxbench.processes.environments`.
    time_limit : float
        Seconds that an example may take.

    Raises
    ------
    ValueError
        As :func:`find` does.
    """

    def __init__(
        self, folder: pathlib.Path, environ: Mapping[str, str] = os.environ, time_limit: float = TIME_LIMIT
    ) -> None:
        self.found = find(folder)
        self._environ = environ
        self._time_limit = time_limit
        self._executor = ThreadPoolExecutor(os.cpu_count())
        self._lock = threading.Lock()
        self._environments: dict[str, Future[Environment]] = {}
        self._families: dict[str, Future[dict[str, Outcome]]] = {}

    def start(self, names: Iterable[str]) -> None:
        """Have these examples run, several at a time; nothing is waited for."""
        for name in names:
            self._family(self.found[name])

    def outcome(self, name: str) -> Outcome:
        """What became of an example; it is run if it has not been."""
        return self._family(self.found[name]).result()[name]

    def close(self) -> None:
        """Forget the examples that wait for their turn."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _family(self, example: Example) -> Future[dict[str, Outcome]]:
        """The run of an example with all that share its folder."""
        first = _first(example, self.found)
        with self._lock:
            if first.name not in self._families:
                members = [item for item in self.found.values() if _first(item, self.found) == first]
                # Who comes later in a chain has more before it.
                members.sort(key=lambda item: len(self._before(item)))
                # The environments' turn comes before that of the examples that wait for them.
                for member in members:
                    self._look_for(member.framework)
                self._families[first.name] = self._executor.submit(self._run, members)
            return self._families[first.name]

    def _before(self, example: Example) -> list[str]:
        names = []
        while example.after:
            names.append(example.after)
            example = self.found[example.after]
        return names

    def _look_for(self, framework: str) -> None:
        if framework not in self._environments:
            self._environments[framework] = self._executor.submit(
                environments.find, framework, DEVICE, self._environ
            )

    def _run(self, members: Sequence[Example]) -> dict[str, Outcome]:
        found = {member.framework: self._environments[member.framework].result() for member in members}
        path = cache.folder(self._environ) / "examples" / f"{_key(members, found)}.json"
        if path.is_file():
            # A file that cannot be read is replaced.
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                kept = json.loads(path.read_text(encoding="utf-8"))
                return {name: Outcome(**values) for name, values in kept.items()}
        outcomes = run(members, found, self._time_limit)
        if all(outcome.completed for outcome in outcomes.values()):
            path.parent.mkdir(parents=True, exist_ok=True)
            values = {name: dataclasses.asdict(outcome) for name, outcome in outcomes.items()}
            whole_files.write_json(path, values)
        return outcomes


def _key(members: Sequence[Example], found: Mapping[str, Environment]) -> str:
    """Hash of all that the outcomes depend on."""
    modules = [pathlib.Path(str(module.__file__)) for module in (runner, environments)]
    conditions = {
        "examples": [[member.name, hashes.source_sha256(member.path)] for member in members],
        "environments": {name: [item.interpreter, item.versions] for name, item in found.items()},
        "harness": [
            hashes.harness_sha256(),
            *(hashes.source_sha256(path) for path in (*modules, pathlib.Path(__file__))),
        ],
    }
    return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:32]


def run(
    members: Sequence[Example], found: Mapping[str, Environment], time_limit: float
) -> dict[str, Outcome]:
    """Run examples one after the other in one temporary folder.

    Parameters
    ----------
    members : sequence of Example
        Those that others run after come before them.
    found : mapping of str to Environment
        The environment of each framework.
    time_limit : float
        Seconds that each may take.

    Returns
    -------
    dict of str to Outcome
        By the examples' names.
    """
    outcomes: dict[str, Outcome] = {}
    with leftovers.temporary_folder() as folder:
        for member in members:
            before = outcomes.get(member.after, Outcome())
            environment = found[member.framework]
            if environment.problem:
                outcome = Outcome(absent=environment.problem)
            elif before.absent:
                outcome = Outcome(absent=f"it runs after {member.after}, which was not run: {before.absent}")
            elif before.problem:
                outcome = Outcome(problem=f"it runs after {member.after}, which failed")
            else:
                outcome = _execute(member, environment, folder, time_limit)
            outcomes[member.name] = outcome
    return outcomes


class _Beginning:
    """The beginning of what a process prints; one that goes on beyond the limit is ended."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str) -> None:
        self.flooded = False
        self._process = process
        self._mark = mark
        self._bytes = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := os.read(stream.fileno(), OUTPUT_LIMIT):
                self._bytes += chunk
                if len(self._bytes) > OUTPUT_LIMIT:
                    self.flooded = True
                    ending.end(self._process, self._mark)
                    return

    def text(self) -> str:
        """The first ``OUTPUT_LIMIT`` bytes as text; what cannot be shown is replaced."""
        self._thread.join(runner.ENDING_TIME)
        return self._bytes[:OUTPUT_LIMIT].decode("utf-8", errors="replace")


def _execute(example: Example, environment: Environment, folder: pathlib.Path, time_limit: float) -> Outcome:
    """Run an example's copy in a folder."""
    # By its own name in the folder: a traceback then shows no path of this machine.
    script = folder / example.path.name
    shutil.copyfile(example.path, script)
    inherited = {name: os.environ[name] for name in runner.INHERITED if name in os.environ}
    variables = frameworks.load(example.framework).environment_variables(THREADS, DEVICE)
    mark = ending.new_mark()
    try:
        process = subprocess.Popen(
            [environment.interpreter, *FLAGS, script.name],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=inherited | variables | {"TMPDIR": str(folder), ending.MARK: mark},
            # A group of its own: its children can be ended with it.
            start_new_session=True,
        )
    except OSError as error:
        problem = f"{environment.interpreter} could not be started: {error.strerror}"
        return Outcome(versions=environment.versions, problem=problem)
    assert process.stderr is not None
    printed, errors = _Beginning(process, mark), runner.Output(process.stderr)
    problem = ""
    try:
        code = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        problem = f"did not end within its limit of {time_limit:g} s"
    else:
        if code < 0:
            problem = f"killed by signal {signal.Signals(-code).name}"
        elif code > 0:
            problem = f"exited with code {code}"
    finally:
        ending.end(process, mark)
    output = printed.text()
    if printed.flooded:
        problem = f"printed more than {OUTPUT_LIMIT} bytes"
    picture: dict[str, list[list[list[float]]]] = {}
    if not problem:
        try:
            picture = _take_picture(folder)
        except ValueError as error:
            problem = str(error)
    return Outcome(
        output=_presentable(output, folder),
        versions=environment.versions,
        problem=problem,
        errors=_presentable(errors.text(), folder) if problem else "",
        picture=picture,
    )


def _presentable(text: str, folder: pathlib.Path) -> str:
    """Text without the folder's path, and without characters that only a terminal understands."""
    for path in (folder, folder.resolve()):
        text = text.replace(f"{path}/", "")
    text = text.replace("\r\n", "\n")
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(mark) else mark for mark in text).rstrip()


def _is_control(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) == "Cc"


def _take_picture(folder: pathlib.Path) -> dict[str, list[list[list[float]]]]:
    """The picture that an example left, which is taken out of the folder.

    Raises
    ------
    ValueError
        If it is not one.
    """
    path = folder / PICTURE
    if not path.is_file():
        return {}
    if path.stat().st_size > PICTURE_LIMIT:
        raise ValueError(f"left a {PICTURE} of more than {PICTURE_LIMIT} bytes")
    rows = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                array = arrays[name]
                if array.ndim != 3 or array.dtype.kind != "f" or not np.isfinite(array).all():
                    raise ValueError(f"{name} is not a row of images: {array.dtype}, {array.shape}")
                rows[name] = np.round(array.astype(float), 4).tolist()
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"left a {PICTURE} that cannot be shown: {error}") from None
    finally:
        path.unlink()
    return rows
