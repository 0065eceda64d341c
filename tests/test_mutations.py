"""The gate's own proof: slips that people make when porting are planted one by one, and it names each.

Each slip is one replacement in a copy of a real implementation, run in its framework's environment and
judged as any implementation is. The gate promises more than to refuse it: the first thing that it names
as different is where that slip begins to show.

What the gate does not see: NumPy in float32 that poses as a framework, because it is a computation in
float32 of the right numbers.
"""

import dataclasses
import pathlib
import re
import shutil

import pytest
from slips import Slip, slip
from slips_mxnet import GLUON_STEPS, MXNET_SLIPS
from slips_tensorflow import TENSORFLOW_SLIPS

import tfmxbench
from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import data, environments, gate, prepared, worker
from tfmxbench.networks import catalogue

# What the gate reads: 50 batches of 128 images and half a batch, and 256 test images.
TRAIN_IMAGES, TEST_IMAGES = 7000, 500

# Training does not reach what predicts.
STALE = [
    slip(
        "the module that predicts has parameters of its own",
        "mlp/module",
        "for_training=True, shared_module=module)",
        "for_training=True)",
        "the logits after the steps differs",
        (
            "    model.module.set_params(values, aux_params={})\n",
            "    model.module.set_params(values, aux_params={})\n"
            "    model.predictor.set_params(values, aux_params={})\n",
        ),
    ),
    slip(
        "the module that predicts is fused, and keeps the weights of its first call",
        "mlp/module",
        "for_training=True, shared_module=module)",
        "for_training=False, shared_module=module)",
        "the logits after the steps differs",
    ),
    slip(
        "the executor that predicts is fused, and keeps the weights of its first call",
        "lenet/symbol",
        "args_grad=gradients)",
        'grad_req="null")',
        "the logits after the steps differs",
    ),
    slip(
        "a copy of the network predicts",
        "mlp/keras_function",
        "        return network(x, training=False)\n",
        "        return copy(x, training=False)\n",
        "the logits after the steps differs",
        ("    @tf.function\n", "    copy = tf.keras.models.clone_model(network)\n\n    @tf.function\n"),
        ("SimpleNamespace(task=task, ", "SimpleNamespace(task=task, copy=copy, "),
        (
            "def get_parameters(",
            "    model.copy.set_weights([parameters[name] for name in model.task.parameters])\n\n\n"
            "def get_parameters(",
        ),
    ),
]

# What computes the same in another way is no slip, or the gate would refuse more than it should.
EQUALS = [
    slip(
        "the rate outside of the velocity",
        "mlp/variables_function",
        "velocity.assign(task.momentum * velocity - task.learning_rate * gradient)",
        "velocity.assign(task.momentum * velocity - gradient)",
        "",
        ("assign_add(velocity)", "assign_add(task.learning_rate * velocity)"),
    ),
    slip(
        "the mean of the losses before the gradient",
        "mlp/gluon_hybrid",
        "            losses = model.loss_function(model.network(batch_x), batch_y)\n",
        "            losses = model.loss_function(model.network(batch_x), batch_y).mean()\n",
        "",
        (GLUON_STEPS, "        model.trainer.step(1)\n"),
    ),
    slip(
        "nothing but another name",
        "lenet/gluon",
        '"""Gluon: ',
        '"""Gluon, again: ',
        "",
    ),
]


@pytest.fixture(scope="module")
def package_copy(tmp_path_factory) -> pathlib.Path:
    """The package, copied to where files can be added to it; trials are run from there."""
    copy = tmp_path_factory.mktemp("mutations") / "tfmxbench"
    source = pathlib.Path(tfmxbench.__file__).parent
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "__file__", str(copy / "measure" / "worker.py"))
        yield copy


@pytest.fixture(scope="module")
def found_environments() -> dict:
    names = ("mxnet", "numpy", "tensorflow")
    return {(name, "cpu"): environments.find(name, "cpu") for name in names}


@pytest.fixture(scope="module")
def the_gate(tmp_path_factory, found_environments, package_copy) -> gate.Gate:
    """The gate on the first images of the data set, which are all that it needs for its steps."""
    dataset = data.load_from_environment()
    arrays = {
        name: values[: TRAIN_IMAGES if name.startswith("train") else TEST_IMAGES]
        for name, values in dataset.arrays.items()
    }
    # Shared by the modules of a session: computing LeNet in NumPy takes the longest of all.
    shared = tmp_path_factory.getbasetemp() / "gate"
    path = prepared.write_prepared(arrays, shared, dataset.name)
    return gate.Gate(
        environments=found_environments,
        data_name=dataset.name,
        data_sha256=path.stem,
        data_path=path,
        threads=1,
        seed=0,
        epochs=0,
        cache=shared / "parity",
    )


