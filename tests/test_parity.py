"""The parity gate's judgement, on made-up numbers, and what an implementation may import."""

import dataclasses
import json

import numpy as np
import pytest
from made_up_numbers import reference_numbers, rounded

from tfmxbench.analysis import parity
from tfmxbench.networks import catalogue
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_parity

IDENTITY = ("mlp", "made_up", "mxnet", "cpu")
MOMENTUM, ADAM = parity.TOLERANCES["momentum"], parity.TOLERANCES["adam"]


def judge(found, bars=MOMENTUM, expected=None) -> Parity:
    """The judgement, which can be stored whatever was found."""
    judged = parity.judge(found, reference_numbers() if expected is None else expected, bars, IDENTITY)
    check_parity(json.loads(json.dumps(dataclasses.asdict(judged), allow_nan=False)))
    return judged


def test_what_differs_by_float32_rounding_alone_passes():
    judged = judge(rounded(reference_numbers()))
    assert (judged.passed, judged.reason) == (True, "")
    assert (judged.network, judged.style, judged.framework, judged.device) == IDENTITY
    assert judged.name == "mlp/made_up"
    assert judged.losses == rounded(reference_numbers())["losses"].tolist()
    assert len(judged.deviations) == 50
    assert judged.worst == max(judged.deviations)
    assert 1e-9 < judged.worst < 6e-8
    for figure in (judged.logits, judged.pass_loss, judged.parameters, judged.pass_parameters):
        assert 0 < figure < 6e-8
    assert judged.accuracy == 0.9432
    assert judged.accuracy_deviation == 0


def test_without_a_whole_epoch_its_figures_are_none():
    expected = reference_numbers()
    del expected["epoch_loss"], expected["accuracy"]
    judged = judge(rounded(reference_numbers()), expected=expected)
    assert judged.passed
    figures = (judged.epoch_loss, judged.accuracy, judged.epoch_loss_deviation, judged.accuracy_deviation)
    assert figures == (None,) * 4


def shifted(place: str, bars: parity.Tolerances, share: float) -> dict[str, np.ndarray]:
    """Numbers of which those of one place are off by a share of their bar, and the others are right."""
    expected = reference_numbers()
    found = rounded(expected)
    name, _, index = place.partition(" ")
    values = expected[name].copy()
    if name in ("trained_logits", "reloaded_logits"):
        found[name] = (values + share * bars.parameters * np.abs(values).max()).astype(np.float32)
    elif name == "logits":
        found[name] = (values + share * bars.logits * np.abs(values).max()).astype(np.float32)
    elif name == "losses":
        values[int(index)] *= 1 + share * bars.losses
        found[name] = values.astype(np.float32).astype(np.float64)
        found[name][int(index)] = values[int(index)]
    elif name == "accuracy":
        found[name] = values - share * bars.accuracy
    else:
        bar = {"pass_loss": bars.losses, "epoch_loss": bars.epoch_loss}.get(name, bars.parameters)
        found[name] = values * (1 + share * bar)
    return found


PLACES = {
    "logits": "the logits before training differs by",
    "losses 0": "the loss of step 1 differs by",
    "losses 1": "the loss of step 2 differs by",
    "losses 49": "the loss of step 50 differs by",
    "step/kernel": "kernel after the steps differs by",
    "step/bias": "bias after the steps differs by",
    "trained_logits": "the logits after the steps differs by",
    "reloaded_logits": "the logits of another model with the trained parameters differs by",
    "pass_loss": "the mean loss of the same steps in one pass differs by",
    "pass/kernel": "kernel after the pass differs by",
    "pass/bias": "bias after the pass differs by",
    "epoch_loss": "the mean loss of the first epoch differs by",
    "accuracy": "the test accuracy after the first epoch differs by",
}


@pytest.mark.parametrize("optimizer", parity.TOLERANCES)
@pytest.mark.parametrize(("place", "words"), PLACES.items())
def test_a_difference_beyond_its_bar_is_named_and_one_within_it_passes(place, words, optimizer):
    bars = parity.TOLERANCES[optimizer]
    beyond = judge(shifted(place, bars, 1.2), bars)
    assert not beyond.passed
    assert beyond.reason.startswith(words)
    assert judge(shifted(place, bars, 0.8), bars).passed


def test_every_task_has_bars_and_adams_are_wider_for_losses_alone():
    assert {catalogue.task(name).optimizer for name in catalogue.networks()} == parity.TOLERANCES.keys()
    assert dataclasses.replace(MOMENTUM, losses=ADAM.losses) == ADAM
    between = shifted("losses 7", MOMENTUM, 3)
    assert not judge(between, MOMENTUM).passed
    assert judge(between, ADAM).passed


def test_of_several_differences_the_first_is_named_in_the_order_of_computing():
    found = rounded(reference_numbers())
    named = []
    for place in reversed(PLACES):
        name = place.partition(" ")[0]
        if name == "losses":
            found[name][int(place.partition(" ")[2])] *= 2
        else:
            found[name] = found[name] / 2
        named.append(judge(found).reason.partition(" by ")[0] + " by")
    assert named == list(PLACES.values())[::-1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("place", "words"), PLACES.items())
