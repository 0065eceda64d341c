"""Mistakes that comparisons of frameworks make: one file each, to be switched on in trials of their own.

A module of this folder has a :class:`Mistake` by the name of ``MISTAKE``, and is found by listing the
folder. Nothing that is measured under a mistake is ever part of a published comparison: its trials have
the purpose ``mistake``, and a results file keeps their records in a list of its own.

These modules run in the frameworks' environments too, so they need nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

FOLDER = pathlib.Path(__file__).parent

# The pair that mistakes are shown with: the first of two sides, and the second.
FIRST = "keras_function"
SECOND = "gluon_hybrid"

# What a figure is of. Less is better of all of them.
EPOCH = "seconds of a steady epoch"
FIRST_PASS = "seconds of the first epoch"
ALL_PASSES = "seconds of an epoch, by all passes from the first on"
MEMORY = "greatest memory of the process"
ERROR = "test images classified wrongly after the first pass"
LAST_ERROR = "test images classified wrongly after the last pass"


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two that are compared: whose trials, under which mistakes, and which figure of theirs.

    Attributes
    ----------
    style : str
    mistakes : tuple of str
        Names of the mistakes that are switched on; none for the control.
    figure : str
        One of the figures that this module names.
    batch_size : int or None
        Images in a batch; None for the task's own.
    published : bool
        Whether the trials of the comparison itself are meant, which need not be run again.
    """

    style: str
    mistakes: tuple[str, ...] = ()
    figure: str = EPOCH
    batch_size: int | None = None
    published: bool = False


Sides = tuple[Side, Side]


@dataclasses.dataclass(frozen=True)
class Source:
    """A public example of a mistake, or a warning of it.

    Attributes
    ----------
    name : str
        Of the thread, the project or the paper.
    address : str
    said : str
        What happened there, in a sentence or two.
    """

    name: str
    address: str
    said: str


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way of making a mistake.

    Attributes
    ----------
    title : str
        Which way, in few words.
    distorted : tuple of Side, Side
        What is compared by mistake.
    honest : tuple of Side, Side
        What should be compared.
    unpaired : bool
        Whether one run of each side is compared, whichever round it comes from.
    networks : tuple of str or None
        Where it can be made; None for all networks.
    remedy : bool
        Whether it is no mistake, but shown beside one as what prevents it.
    thorough : bool
        Whether only the thorough profile measures it: it harms the other framework in the same way.
    """

    title: str
    distorted: Sides
    honest: Sides
    unpaired: bool = False
    networks: tuple[str, ...] | None = None
    remedy: bool = False
    thorough: bool = False


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A mistake: what it is, how it is switched on, and what it is compared with.

    Attributes
    ----------
    title : str
        A heading.
    what : str
        What is done, and why it misleads.
    who : tuple of Source
        Who fell for it, and who warns of it.
    check : str
        A point of a checklist that would have prevented it.
    variants : tuple of Variant
    edits : mapping of str to tuple of (str, str)
        By ``network/style``, or by style for all networks: what stands exactly once in the
        implementation's source, and what takes its place.
    switch_on : callable or None
        Is given the harness of the trial's process before anything is measured, and changes it.
    environment : callable or None
        Changes the variables that the trial's process is started with.
    together : bool
        Whether the process needs the environment that holds both frameworks.
    brief : bool
        Whether the default profile measures it on networks whose epoch is long, too.
    """

    title: str
    what: str
    who: tuple[Source, ...]
    check: str
    variants: tuple[Variant, ...]
    edits: Mapping[str, tuple[tuple[str, str], ...]] = dataclasses.field(default_factory=dict)
    switch_on: Callable[[Harness], None] | None = None
    environment: Callable[[dict[str, str]], dict[str, str]] | None = None
    together: bool = False
    brief: bool = False


@dataclasses.dataclass(frozen=True)
class Harness:
    """What a mistake can change in its trial's process.

    Attributes
    ----------
    loading : module
        :mod:`tfmxbench.worker.loading`.
    framework : module
        What is known of the trial's framework.
    trial : Trial
    """

    loading: Any
    framework: Any
    trial: Any


def both(
    first: str = FIRST, second: str = SECOND, figure: str = EPOCH, published: bool = False
) -> tuple[Side, Side]:
    """Two sides without a mistake."""
    return (
        Side(first, figure=figure, published=published),
        Side(second, figure=figure, published=published),
    )


def names() -> list[str]:
    """Names of the mistakes, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def load(name: str) -> Mistake:
    """A mistake by its name.

    Raises
    ------
    ValueError
        If there is no mistake of that name.
    """
    if name not in names():
        raise ValueError(f"there is no mistake {name!r}; there are {', '.join(names())}")
    found: Mistake = importlib.import_module(f"{__name__}.{name}").MISTAKE
    return found


def changes_code(mistakes: Sequence[str], network: str, style: str) -> bool:
    """Whether any of the mistakes edits an implementation."""
    return any(_edits(load(name), network, style) for name in mistakes)


def edited(source: str, mistakes: Sequence[str], network: str, style: str) -> str:
    """An implementation's source with the mistakes in it.

    Raises
    ------
    ValueError
        If what an edit replaces does not stand there exactly once.
    """
    for name in mistakes:
        for old, new in _edits(load(name), network, style):
            if source.count(old) != 1:
                raise ValueError(
                    f"the mistake {name} replaces {old!r} in {network}/{style}, which stands there "
                    f"{source.count(old)} times; it should once"
                )
            source = source.replace(old, new)
    return source


def _edits(mistake: Mistake, network: str, style: str) -> tuple[tuple[str, str], ...]:
    return mistake.edits.get(f"{network}/{style}", mistake.edits.get(style, ()))


def sides(name: str, network: str, thorough: bool = True) -> list[Side]:
    """All sides of a mistake's variants on a network that trials are needed for, each once.

    Parameters
    ----------
    name, network : str
    thorough : bool
        Whether the variants that only the thorough profile measures are wanted, too.
    """
    found = {
        side: None
        for variant in load(name).variants
        if (thorough or not variant.thorough) and (variant.networks is None or network in variant.networks)
        for side in (*variant.honest, *variant.distorted)
        if not side.published
    }
    # Two sides that differ in the figure alone are one trial.
    return list({dataclasses.replace(side, figure=EPOCH): None for side in found})
