"""The profiles: how much a campaign measures, and of which implementations."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfmxbench.networks import Task, catalogue
from tfmxbench.networks.catalogue import Implementation

# A trial's ``pass_batches`` when a pass is a whole epoch.
WHOLE_EPOCH = 0


@dataclasses.dataclass(frozen=True)
class Epoch:
    """A pass over a whole epoch; ``EPOCH`` is the only one."""

    def pass_batches(self, task: Task, batch_size: int | None = None) -> int:
        """The ``pass_batches`` of a trial, for the task's batch size or another one."""
        return WHOLE_EPOCH


EPOCH = Epoch()


@dataclasses.dataclass(frozen=True)
class Batches:
    """A pass over a number of batches.

    Attributes
    ----------
    batches : int
    """

    batches: int

    def pass_batches(self, task: Task, batch_size: int | None = None) -> int:
        """The ``pass_batches`` of a trial, for the task's batch size or another one."""
        return self.batches


@dataclasses.dataclass(frozen=True)
class Images:
    """A pass over as many whole batches as a number of images fills.

    Attributes
    ----------
    images : int
    """

    images: int

    def pass_batches(self, task: Task, batch_size: int | None = None) -> int:
        """The ``pass_batches`` of a trial, for the task's batch size or another one."""
        return max(1, self.images // (batch_size or task.batch_size))


@dataclasses.dataclass(frozen=True)
class TimedPass:
    """The pass that the network states in ``task.timed_batches``, or a part of it.

    Another batch size changes the number of batches, and leaves the number of images.

    Attributes
    ----------
    divisor : int
        One batch in ``divisor`` is taken. A short epoch is always taken whole.
    """

    divisor: int = 1

    def pass_batches(self, task: Task, batch_size: int | None = None) -> int:
        """The ``pass_batches`` of a trial, for the task's batch size or another one."""
        if not task.has_long_epoch:
            return WHOLE_EPOCH
        images = task.timed_batches * task.batch_size // self.divisor
        return Images(images).pass_batches(task, batch_size)


@dataclasses.dataclass(frozen=True)
class UntilGoal:
    """Whole epochs until the test accuracy that the network states is reached.

    Attributes
    ----------
    most : int
        Number of epochs after which training ends in any case.
    """

    most: int


Length = Epoch | Batches | Images | TimedPass


@dataclasses.dataclass(frozen=True)
class Passes:
    """The passes of a timed trial.

    Attributes
    ----------
    first : Epoch, UntilGoal or Batches
        The training before these passes: an epoch, epochs up to a goal, or batches. It includes tracing and
        compilation, and is timed separately.
    steady : int
        Number of timed passes after it.
    length : Epoch, Batches, Images or TimedPass
        Length of each of these.
    """

    first: Epoch | UntilGoal | Batches
    steady: int
    length: Length = EPOCH

    def trial_fields(self, task: Task) -> dict[str, Any]:
        """These passes, as fields of a :class:`~tfmxbench.records.trial.Trial`."""
        fields: dict[str, Any] = {
            "epochs": 1,
            "passes": self.steady,
            "pass_batches": self.length.pass_batches(task),
            "first_batches": 0,
            "goal": None,
        }
        if isinstance(self.first, UntilGoal):
            fields |= {"epochs": self.first.most, "goal": task.accuracy_goal}
        elif isinstance(self.first, Batches):
            # Without a whole epoch, a trial counts the first pass among its passes.
            fields |= {"epochs": 0, "passes": self.steady + 1, "first_batches": self.first.batches}
        return fields


@dataclasses.dataclass(frozen=True)
class Styles:
    """A choice of implementations.

    Attributes
    ----------
    pairs : tuple of str or None
        Only these pairs of styles; None for all styles.
    long_epochs : bool
        Whether networks with a long epoch are included.
    """

    pairs: tuple[str, ...] | None = None
    long_epochs: bool = True

    def include(self, implementation: Implementation) -> bool:
        """Whether an implementation is one of them."""
        if has_long_epoch(implementation) and not self.long_epochs:
            return False
        return self.pairs is None or implementation.pair in self.pairs


ALL_STYLES = Styles()
SHORT_EPOCHS = Styles(long_epochs=False)


@dataclasses.dataclass(frozen=True)
class Axes:
    """Trials with other numbers of threads, and with other batch sizes.

    Attributes
    ----------
    styles : Styles
    batch_sizes : tuple of int
        Images in a batch. The network's own batch size is left out.
    length : Images or TimedPass
        Length of each pass.
    """

    styles: Styles
    batch_sizes: tuple[int, ...]
    length: Images | TimedPass


@dataclasses.dataclass(frozen=True)
class OtherSeeds:
    """Training with seeds that follow the campaign's own, for the accuracy alone.

    Attributes
    ----------
    number : int
        Number of seeds.
    styles : Styles
    """

    number: int
    styles: Styles


@dataclasses.dataclass(frozen=True)
class Profile:
    """How much is measured. A part whose field is None is not measured; ``budget`` is the exception.

    Attributes
    ----------
    duration : str
        Time that ``tox -e docs`` takes on two cores, for people to read.
    rounds : int
        Rounds that are measured at least; without a budget, exactly.
    budget : float or None
        Seconds for all rounds; None for no budget.
    parity_epoch : bool
        Whether the parity gate also compares a whole epoch, after the first steps.
    short_compiled, short_imperative, long_compiled, long_imperative : Passes
        The passes of a timed trial, by the network's epoch (short or long) and the style's paradigm. The two
        styles of a pair have the same paradigm, and imperative styles are the slowest.
    latency_samples : int
        Single images predicted in a timed trial.
    fastest_style : UntilGoal or None
        Training of each network's fastest style, once a campaign.
    null_test : Styles or None
        Implementations that are measured as two arms, for the null test.
    axes : Axes or None
    products : bool
        Whether the rate of matrix products is measured.
    mistakes : str
        Which mistakes are shown. ``all``: all, in all variants. ``brief``: all but the variants for the
        thorough profile, and only the mistakes marked as brief on networks with a long epoch. ``none``.
    other_seeds : OtherSeeds or None
    """

    duration: str
    rounds: int
    budget: float | None
    parity_epoch: bool
    short_compiled: Passes
    short_imperative: Passes
    long_compiled: Passes
    long_imperative: Passes
    latency_samples: int
    fastest_style: UntilGoal | None
    null_test: Styles | None
    axes: Axes | None
    products: bool
    mistakes: str
    other_seeds: OtherSeeds | None

    def passes(self, implementation: Implementation) -> Passes:
        """The passes of a timed trial of an implementation."""
        if has_long_epoch(implementation):
            return self.long_imperative if implementation.is_imperative else self.long_compiled
        return self.short_imperative if implementation.is_imperative else self.short_compiled

    def has_null_arm(self, implementation: Implementation) -> bool:
        """Whether an implementation is measured as two arms."""
        return self.null_test is not None and self.null_test.include(implementation)

    def axes_of(self, implementation: Implementation) -> Axes | None:
        """The axes along which an implementation is measured."""
        return self.axes if self.axes is not None and self.axes.styles.include(implementation) else None


PROFILES = {
    "quick": Profile(
        duration="4 to 11 minutes, depending on the machine",
        rounds=1,
        budget=None,
        parity_epoch=False,
        short_compiled=Passes(first=EPOCH, steady=1),
        short_imperative=Passes(first=EPOCH, steady=1, length=Batches(100)),
        long_compiled=Passes(first=Batches(10), steady=1, length=TimedPass(divisor=2)),
        long_imperative=Passes(first=Batches(10), steady=1, length=TimedPass(divisor=4)),
        latency_samples=10,
        fastest_style=None,
        null_test=None,
        axes=None,
        products=False,
        mistakes="none",
        other_seeds=None,
    ),
    "default": Profile(
        duration="18 to 54 minutes, depending on the machine",
        rounds=3,
        budget=17 * 60.0,
        parity_epoch=True,
        short_compiled=Passes(first=EPOCH, steady=7),
        short_imperative=Passes(first=EPOCH, steady=3),
        # Ten batches are enough to trace, to compile and to warm up.
        long_compiled=Passes(first=Batches(10), steady=1, length=TimedPass()),
        long_imperative=Passes(first=Batches(10), steady=1, length=TimedPass(divisor=2)),
        latency_samples=30,
        fastest_style=UntilGoal(most=25),
        null_test=Styles(pairs=("low level, compiled",), long_epochs=False),
        axes=Axes(
            styles=Styles(pairs=("own loop, compiled",), long_epochs=False),
            batch_sizes=(32, 1024),
            length=Images(12800),
        ),
        products=True,
        mistakes="brief",
        other_seeds=OtherSeeds(2, SHORT_EPOCHS),
    ),
    "thorough": Profile(
        duration="a night",
        rounds=5,
        budget=8 * 3600.0,
        parity_epoch=True,
        short_compiled=Passes(first=UntilGoal(most=25), steady=6),
        short_imperative=Passes(first=UntilGoal(most=25), steady=6),
        long_compiled=Passes(first=UntilGoal(most=25), steady=6, length=TimedPass()),
        long_imperative=Passes(first=UntilGoal(most=25), steady=6, length=TimedPass()),
        latency_samples=1000,
        fastest_style=None,
        null_test=ALL_STYLES,
        axes=Axes(styles=ALL_STYLES, batch_sizes=(32, 64, 256, 512, 1024), length=TimedPass()),
        products=True,
        mistakes="all",
        other_seeds=OtherSeeds(9, ALL_STYLES),
    ),
}


def has_long_epoch(implementation: Implementation) -> bool:
    """Whether an epoch of its network is too long to be timed whole."""
    return catalogue.task(implementation.network).has_long_epoch
