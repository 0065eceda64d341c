"""How long an implementation is: lines as pygount counts them, of the whole file and of each part of it."""

from __future__ import annotations

import dataclasses
import functools
import io
import pathlib

import pygount

from tfmxbench.analysis import definitions


@dataclasses.dataclass(frozen=True)
class Lines:
    """Lines of a piece of source, as pygount counts them.

    Attributes
    ----------
    code, comment, blank : int
        Lines of code (lines of strings among them), of comments and docstrings, and empty ones.
    """

    code: int
    comment: int
    blank: int


def count(source: str, name: str = "source.py") -> Lines:
    """Count the lines of a piece of Python source."""
    return _count(source, name)


@functools.cache
def _count(source: str, name: str) -> Lines:
    # Cached because pages state the same lines many times.
    handle = io.BytesIO(source.encode("utf-8"))
    # Without this list pygount would take source with a comment such as "do not edit" for generated, and
    # count nothing.
    analysis = pygount.SourceAnalysis.from_file(
        name, "tfmxbench", encoding="utf-8", file_handle=handle, generated_regexes=[]
    )
    return Lines(
        analysis.code_count + analysis.string_count, analysis.documentation_count, analysis.empty_count
    )


def count_parts(path: pathlib.Path) -> dict[str, Lines]:
    """Lines of each part of an implementation."""
    return {part: count(source) for part, source in definitions.parts(path).items()}


def example_lines(path: pathlib.Path) -> int:
    """Lines of code of an example: all parts except the one that only parity needs."""
    return sum(lines.code for part, lines in count_parts(path).items() if part != "parity")
