"""Mistakes that framework comparisons make: one file each, switched on in separate trials.

Each module of this folder defines a :class:`Mistake` called ``MISTAKE``. Listing the folder finds them.
A published comparison never contains anything that was measured under a mistake: such trials have the
purpose ``mistake``, and a results file keeps their records in a separate list.

These modules run in the frameworks' environments too, so they need nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

FOLDER = pathlib.Path(__file__).parent

# The styles that most mistakes are shown with: TensorFlow on the first side, MXNet on the second.
FIRST = "keras_function"
SECOND = "gluon_hybrid"

# The quantities that are compared. Less is better in all of them.
EPOCH = "seconds per epoch, after warm-up"
FIRST_PASS = "seconds for the first epoch"
ALL_PASSES = "seconds per epoch, over all passes"
MEMORY = "peak memory of the process"
ERROR = "test error after the first pass"
LAST_ERROR = "test error after the last pass"


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two sides of a comparison: the style, its mistakes, and the quantity that is compared.

    Attributes
    ----------
    style : str
    mistakes : tuple of str
        Names of the mistakes that are switched on; none for the control.
    quantity : str
        One of the quantities that this module names.
    batch_size : int or None
        Images in a batch; None for the task's own.
    published : bool
        Whether the side takes its values from the published comparison, so that it needs no trials.
    """

    style: str
    mistakes: tuple[str, ...] = ()
    quantity: str = EPOCH
    batch_size: int | None = None
    published: bool = False


Sides = tuple[Side, Side]


@dataclasses.dataclass(frozen=True)
class Source:
    """A public example of a mistake, or a warning about it.

    Attributes
    ----------
    name : str
        Name of the thread, the project or the paper.
    address : str
    summary : str
        The events there, in a sentence or two.
    """

    name: str
    address: str
    summary: str


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way of making a mistake.

    Attributes
    ----------
    title : str
        The variant in a few words.
    distorted : tuple of Side, Side
        The two sides that the mistake compares.
    honest : tuple of Side, Side
        The two sides that should be compared.
    unpaired : bool
        Whether the mistake compares one run of each side, from any two rounds.
    networks : tuple of str or None
        Networks on which the mistake can be made; None for all.
    remedy : bool
        Whether this is the remedy for a mistake, shown next to it, rather than a mistake.
    thorough : bool
        Whether only the thorough profile measures it, because it harms the other framework in the same
        way.
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
    """A mistake: what it is, how to switch it on, and what to compare it with.

    Attributes
    ----------
    title : str
        A heading.
    description : str
        The effect of the mistake, and why it misleads.
    sources : tuple of Source
        Public examples and warnings.
    check : str
        An item for a checklist that would have prevented the mistake.
    variants : tuple of Variant
    edits : mapping of str to tuple of (str, str)
        By ``network/style``, or by style for all networks: text that occurs exactly once in the
        implementation's source, and its replacement.
    switch_on : callable or None
        Changes the harness of the trial's process, before anything is measured.
    environment : callable or None
        Changes the environment variables with which the trial's process starts.
    needs_both_frameworks : bool
        Whether the process needs the environment that holds both frameworks.
    brief : bool
        Whether the default profile also measures it on networks whose epoch is long.
    """

    title: str
    description: str
    sources: tuple[Source, ...]
    check: str
    variants: tuple[Variant, ...]
    edits: Mapping[str, tuple[tuple[str, str], ...]] = dataclasses.field(default_factory=dict)
    switch_on: Callable[[Harness], None] | None = None
    environment: Callable[[dict[str, str]], dict[str, str]] | None = None
    needs_both_frameworks: bool = False
    brief: bool = False


@dataclasses.dataclass(frozen=True)
class Harness:
    """The parts of its trial's process that a mistake can change.

    Attributes
    ----------
    loading : module
        :mod:`tfmxbench.worker.loading`.
    framework : module
        The trial's module of :mod:`tfmxbench.frameworks`.
    trial : Trial
    """

    loading: Any
    framework: Any
    trial: Any


def both(
    first: str = FIRST, second: str = SECOND, quantity: str = EPOCH, published: bool = False
) -> tuple[Side, Side]:
    """Two sides without a mistake."""
    return (
        Side(first, quantity=quantity, published=published),
        Side(second, quantity=quantity, published=published),
    )


def names() -> list[str]:
    """List the names of the mistakes, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def load(name: str) -> Mistake:
    """Load a mistake by its name.

    Raises
    ------
    ValueError
        If no mistake has that name.
    """
    if name not in names():
        raise ValueError(f"there is no mistake {name!r}; there are {', '.join(names())}")
    mistake: Mistake = importlib.import_module(f"{__name__}.{name}").MISTAKE
    return mistake


def changes_code(mistakes: Sequence[str], network: str, style: str) -> bool:
    """Whether any of the mistakes edits an implementation."""
    return any(_edits(load(name), network, style) for name in mistakes)


def edited(source: str, mistakes: Sequence[str], network: str, style: str) -> str:
    """Return an implementation's source with the mistakes in it.

    Raises
    ------
    ValueError
        If the text that an edit replaces does not occur exactly once.
    """
    for name in mistakes:
        for old, new in _edits(load(name), network, style):
            if source.count(old) != 1:
                raise ValueError(
                    f"the mistake {name} replaces {old!r} in {network}/{style}, where it occurs "
                    f"{source.count(old)} times instead of once"
                )
            source = source.replace(old, new)
    return source


def _edits(mistake: Mistake, network: str, style: str) -> tuple[tuple[str, str], ...]:
    return mistake.edits.get(f"{network}/{style}", mistake.edits.get(style, ()))


def sides(name: str, network: str, thorough: bool = True) -> list[Side]:
    """List the sides of a mistake's variants that need trials on a network, each once.

    Parameters
    ----------
    name, network : str
    thorough : bool
        Whether to include the variants that only the thorough profile measures.
    """
    needed = {
        side: None
        for variant in load(name).variants
        if (thorough or not variant.thorough) and (variant.networks is None or network in variant.networks)
        for side in (*variant.honest, *variant.distorted)
        if not side.published
    }
    # Two sides that differ only in the quantity share one trial.
    return list({dataclasses.replace(side, quantity=EPOCH): None for side in needed})