def test_what_is_not_a_number_is_never_within_a_bar(place, words, value):
    found = rounded(reference_numbers())
    name, _, index = place.partition(" ")
    if name == "losses":
        found[name][int(index)] = value
    elif found[name].ndim:
        found[name].flat[-1] = value
    else:
        found[name] = np.array(value)
    judged = judge(found)
    assert not judged.passed
    assert judged.reason.startswith(words)


def test_an_implementation_without_one_finite_loss_fails_and_has_no_worst():
    found = rounded(reference_numbers())
    found["losses"][:] = float("nan")
    judged = judge(found)
    assert not judged.passed
    assert (judged.losses, judged.deviations, judged.worst) == ([], [], None)


def test_a_reference_that_is_not_a_number_passes_nobody():
    expected = reference_numbers()
    expected["losses"][3] = float("nan")
    assert judge(rounded(reference_numbers()), expected=expected).reason.startswith("the loss of step 4")
    assert not judge(rounded(expected), expected=expected).passed


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64])
def test_logits_that_are_not_float32_fail(dtype):
    found = rounded(reference_numbers())
    found["logits"] = found["logits"].astype(dtype)
    judged = judge(found)
    assert not judged.passed
    assert judged.reason == f"the logits are {np.dtype(dtype)}; they should be float32"


@pytest.mark.parametrize("shape", [(10, 8), (80,), (8, 10, 1), (1, 8, 10)])
def test_logits_of_another_shape_fail(shape):
    found = rounded(reference_numbers())
    found["logits"] = found["logits"].reshape(shape)
    assert judge(found).reason.startswith(PLACES["logits"])


def test_logits_of_fewer_images_fail():
    found = rounded(reference_numbers())
    found["logits"] = found["logits"][:1]
    assert judge(found).reason.startswith(PLACES["logits"])


@pytest.mark.parametrize("place", ["step/kernel", "step/bias", "pass/kernel", "pass/bias"])
def test_a_parameter_that_is_missing_fails(place):
    found = rounded(reference_numbers())
    del found[place]
    assert judge(found).reason.startswith(PLACES[place])


@pytest.mark.parametrize("place", ["step/kernel", "pass/kernel"])
@pytest.mark.parametrize("change", [np.transpose, np.ravel, lambda kernel: kernel[:1]])
def test_a_parameter_of_another_shape_fails(place, change):
    found = rounded(reference_numbers())
    found[place] = change(found[place])
    assert judge(found).reason.startswith(PLACES[place])


def test_a_parameter_that_should_be_zero_is_compared():
    expected = reference_numbers()
    expected["step/bias"][:] = 0
    assert judge(rounded(expected), expected=expected).passed
    found = rounded(expected)
    found["step/bias"][0] = 1e-6
    assert judge(found, expected=expected).reason.startswith(PLACES["step/bias"])


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-11])
def test_losses_that_agree_with_float64_are_not_believed(scale):
    """In float32 fifty of them cannot; so they are the reference's own."""
    expected = reference_numbers()
    found = rounded(expected)
    found["losses"] = expected["losses"] * (1 + scale)
    judged = judge(found)
    assert not judged.passed
    assert "which no computation in float32 does" in judged.reason


def test_a_few_losses_that_happen_to_agree_are_believed():
    expected = reference_numbers()
    found = rounded(expected)
    found["losses"][:49] = expected["losses"][:49]
    assert judge(found).passed


def test_the_difference_of_two_implementations_is_the_greatest_of_any_step():
    first = judge(rounded(reference_numbers()))
    second = dataclasses.replace(first, losses=[*first.losses[:-1], first.losses[-1] * 1.5])
    assert parity.between(second, first) == pytest.approx(0.5)
    assert parity.between(first, first) == 0
    assert np.isnan(parity.between(first, dataclasses.replace(first, losses=first.losses[:-1])))


# What an implementation imports.


@pytest.mark.parametrize(
    ("line", "found"),
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
def test_an_import_of_anything_but_framework_and_numpy_is_found_wherever_it_stands(tmp_path, line, found):
    path = tmp_path / "slip.py"
    path.write_text(f"import mxnet\n{line}\n", encoding="utf-8")
    assert parity.foreign_imports(path, "mxnet") == found


def test_framework_numpy_and_standard_library_are_nothing_foreign(tmp_path):
    path = tmp_path / "fine.py"
    lines = ["from types import SimpleNamespace", "import math", "import numpy as np", "import mxnet as mx"]
    path.write_text("\n".join([*lines, "from mxnet.gluon import nn", ""]), encoding="utf-8")
    assert parity.foreign_imports(path, "mxnet") == []


@pytest.mark.parametrize("implementation", catalogue.select(), ids=lambda item: item.name)
def test_no_implementation_imports_anything_foreign(implementation):
    assert parity.foreign_imports(implementation.path, implementation.framework) == []
