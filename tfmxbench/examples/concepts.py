"""Runs the small examples of the concept pages, each in its framework's own environment.

An example is a Python file in a folder named after its framework. It imports that framework, NumPy and
the standard library, gets no input, and prints what its page is about. One whose docstring has the line
``Run after mxnet/other.py, in the same folder.`` finds the files that the other example left. An example
that leaves ``picture.npz``, with a row of small images in each array, has its picture shown as well.

The outcomes are cached under a hash of everything they depend on. Failures are not cached.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import re
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from tfmxbench import frameworks
from tfmxbench.processes import bounded, hashes, pool
from tfmxbench.processes.cache import ByConditions
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers
from tfmxbench.records.outcomes import ExampleOutcome, Picture

# In a checkout; an installed package has no pages.
FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "concepts" / "examples"
TIME_LIMIT = 120.0
OUTPUT_LIMIT = 16 * 1024
# Nothing of the user's own is imported or read, and what Python and the framework's native code print
# comes in the order in which they print it.
FLAGS = ("-I", "-u", "-X", "utf8")
PICTURE = "picture.npz"
PICTURE_LIMIT = 64 * 1024
GREATEST = 1e30
# One thread: several examples run at a time, and sums in another order end in other digits.
THREADS = 1
# What an example computes must be the same on every machine.
DEVICE = "cpu"

_AFTER = re.compile(r"^Run after (\w+/\w+)\.py, in the same folder\.$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Example:
    """An example's file.

    Attributes
    ----------
    framework : str
        The framework that it imports, which is the name of its folder.
    path : pathlib.Path
    after : str
        The example that runs before it, in the same folder; empty if there is none.
    """

    framework: str
    path: pathlib.Path
    after: str

    @property
    def name(self) -> str:
        """The name that pages and other examples use, such as ``mxnet/engine``."""
        return f"{self.framework}/{self.path.stem}"


def find(folder: pathlib.Path = FOLDER) -> dict[str, Example]:
    """The examples in the frameworks' folders, by name.

    Raises
    ------
    ValueError
        If one runs after an example that does not exist, or after itself.
    """
    examples = {}
    for framework in frameworks.names():
        for path in sorted((folder / framework).glob("*.py")):
            predecessor = _AFTER.search(path.read_text(encoding="utf-8"))
            example = Example(framework, path, predecessor.group(1) if predecessor else "")
            examples[example.name] = example
    for example in examples.values():
        if example.after and example.after not in examples:
            raise ValueError(f"{example.name} runs after {example.after}, which does not exist")
        _chain(example, examples)
    return examples


def _chain(example: Example, examples: Mapping[str, Example]) -> list[str]:
    """The names of an example and of those that run before it, the first of them at the end."""
    names = [example.name]
    while example.after:
        if example.after in names:
            raise ValueError(f"{example.name} runs after itself")
        names.append(example.after)
        example = examples[example.after]
    return names


def families(examples: Mapping[str, Example]) -> list[list[Example]]:
    """The examples in groups that share a folder, each in the order in which it runs."""
    groups: dict[str, list[Example]] = {}
    for example in examples.values():
        groups.setdefault(_chain(example, examples)[-1], []).append(example)
    return [sorted(group, key=lambda example: len(_chain(example, examples))) for group in groups.values()]


def run(
    examples: Mapping[str, Example],
    environments: Mapping[str, Environment],
    cache: pathlib.Path,
    time_limit: float = TIME_LIMIT,
) -> Generator[ExampleOutcome, None, None]:
    """Run examples, several at a time; those whose outcome is cached are not run again.

    Parameters
    ----------
    examples : mapping of str to Example
    environments : mapping of str to Environment
        By framework.
    cache : pathlib.Path
        The folder that keeps the outcomes.
    time_limit : float
        Seconds that each example may take.

    Yields
    ------
    ExampleOutcome
        As the examples end.
    """
    jobs = [
        (group[0].name, functools.partial(_run_or_read, group, environments, cache, time_limit))
        for group in families(examples)
    ]
    with contextlib.closing(pool.run(jobs, THREADS)) as answers:
        for _, outcomes in answers:
            yield from outcomes


def _run_or_read(
    family: Sequence[Example], environments: Mapping[str, Environment], cache: pathlib.Path, time_limit: float
) -> list[ExampleOutcome]:
    kept = ByConditions(cache)
    conditions = _conditions(family, environments)
    with contextlib.suppress(TypeError):
        outcomes = [ExampleOutcome(**values) for values in kept.read(conditions)]
        if [outcome.name for outcome in outcomes] == [example.name for example in family]:
            return outcomes
    outcomes = run_family(family, environments, time_limit)
    if all(outcome.completed for outcome in outcomes):
        kept.write(conditions, [dataclasses.asdict(outcome) for outcome in outcomes])
    return outcomes


def _conditions(family: Sequence[Example], environments: Mapping[str, Environment]) -> dict[str, Any]:
    """Everything that the outcomes depend on."""
    used = {example.framework: environments[example.framework] for example in family}
    return {
        "examples": [[example.name, hashes.source_sha256(example.path)] for example in family],
        "environments": {name: [item.interpreter, item.versions] for name, item in used.items()},
        "harness": [hashes.harness_sha256(), hashes.folders_sha256(["examples"])],
    }


def run_family(
    family: Sequence[Example], environments: Mapping[str, Environment], time_limit: float = TIME_LIMIT
) -> list[ExampleOutcome]:
    """Run examples one after the other in one temporary folder, in the given order."""
    outcomes: dict[str, ExampleOutcome] = {}
    with leftovers.temporary_folder() as folder:
        for example in family:
            outcome = ExampleOutcome(example.name, hashes.source_sha256(example.path))
            before = outcomes.get(example.after, outcome)
            environment = environments[example.framework]
            if environment.problem:
                outcome = dataclasses.replace(outcome, absent=environment.problem)
            elif before.absent:
                reason = f"it runs after {example.after}, which was not run: {before.absent}"
                outcome = dataclasses.replace(outcome, absent=reason)
            elif before.problem:
                problem = f"it runs after {example.after}, which failed"
                outcome = dataclasses.replace(outcome, problem=problem)
            else:
                outcome = _execute(example, outcome, environment, folder, time_limit)
            outcomes[example.name] = outcome
    return list(outcomes.values())


def _execute(
    example: Example,
    outcome: ExampleOutcome,
    environment: Environment,
    folder: pathlib.Path,
    time_limit: float,
) -> ExampleOutcome:
    """Run an example's copy in a folder."""
    # By its own name in the folder: a traceback then shows no path of this machine.
    script = folder / example.path.name
    shutil.copyfile(example.path, script)
    variables = frameworks.load(example.framework).environment_variables(THREADS, DEVICE)
    end = bounded.run(
        [environment.interpreter, *FLAGS, script.name],
        {**bounded.inherited(), **variables},
        folder,
        time_limit,
        folder=folder,
        output_limit=OUTPUT_LIMIT,
    )
    problem = end.problem
    picture: Picture = {}
    if not problem:
        try:
            picture = _take_picture(folder)
        except ValueError as error:
            problem = str(error)
    return dataclasses.replace(
        outcome,
        output=_presentable(end.output, folder),
        versions=environment.versions,
        problem=problem,
        errors=_presentable(end.errors, folder) if problem else "",
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


def _take_picture(folder: pathlib.Path) -> Picture:
    """The picture that an example left, which is taken out of the folder.

    Raises
    ------
    ValueError
        If the file is not a picture.
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
                floats = array.ndim == 3 and array.size > 0 and array.dtype.kind == "f"
                if not floats or not (np.abs(array) <= GREATEST).all():
                    raise ValueError(f"{name} is not a row of images: {array.dtype}, {array.shape}")
                rows[name] = np.round(array.astype(float), 4).tolist()
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"left a {PICTURE} that cannot be shown: {error}") from None
    finally:
        path.unlink()
    return rows
