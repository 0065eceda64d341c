"""The parity gate's result for an implementation: plain values."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Parity:
    """How far an implementation is from the reference.

    Attributes
    ----------
    network : str
        Network of the implementation that was compared.
    style : str
        Style of the implementation.
    framework : str
        Framework of the implementation.
    device : str
        The device that the implementation ran on: ``cpu`` or ``gpu``.
    passed : bool
    reason : str
        Why it did not pass, such as the first value outside its tolerance; empty if it passed.
    losses : list of float
        Loss of each single step, as the implementation returned it. A failed run keeps those that are
        numbers.
    deviations : list of float
        Relative deviation of each step's loss from the reference.
    logits : float or None
        Greatest deviation of a logit before training, relative to the greatest logit; None if it is not
        a number.
    trained_logits : float or None
        Greatest deviation of a logit after the steps, relative to the greatest logit; None if it is not
        a number.
    reloaded_logits : float or None
        Greatest deviation of a logit of another model with the trained parameters, relative to the greatest
        logit; None if it is not a number.
    pass_loss : float or None
        Relative deviation of the mean loss of the same steps taken in one pass; None if it is not a number.
    parameters : float or None
        Greatest deviation of a parameter after the steps, relative by norm; None if it is not a number.
    pass_parameters : float or None
        Greatest deviation of a parameter after the pass, relative by norm; None if it is not a number.
    epoch_loss : float or None
        Mean loss of the first epoch; None if it was not computed.
    accuracy : float or None
        Test accuracy after the first epoch, as a share; None if it was not computed.
    epoch_loss_deviation : float or None
        Relative deviation of the mean loss of the first epoch from the reference; None if not computed.
    accuracy_deviation : float or None
        Difference of the test accuracy after the first epoch from the reference; None if not computed.
    batch_size : int or None
        Images in a batch; None for the network's own batch size.
    mistakes : list of str
        The mistakes that were switched on, see :mod:`tfmxbench.mistakes`.
    """

    network: str
    style: str
    framework: str
    device: str
    passed: bool
    reason: str
    losses: list[float]
    deviations: list[float]
    logits: float | None = None
    trained_logits: float | None = None
    reloaded_logits: float | None = None
    pass_loss: float | None = None
    parameters: float | None = None
    pass_parameters: float | None = None
    epoch_loss: float | None = None
    accuracy: float | None = None
    epoch_loss_deviation: float | None = None
    accuracy_deviation: float | None = None
    batch_size: int | None = None
    mistakes: list[str] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        """Network and style: ``mlp/gluon``."""
        return f"{self.network}/{self.style}"

    @property
    def worst(self) -> float | None:
        """The greatest deviation of a step's loss; None if there is none."""
        return max(self.deviations, default=None)
