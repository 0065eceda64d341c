"""The parity gate's judgement: does an implementation compute what the float64 reference computes?"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import sys
from collections.abc import Mapping

import numpy as np

from tfmxbench import frameworks
from tfmxbench.records.parity import Parity


@dataclasses.dataclass(frozen=True)
class Bars:
    """The greatest deviations from the reference that float32 arithmetic is granted.

    Attributes
    ----------
    logits : float
        Before training, relative to the greatest logit.
    losses : float
        Of each single step, and of the same steps taken in one pass; relative.
    parameters : float
        After the steps and after the pass; of each parameter, relative by norm. The logits after
        the steps are held to it too, and those of another model with the trained parameters.
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


# Adam divides by gradients as small as their own rounding, so its bar for the losses is wider.
BARS = {
    "momentum": Bars(logits=1e-5, losses=1e-5, parameters=1e-4, epoch_loss=1e-3, accuracy=1e-3),
    "adam": Bars(logits=1e-5, losses=5e-5, parameters=1e-4, epoch_loss=1e-3, accuracy=1e-3),
}

# Fifty losses in float32 cannot all agree with float64 to this: half a unit in the last place of
# float32 is 6e-8 of a value.
TOO_CLOSE = 1e-10


def relative(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Relative deviations, element by element; NaN where ``found`` is NaN."""
    deviation: np.ndarray = np.abs(found - expected) / np.maximum(np.abs(expected), 1e-12)
    return deviation


def parameter_deviations(
    found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], kind: str
) -> dict[str, float]:
    """Relative deviation by norm of each parameter of a kind, ``step`` or ``pass``."""
    deviations = {}
    for key, value in expected.items():
        if not key.startswith(f"{kind}/"):
            continue
        name = key.removeprefix(f"{kind}/")
        if key not in found or found[key].shape != value.shape:
            deviations[name] = float("nan")
            continue
        difference = np.linalg.norm(found[key].astype(np.float64) - value)
        deviations[name] = float(difference / max(float(np.linalg.norm(value)), 1e-12))
    return deviations


def logit_deviation(found: np.ndarray, expected: np.ndarray) -> float:
    """The greatest deviation of a logit, relative to the greatest logit; NaN for another shape."""
    if found.shape != expected.shape:
        return float("nan")
    return float(np.abs(found - expected).max()) / max(float(np.abs(expected).max()), 1e-12)


def judge(
    found: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    bars: Bars,
    identity: tuple[str, str, str, str],
) -> Parity:
    """Hold an implementation's numbers against the reference's.

    Parameters
    ----------
    found, expected : mapping of str to numpy.ndarray
        What :func:`tfmxbench.worker.parity.parity_arrays` returns.
    bars : Bars
    identity : tuple of str
        Network, style, framework and device.

    Returns
    -------
    Parity
        Passed, or failed with the first thing that differs.
    """
    for name in ("losses", "pass_loss", "epoch_loss", "accuracy"):
        if name in expected and name in found and found[name].shape != expected[name].shape:
            reason = f"{name} has the shape {found[name].shape}; it should be {expected[name].shape}"
            return Parity(*identity, passed=False, reason=reason, losses=[], deviations=[])
    steps = [f"the loss of step {number + 1}" for number in range(len(expected["losses"]))]
    checks: list[tuple[str, float, float]] = []

    logits = logit_deviation(found["logits"], expected["logits"])
    checks.append(("the logits before training", logits, bars.logits))
    deviations = relative(found["losses"], expected["losses"])
    checks += [(step, float(value), bars.losses) for step, value in zip(steps, deviations, strict=True)]
    after_steps = parameter_deviations(found, expected, "step")
    checks += [(f"{name} after the steps", value, bars.parameters) for name, value in after_steps.items()]
    trained_logits = logit_deviation(found["trained_logits"], expected["trained_logits"])
    checks.append(("the logits after the steps", trained_logits, bars.parameters))
    reloaded_logits = logit_deviation(found["reloaded_logits"], expected["reloaded_logits"])
    what = "the logits of another model with the trained parameters"
    checks.append((what, reloaded_logits, bars.parameters))
    pass_loss = float(relative(found["pass_loss"], expected["pass_loss"]))
    checks.append(("the mean loss of the same steps in one pass", pass_loss, bars.losses))
    after_pass = parameter_deviations(found, expected, "pass")
    checks += [(f"{name} after the pass", value, bars.parameters) for name, value in after_pass.items()]
    epoch_loss = accuracy = epoch_loss_deviation = accuracy_deviation = None
    if "epoch_loss" in expected and "epoch_loss" in found:
        epoch_loss, accuracy = float(found["epoch_loss"]), float(found["accuracy"])
        epoch_loss_deviation = float(relative(found["epoch_loss"], expected["epoch_loss"]))
        accuracy_deviation = abs(accuracy - float(expected["accuracy"]))
        checks.append(("the mean loss of the first epoch", epoch_loss_deviation, bars.epoch_loss))
        checks.append(("the test accuracy after the first epoch", accuracy_deviation, bars.accuracy))

    reason = ""
    if found["logits"].dtype != np.float32:
        reason = f"the logits are {found['logits'].dtype}; they should be float32"
    for what, deviation, bar in checks:
        # A deviation that is not a number is no deviation within the bar.
        if reason or deviation <= bar:
            continue
        reason = f"{what} differs by {deviation:.1e}; the bar is {bar:.0e}"
    if not reason and float(deviations.max()) < TOO_CLOSE:
        reason = (
            f"the losses agree with the float64 reference to {float(deviations.max()):.0e}, "
            "which no computation in float32 does"
        )
    return Parity(
        *identity,
        passed=not reason,
        reason=reason,
        losses=_numbers(found["losses"]),
        deviations=_numbers(deviations),
        logits=_number(logits),
        trained_logits=_number(trained_logits),
        reloaded_logits=_number(reloaded_logits),
        pass_loss=_number(pass_loss),
        parameters=_number(max(after_steps.values(), key=_nan_last)),
        pass_parameters=_number(max(after_pass.values(), key=_nan_last)),
        epoch_loss=_number(epoch_loss),
        accuracy=_number(accuracy),
        epoch_loss_deviation=_number(epoch_loss_deviation),
        accuracy_deviation=_number(accuracy_deviation),
    )


def _nan_last(value: float) -> float:
    return value if np.isfinite(value) else float("inf")


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _numbers(values: np.ndarray) -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def foreign_imports(path: pathlib.Path, framework: str) -> list[str]:
    """Modules that an implementation imports and should not.

    It imports its framework, NumPy and the standard library; one that imported the reference could
    return the reference's numbers as its own.
    """
    allowed = {frameworks.load(framework).MODULE, "numpy", *sys.stdlib_module_names}
    # Nor does it need what imports by name.
    allowed -= {"importlib", "runpy", "imp", "subprocess", "ctypes"}
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add("." if node.level else str(node.module).split(".")[0])
    return sorted(imported - allowed)


def between(first: Parity, second: Parity) -> float:
    """The greatest relative difference of two implementations' losses at a step.

    NaN where they are not of the same steps, and infinite where it is too great for a float.
    """
    one, other = np.array(first.losses), np.array(second.losses)
    if len(one) != len(other) or not len(one):
        return float("nan")
    with np.errstate(over="ignore"):
        return float(relative(one, other).max())
