"""The parity gate's verdict on made-up numbers, and what an implementation may import."""

import dataclasses
import json

import numpy as np
import pytest
from made_up_numbers import reference_numbers, rounded

from tfmxbench.analysis import parity
from tfmxbench.networks import catalogue
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_against

IDENTITY = ("mlp", "made_up", "mxnet", "cpu")
MOMENTUM, ADAM = parity.TOLERANCES["momentum"], parity.TOLERANCES["adam"]


def judge(computed, tolerances=MOMENTUM, expected=None) -> Parity:
    """The verdict, which can be stored whatever the numbers are."""
    verdict = parity.judge(
        computed, reference_numbers() if expected is None else expected, tolerances, IDENTITY
    )
    check_against("parity", json.loads(json.dumps(dataclasses.asdict(verdict), allow_nan=False)))
    return verdict


def test_what_differs_by_float32_rounding_alone_passes():
    verdict = judge(rounded(reference_numbers()))
    assert (verdict.passed, verdict.reason) == (True, "")
    assert (verdict.network, verdict.style, verdict.framework, verdict.device) == IDENTITY
    assert verdict.name == "mlp/made_up"
    assert verdict.losses == rounded(reference_numbers())["losses"].tolist()
    assert len(verdict.deviations) == 50
    assert verdict.worst == max(verdict.deviations)
    assert 1e-9 < verdict.worst < 6e-8
    for deviation in (verdict.logits, verdict.pass_loss, verdict.parameters, verdict.pass_parameters):
        assert 0 < deviation < 6e-8
    assert verdict.accuracy == 0.9432
    assert verdict.accuracy_deviation == 0


def test_without_a_whole_epoch_its_values_are_none():
    expected = reference_numbers()
    del expected["epoch_loss"], expected["accuracy"]
    verdict = judge(rounded(reference_numbers()), expected=expected)
    assert verdict.passed
    values = (verdict.epoch_loss, verdict.accuracy, verdict.epoch_loss_deviation, verdict.accuracy_deviation)
    assert values == (None,) * 4


def shifted(place: str, tolerances: parity.Tolerances, share: float) -> dict[str, np.ndarray]:
    """Right numbers, except in one place, where they deviate by a share of their tolerance."""
    expected = reference_numbers()
    computed = rounded(expected)
    name, _, index = place.partition(" ")
    values = expected[name].copy()
    if name in ("trained_logits", "reloaded_logits"):
        computed[name] = (values + share * tolerances.parameters * np.abs(values).max()).astype(np.float32)
    elif name == "logits":
        computed[name] = (values + share * tolerances.logits * np.abs(values).max()).astype(np.float32)
    elif name == "losses":
        values[int(index)] *= 1 + share * tolerances.losses
        computed[name] = values.astype(np.float32).astype(np.float64)
        computed[name][int(index)] = values[int(index)]
    elif name == "accuracy":
        computed[name] = values - share * tolerances.accuracy
    else:
        tolerance = {"pass_loss": tolerances.losses, "epoch_loss": tolerances.epoch_loss}.get(
            name, tolerances.parameters
        )
        computed[name] = values * (1 + share * tolerance)
    return computed


PLACES = {
    "logits": "the logits before training differ by",
    "losses 0": "the loss of step 1 differs by",
    "losses 1": "the loss of step 2 differs by",
    "losses 49": "the loss of step 50 differs by",
    "step/kernel": "kernel after the steps differs by",
    "step/bias": "bias after the steps differs by",
    "trained_logits": "the logits after the steps differ by",
    "reloaded_logits": "the logits of another model with the trained parameters differ by",
    "pass_loss": "the mean loss of the same steps in one pass differs by",
    "pass/kernel": "kernel after the pass differs by",
    "pass/bias": "bias after the pass differs by",
    "epoch_loss": "the mean loss of the first epoch differs by",
    "accuracy": "the test accuracy after the first epoch differs by",
}


@pytest.mark.parametrize("optimizer", parity.TOLERANCES)
@pytest.mark.parametrize(("place", "words"), PLACES.items())
def test_a_difference_beyond_its_tolerance_is_named_and_one_within_it_passes(place, words, optimizer):
    tolerances = parity.TOLERANCES[optimizer]
    beyond = judge(shifted(place, tolerances, 1.2), tolerances)
    assert not beyond.passed
    assert beyond.reason.startswith(words)
    assert judge(shifted(place, tolerances, 0.8), tolerances).passed


def test_every_task_has_tolerances_and_adams_are_wider_for_losses_alone():
    assert {catalogue.task(name).optimizer for name in catalogue.networks()} == parity.TOLERANCES.keys()
    assert dataclasses.replace(MOMENTUM, losses=ADAM.losses) == ADAM
    within_adams = shifted("losses 7", MOMENTUM, 3)
    assert not judge(within_adams, MOMENTUM).passed
    assert judge(within_adams, ADAM).passed


def test_the_first_of_several_differences_is_named_in_the_order_of_computing():
    computed = rounded(reference_numbers())
    named = []
    for place in reversed(PLACES):
        name = place.partition(" ")[0]
        if name == "losses":
            computed[name][int(place.partition(" ")[2])] *= 2
        else:
            computed[name] = computed[name] / 2
        named.append(judge(computed).reason.partition(" by ")[0] + " by")
    assert named == list(PLACES.values())[::-1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("place", "words"), PLACES.items())
def test_what_is_not_a_number_is_never_within_a_tolerance(place, words, value):
    computed = rounded(reference_numbers())
    name, _, index = place.partition(" ")
    if name == "losses":
        computed[name][int(index)] = value
    elif computed[name].ndim:
        computed[name].flat[-1] = value
    else:
        computed[name] = np.array(value)
    verdict = judge(computed)
    assert not verdict.passed
    assert verdict.reason.startswith(words)


