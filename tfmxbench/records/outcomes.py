"""Outcomes of the concept pages' examples and of the phrasebook's phrases: plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

# Images by row: the row's heading, then for each image its lines of values.
Picture = dict[str, list[list[list[float]]]]


@dataclasses.dataclass(frozen=True)
class ExampleOutcome:
    """The outcome of an example of the concept pages.

    Attributes
    ----------
    name : str
        Framework and file, such as ``mxnet/engine``.
    source_sha256 : str
        Hash of the file that was run.
    output : str
        The text that it printed to its standard output.
    versions : dict of str to str
        Versions of Python and of its framework's distributions.
    absent : str
        Why it was not run; empty if it was.
    problem : str
        How it failed; empty if it did not.
    errors : str
        The end of what a failed example printed to its standard error.
    picture : dict of str to nested lists of float
        Rows of images, by the row's heading.
    """

    name: str
    source_sha256: str
    output: str = ""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    absent: str = ""
    problem: str = ""
    errors: str = ""
    picture: Picture = dataclasses.field(default_factory=dict)

    @property
    def completed(self) -> bool:
        """Whether it was run and did not fail."""
        return not (self.absent or self.problem)


@dataclasses.dataclass(frozen=True)
class PhrasesOutcome:
    """The outcome of a style's phrases.

    Attributes
    ----------
    style : str
        The style whose phrases were run.
    framework : str
        The framework of the style.
    source_sha256 : str
        Hash of the file with the phrases; empty if there is none.
    reason : str
        Why they were not run, or did not run to their end; empty if they did.
    failures : dict of str to str
        The problem of each phrase that failed, and of the ``implementation`` if it failed.
    output : str
        The end of what the process printed, if something failed.
    ran : bool
        Whether a process was started. Without the framework or the file, none is.
    """

    style: str
    framework: str
    source_sha256: str = ""
    reason: str = ""
    failures: dict[str, str] = dataclasses.field(default_factory=dict)
    output: str = ""
    ran: bool = True

    @property
    def passed(self) -> bool:
        """Whether all phrases did what they say."""
        return not self.reason and not self.failures

    def problem(self, names: Sequence[str], whole: bool = True) -> str:
        """Why the phrases with these names must not be shown; empty if they can be.

        Parameters
        ----------
        names : sequence of str
            Phrases, or ``implementation``.
        whole : bool
            Whether a process that did not run to its end counts as a problem.
        """
        if not self.ran:
            return ""
        failures = [f"{name}: {self.failures[name]}" for name in names if name in self.failures]
        return "; ".join(failures) or (self.reason if whole else "")
