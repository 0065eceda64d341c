"""The parity gate's verdict: does an implementation compute what the float64 reference computes?"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from tfmxbench import frameworks
from tfmxbench.records.parity import Parity


@dataclasses.dataclass(frozen=True)
class Tolerances:
    """The greatest deviations from the reference that float32 arithmetic is granted.

    Attributes
    ----------
    logits : float
        Before training, relative to the greatest logit.
    losses : float
        For each single step, and for the same steps taken in one pass; relative.
    parameters : float
        For each parameter after the steps and after the pass, relative by norm. It also applies to the
        logits after the steps, and to those of another model with the trained parameters.
    epoch_loss : float
        Mean loss of the first epoch, relative.
    accuracy : float
        Test accuracy after the first epoch, as a share.
    """

    logits: float
    losses: float
    parameters: float
    epoch_loss: float
    accuracy: float


# Adam divides by gradients as small as their own rounding error, so its tolerance for the losses is wider.
TOLERANCES = {
    "momentum": Tolerances(logits=1e-5, losses=1e-5, parameters=1e-4, epoch_loss=1e-3, accuracy=1e-3),
    "adam": Tolerances(logits=1e-5, losses=5e-5, parameters=1e-4, epoch_loss=1e-3, accuracy=1e-3),
}

# Fifty losses in float32 cannot all agree with float64 to this: half a unit in the last place of
# float32 is 6e-8 of a value.
TOO_CLOSE = 1e-10


@dataclasses.dataclass(frozen=True)
class Deviations:
    """How far an implementation's numbers are from the reference's; NaN where they cannot be compared.

    Attributes
    ----------
    logits, trained_logits, reloaded_logits : float
        Greatest deviation of a logit before training, after the steps, and of another model with the
        trained parameters, each relative to the greatest logit.
    losses : numpy.ndarray
        Relative deviation of the loss of each single step, of shape (steps,).
    pass_loss : float
        Relative deviation of the mean loss of the same steps in one pass.
    after_steps, after_pass : dict of str to float
        The deviation of each parameter, relative by norm.
    epoch_loss, accuracy : float or None
        Relative deviation of the mean loss of the first epoch, and difference of the test accuracy after
        it; None if the implementation or the reference took no epoch.
    """

    logits: float
    losses: np.ndarray
    after_steps: dict[str, float]
    trained_logits: float
    reloaded_logits: float
    pass_loss: float
    after_pass: dict[str, float]
    epoch_loss: float | None
    accuracy: float | None


@dataclasses.dataclass(frozen=True)
class Check:
    """A deviation, and the tolerance that it must not exceed.

    Attributes
    ----------
    clause : str
        A clause that says what differs.
    deviation, tolerance : float
    """

    clause: str
    deviation: float
    tolerance: float

    @property
    def passed(self) -> bool:
        # This is also false for a deviation that is not a number.
        return self.deviation <= self.tolerance


def relative(computed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Relative deviations, element by element; NaN where a computed element is NaN."""
    deviation: np.ndarray = np.abs(computed - expected) / np.maximum(np.abs(expected), 1e-12)
    return deviation


def parameter_deviations(
    computed: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], kind: str
) -> dict[str, float]:
    """Relative deviation by norm of each parameter of a kind, ``step`` or ``pass``."""
    deviations = {}
    for key, value in expected.items():
        if not key.startswith(f"{kind}/"):
            continue
        name = key.removeprefix(f"{kind}/")
        if key not in computed or computed[key].shape != value.shape:
            deviations[name] = float("nan")
            continue
        difference = np.linalg.norm(computed[key].astype(np.float64) - value)
        deviations[name] = float(difference / max(float(np.linalg.norm(value)), 1e-12))
    return deviations


def logit_deviation(computed: np.ndarray, expected: np.ndarray) -> float:
    """The greatest deviation of a logit, relative to the greatest logit; NaN for another shape."""
    if computed.shape != expected.shape:
        return float("nan")
    return float(np.abs(computed - expected).max()) / max(float(np.abs(expected).max()), 1e-12)


def judge(
    computed: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    tolerances: Tolerances,
    identity: tuple[str, str, str, str],
) -> Parity:
    """Compare an implementation's numbers with the reference's.

    Parameters
    ----------
    computed, expected : mapping of str to numpy.ndarray
        The implementation's and the reference's, as :func:`tfmxbench.worker.parity.parity_arrays` returns
        them.
    tolerances : Tolerances
    identity : tuple of str
        Network, style, framework and device.

    Returns
    -------
    Parity
        Passed, or failed with the first thing that differs.
    """
    reason = _wrong_shape(computed, expected)
    if reason:
        return Parity(*identity, passed=False, reason=reason, losses=[], deviations=[])
    deviations = deviations_of(computed, expected)
    reason = (
        _wrong_type(computed)
        or _first_beyond(checks(deviations, tolerances))
        or _too_close(float(deviations.losses.max()))
    )
    with_epoch = deviations.epoch_loss is not None
    return Parity(
        *identity,
        passed=not reason,
        reason=reason,
        losses=_numbers(computed["losses"]),
        deviations=_numbers(deviations.losses),
        logits=_number(deviations.logits),
        trained_logits=_number(deviations.trained_logits),
        reloaded_logits=_number(deviations.reloaded_logits),
        pass_loss=_number(deviations.pass_loss),
        parameters=_number(max(deviations.after_steps.values(), key=_nan_last)),
        pass_parameters=_number(max(deviations.after_pass.values(), key=_nan_last)),
        epoch_loss=_number(float(computed["epoch_loss"])) if with_epoch else None,
        accuracy=_number(float(computed["accuracy"])) if with_epoch else None,
        epoch_loss_deviation=_number(deviations.epoch_loss),
        accuracy_deviation=_number(deviations.accuracy),
    )