@pytest.fixture
def judge_source(the_gate, package_copy):
    """Put a file into a network's folder, and return what the gate finds."""

    def judge(network: str, style: str, source: str, epochs: int = 0) -> Parity:
        # Each has a name of its own, as Python keeps bytecode by the file's name.
        path = package_copy / "networks" / network / f"{re.sub('[^a-z0-9]+', '_', style.lower())}.py"
        path.write_text(source, encoding="utf-8")
        implementation = catalogue.describe(path)
        problem = the_gate.environments[implementation.framework, "cpu"].problem
        if problem:
            pytest.skip(f"{implementation.framework} cannot run here: {problem}")
        try:
            return dataclasses.replace(the_gate, epochs=epochs).compare(implementation, "cpu")
        finally:
            path.unlink()

    return judge


@pytest.fixture
def judge(judge_source, package_copy):
    """Plant a slip, and return what the gate finds."""

    def judge(planted: Slip, epochs: int = 0) -> Parity:
        network, _, style = planted.where.partition("/")
        source = (package_copy / "networks" / network / f"{style}.py").read_text(encoding="utf-8")
        for old, new in planted.replacements:
            assert source.count(old) == 1, f"{planted.where} has {source.count(old)} times: {old}"
            source = source.replace(old, new)
        return judge_source(network, f"{style} {planted.name}", source, epochs)

    return judge


def named(slips: list[Slip]) -> list:
    return [pytest.param(planted, id=f"{planted.where}: {planted.name}") for planted in slips]


@pytest.mark.parametrize("planted", named(TENSORFLOW_SLIPS))
def test_a_slip_in_tensorflow_is_caught_where_it_begins_to_show(judge, planted):
    found = judge(planted)
    assert not found.passed
    assert re.match(planted.first, found.reason, re.DOTALL), found.reason


@pytest.mark.parametrize("planted", named(MXNET_SLIPS))
def test_a_slip_in_mxnet_is_caught_where_it_begins_to_show(judge, planted):
    found = judge(planted)
    assert not found.passed
    assert re.match(planted.first, found.reason, re.DOTALL), found.reason


@pytest.mark.parametrize("planted", named(STALE))
def test_a_prediction_that_training_does_not_reach_is_caught(judge, planted):
    found = judge(planted)
    assert not found.passed
    assert re.match(planted.first, found.reason, re.DOTALL), found.reason


@pytest.mark.parametrize("planted", named(EQUALS))
def test_what_computes_the_same_passes(judge, planted):
    found = judge(planted)
    assert found.passed, found.reason


# An implementation that does not compute, but passes on what the reference computed.

BORROWED = '''"""Numbers of the reference, passed on as if a framework had computed them."""

import numpy as np
import {module}

{borrow}

STYLE = {{"level": "low", "paradigm": "imperative"}}
build, train = reference.build, reference.train
set_parameters, get_parameters = reference.set_parameters, reference.get_parameters


def predict(model, x):
    return reference.predict(model, x).astype(np.float32)
'''


@pytest.mark.parametrize("module", ["mxnet", "tensorflow"])
@pytest.mark.parametrize(
    ("borrow", "reason"),
    [
        ("from tfmxbench.networks.mlp import reference", "it imports tfmxbench;"),
        ("from . import reference", "it imports .;"),
        (
            "import importlib\nreference = importlib.import_module('tfmxbench.networks.mlp.reference')",
            "it imports importlib;",
        ),
        (
            "reference = __import__('tfmxbench.networks.mlp.reference', fromlist=['train'])",
            "the losses agree with the float64 reference to",
        ),
    ],
    ids=["absolute", "relative", "importlib", "hidden"],
)
def test_the_references_numbers_are_not_taken_for_a_frameworks(judge_source, module, borrow, reason):
    found = judge_source("mlp", f"{module} {borrow}", BORROWED.format(module=module, borrow=borrow))
    assert not found.passed
    assert found.reason.startswith(reason), found.reason