def test_an_implementation_without_one_finite_loss_fails_and_has_no_worst():
    computed = rounded(reference_numbers())
    computed["losses"][:] = float("nan")
    verdict = judge(computed)
    assert not verdict.passed
    assert (verdict.losses, verdict.deviations, verdict.worst) == ([], [], None)


def test_a_reference_that_is_not_a_number_passes_no_implementation():
    expected = reference_numbers()
    expected["losses"][3] = float("nan")
    assert judge(rounded(reference_numbers()), expected=expected).reason.startswith("the loss of step 4")
    assert not judge(rounded(expected), expected=expected).passed


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64])
def test_logits_that_are_not_float32_fail(dtype):
    computed = rounded(reference_numbers())
    computed["logits"] = computed["logits"].astype(dtype)
    verdict = judge(computed)
    assert not verdict.passed
    assert verdict.reason == f"the logits are {np.dtype(dtype)}; they should be float32"


@pytest.mark.parametrize("shape", [(10, 8), (80,), (8, 10, 1), (1, 8, 10)])
def test_logits_of_another_shape_fail(shape):
    computed = rounded(reference_numbers())
    computed["logits"] = computed["logits"].reshape(shape)
    assert judge(computed).reason.startswith(PLACES["logits"])


def test_logits_of_fewer_images_fail():
    computed = rounded(reference_numbers())
    computed["logits"] = computed["logits"][:1]
    assert judge(computed).reason.startswith(PLACES["logits"])


@pytest.mark.parametrize("place", ["step/kernel", "step/bias", "pass/kernel", "pass/bias"])
def test_a_parameter_that_is_missing_fails(place):
    computed = rounded(reference_numbers())
    del computed[place]
    assert judge(computed).reason.startswith(PLACES[place])


@pytest.mark.parametrize("place", ["step/kernel", "pass/kernel"])
@pytest.mark.parametrize("change", [np.transpose, np.ravel, lambda kernel: kernel[:1]])
def test_a_parameter_of_another_shape_fails(place, change):
    computed = rounded(reference_numbers())
    computed[place] = change(computed[place])
    assert judge(computed).reason.startswith(PLACES[place])


def test_a_parameter_that_should_be_zero_is_compared():
    expected = reference_numbers()
    expected["step/bias"][:] = 0
    assert judge(rounded(expected), expected=expected).passed
    computed = rounded(expected)
    computed["step/bias"][0] = 1e-6
    assert judge(computed, expected=expected).reason.startswith(PLACES["step/bias"])


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-11])
def test_losses_that_agree_with_float64_fail(scale):
    """Fifty losses in float32 cannot agree so closely: they must be the reference's own."""
    expected = reference_numbers()
    computed = rounded(expected)
    computed["losses"] = expected["losses"] * (1 + scale)
    verdict = judge(computed)
    assert not verdict.passed
    assert "which no computation in float32 does" in verdict.reason


def test_a_few_losses_that_happen_to_agree_pass():
    expected = reference_numbers()
    computed = rounded(expected)
    computed["losses"][:49] = expected["losses"][:49]
    assert judge(computed).passed


def test_the_difference_of_two_implementations_is_the_greatest_of_any_step():
    first = judge(rounded(reference_numbers()))
    second = dataclasses.replace(first, losses=[*first.losses[:-1], first.losses[-1] * 1.5])
    assert parity.between(second, first) == pytest.approx(0.5)
    assert parity.between(first, first) == 0
    assert np.isnan(parity.between(first, dataclasses.replace(first, losses=first.losses[:-1])))


# What an implementation imports.


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("from tfmxbench.networks.mlp import reference", ["tfmxbench"]),
        ("import tfmxbench.networks.mlp.reference as other", ["tfmxbench"]),
        ("from . import reference", ["."]),
        ("from .reference import train", ["."]),
        ("from .. import mlp", ["."]),
        ("import importlib", ["importlib"]),
        ("import importlib.util", ["importlib"]),
        ("from importlib import import_module", ["importlib"]),
        ("import runpy, subprocess, ctypes", ["ctypes", "runpy", "subprocess"]),
        ("import tensorflow as tf", ["tensorflow"]),
        ("import torch\nimport scipy", ["scipy", "torch"]),
        ("def train(model, x, y):\n    import tfmxbench", ["tfmxbench"]),
        ("try:\n    import tfmxbench\nexcept ImportError:\n    pass", ["tfmxbench"]),
        ("class A:\n    from .reference import build", ["."]),
    ],
)
def test_an_import_of_anything_but_framework_and_numpy_is_found_anywhere_in_the_file(tmp_path, line, foreign):
    path = tmp_path / "slip.py"
    path.write_text(f"import mxnet\n{line}\n", encoding="utf-8")
    assert parity.foreign_imports(path, "mxnet") == foreign


def test_framework_numpy_and_standard_library_are_not_foreign(tmp_path):
    path = tmp_path / "fine.py"
    lines = ["from types import SimpleNamespace", "import math", "import numpy as np", "import mxnet as mx"]
    path.write_text("\n".join([*lines, "from mxnet.gluon import nn", ""]), encoding="utf-8")
    assert parity.foreign_imports(path, "mxnet") == []


@pytest.mark.parametrize("implementation", catalogue.select(), ids=lambda item: item.name)
def test_no_implementation_imports_anything_foreign(implementation):
    assert parity.foreign_imports(implementation.path, implementation.framework) == []