def deviations_of(computed: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> Deviations:
    """Measure how far an implementation's numbers are from the reference's."""
    epoch_loss = accuracy = None
    if "epoch_loss" in expected and "epoch_loss" in computed:
        epoch_loss = float(relative(computed["epoch_loss"], expected["epoch_loss"]))
        accuracy = abs(float(computed["accuracy"]) - float(expected["accuracy"]))
    return Deviations(
        logits=logit_deviation(computed["logits"], expected["logits"]),
        losses=relative(computed["losses"], expected["losses"]),
        after_steps=parameter_deviations(computed, expected, "step"),
        trained_logits=logit_deviation(computed["trained_logits"], expected["trained_logits"]),
        reloaded_logits=logit_deviation(computed["reloaded_logits"], expected["reloaded_logits"]),
        pass_loss=float(relative(computed["pass_loss"], expected["pass_loss"])),
        after_pass=parameter_deviations(computed, expected, "pass"),
        epoch_loss=epoch_loss,
        accuracy=accuracy,
    )


def checks(deviations: Deviations, tolerances: Tolerances) -> list[Check]:
    """All checks, in the order in which an implementation computes what they compare."""
    listed = [
        ("the logits before training differ", deviations.logits, tolerances.logits),
        *(
            (f"the loss of step {number} differs", float(value), tolerances.losses)
            for number, value in enumerate(deviations.losses, start=1)
        ),
        *(
            (f"{name} after the steps differs", value, tolerances.parameters)
            for name, value in deviations.after_steps.items()
        ),
        ("the logits after the steps differ", deviations.trained_logits, tolerances.parameters),
        (
            "the logits of another model with the trained parameters differ",
            deviations.reloaded_logits,
            tolerances.parameters,
        ),
        ("the mean loss of the same steps in one pass differs", deviations.pass_loss, tolerances.losses),
        *(
            (f"{name} after the pass differs", value, tolerances.parameters)
            for name, value in deviations.after_pass.items()
        ),
    ]
    if deviations.epoch_loss is not None and deviations.accuracy is not None:
        listed += [
            ("the mean loss of the first epoch differs", deviations.epoch_loss, tolerances.epoch_loss),
            ("the test accuracy after the first epoch differs", deviations.accuracy, tolerances.accuracy),
        ]
    return [Check(*item) for item in listed]


def _wrong_shape(computed: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> str:
    """The first losses or accuracy whose shape cannot be compared; empty where there are none."""
    for name in ("losses", "pass_loss", "epoch_loss", "accuracy"):
        if name in expected and name in computed and computed[name].shape != expected[name].shape:
            return f"{name} has the shape {computed[name].shape}; it should be {expected[name].shape}"
    return ""


def _wrong_type(computed: Mapping[str, np.ndarray]) -> str:
    if computed["logits"].dtype == np.float32:
        return ""
    return f"the logits are {computed['logits'].dtype}; they should be float32"


def _first_beyond(ordered: Sequence[Check]) -> str:
    """The first check that fails, as a sentence; empty where all pass."""
    failed = next((check for check in ordered if not check.passed), None)
    if failed is None:
        return ""
    return f"{failed.clause} by {failed.deviation:.1e}; the tolerance is {failed.tolerance:.0e}"


def _too_close(greatest: float) -> str:
    if not greatest < TOO_CLOSE:
        return ""
    return (
        f"the losses agree with the float64 reference to {greatest:.0e}, which no computation in float32 does"
    )


def _nan_last(value: float) -> float:
    return value if np.isfinite(value) else float("inf")


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _numbers(values: np.ndarray) -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def foreign_imports(path: pathlib.Path, framework: str) -> list[str]:
    """Modules that an implementation imports and should not.

    It may import its framework, NumPy and the standard library. An implementation that imported the
    reference could return the reference's numbers as its own.
    """
    allowed = {frameworks.load(framework).MODULE, "numpy", *sys.stdlib_module_names}
    # These could import anything by its name, or run it.
    allowed -= {"importlib", "runpy", "imp", "subprocess", "ctypes"}
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add("." if node.level else str(node.module).split(".")[0])
    return sorted(imported - allowed)


def between(first: Parity, second: Parity) -> float:
    """The greatest relative difference between two implementations' losses at the same step.

    NaN if their numbers of steps differ or are 0, and infinite if it is too great for a float.
    """
    if len(first.losses) != len(second.losses) or not first.losses:
        return float("nan")
    with np.errstate(over="ignore"):
        return float(relative(np.array(first.losses), np.array(second.losses)).max())
