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
import types
from collections.abc import Iterator, Sequence

import forked_workers
import pytest
from slips import Slip, slip
from slips_mxnet import GLUON_STEPS, MXNET_SLIPS
from slips_tensorflow import TENSORFLOW_SLIPS

import tfmxbench
from tfmxbench import data
from tfmxbench.measure import gate
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments, runner
from tfmxbench.records.parity import Parity
from tfmxbench.worker import entry, prepared

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("gate")]

FRAMEWORKS = ("mxnet", "numpy", "tensorflow")
# The gate's steps are 50; the slip that shows last shows within 20.
STEPS = 20
# What these read: batches of 128 images and half a batch, and 256 test images.
TRAIN_IMAGES, TEST_IMAGES = 3000, 300
# A test without parameters.
_NONE = types.SimpleNamespace(params={})

# Training does not reach what predicts.
STALE = [
    slip(
        "the module that predicts has parameters of its own",
        "mlp/module",
        "for_training=True, shared_module=module)",
        "for_training=True)",
        "the logits after the steps differ",
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
        "the logits after the steps differ",
    ),
    slip(
        "the executor that predicts is fused, and keeps the weights of its first call",
        "lenet/symbol",
        "args_grad=gradients)",
        'grad_req="null")',
        "the logits after the steps differ",
    ),
    slip(
        "a copy of the network predicts",
        "mlp/keras_function",
        "        return network(x, training=False)\n",
        "        return copy(x, training=False)\n",
        "the logits after the steps differ",
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

# An implementation that does not compute, but passes on what the reference computed.


@dataclasses.dataclass(frozen=True)
class Borrowed:
    """A file that poses as a framework's, how it gets at the reference, and what the gate says of it."""

    name: str
    where: str
    module: str
    borrow: str
    first: str

    def source(self, folder: pathlib.Path) -> str:
        return (
            '"""Numbers of the reference, passed on as if a framework had computed them."""\n\n'
            f"import numpy as np\nimport {self.module}\n\n{self.borrow}\n\n"
            'STYLE = {"level": "low", "paradigm": "imperative"}\n'
            "build, train = reference.build, reference.train\n"
            "set_parameters, get_parameters = reference.set_parameters, reference.get_parameters\n\n\n"
            "def predict(model, x):\n    return reference.predict(model, x).astype(np.float32)\n"
        )


BORROWED = [
    Borrowed(f"{name}, from {module}", "mlp/borrowed", module, borrow, first)
    for module in ("mxnet", "tensorflow")
    for name, borrow, first in (
        ("absolute", "from tfmxbench.networks.mlp import reference", "it imports tfmxbench;"),
        ("relative", "from . import reference", "it imports .;"),
        (
            "importlib",
            "import importlib\nreference = importlib.import_module('tfmxbench.networks.mlp.reference')",
            "it imports importlib;",
        ),
        (
            "hidden",
            "reference = __import__('tfmxbench.networks.mlp.reference', fromlist=['train'])",
            "the losses agree with the float64 reference to",
        ),
    )
]


# All are asked about at once: a framework is started, and a reference computed, once for all.


@pytest.fixture(scope="module")
def package_copy(tmp_path_factory) -> Iterator[pathlib.Path]:
    """The package, copied to where files can be added to it; trials are run from there."""
    copy = tmp_path_factory.mktemp("mutations") / "tfmxbench"
    source = pathlib.Path(tfmxbench.__file__).parent
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    steps = copy / "worker" / "parity.py"
    text = steps.read_text(encoding="utf-8")
    assert text.count("PARITY_STEPS = 50\n") == 1
    steps.write_text(text.replace("PARITY_STEPS = 50\n", f"PARITY_STEPS = {STEPS}\n"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "__file__", str(copy / "worker" / "entry.py"))
        yield copy


@pytest.fixture(scope="module")
def the_gate(tmp_path_factory, package_copy) -> gate.Gate:
    """The gate on the first images of the data set, which are all that it needs for its steps."""
    dataset = data.load_from_environment()
    arrays = {
        name: values[: TRAIN_IMAGES if name.startswith("train") else TEST_IMAGES]
        for name, values in dataset.arrays.items()
    }
    folder = tmp_path_factory.mktemp("gate")
    path = prepared.write_prepared(arrays, folder, dataset.name)
    return gate.Gate(
        environments={(name, "cpu"): environments.find(name, "cpu") for name in FRAMEWORKS},
        data_name=dataset.name,
        data_sha256=path.stem,
        data_path=path,
        threads=1,
        seed=0,
        epochs=0,
        cache=folder / "parity",
    )


@pytest.fixture(scope="module")
def plant(package_copy):
    """Put a file into a network's folder, and return the question whether it passes."""

    def plant(planted: Slip | Borrowed) -> gate.ParityCheck:
        network, _, style = planted.where.partition("/")
        folder = package_copy / "networks" / network
        # Each has a name of its own, as Python keeps bytecode by the file's name.
        name = re.sub("[^a-z0-9]+", "_", f"{style} {planted.name}".lower())
        path = folder / f"{name}.py"
        path.write_text(planted.source(folder), encoding="utf-8")
        return gate.ParityCheck(catalogue.describe(path), "cpu")

    return plant


@pytest.fixture(scope="module")
def judge(request, the_gate, plant):
    """What the gate finds of each of them that is tested in this session, asked for all of them at once."""
    selected = [
        item.callspec.params["planted"]
        for item in request.session.items
        if item.fspath == request.fspath and "planted" in getattr(item, "callspec", _NONE).params
    ]
    questions = {planted: plant(planted) for planted in selected}
    with forked_workers.forked(runner):
        verdicts = dict(the_gate.run(list(questions.values())))

    def judge(planted: Slip | Borrowed) -> Parity:
        question = questions[planted]
        if question not in verdicts:
            problem = the_gate.environments[question.implementation.framework, "cpu"].problem
            pytest.skip(f"{question.implementation.framework} cannot run here: {problem}")
        return verdicts[question]

    return judge


def named(planted: Sequence[Slip | Borrowed]) -> list:
    return [pytest.param(item, id=f"{item.where}: {item.name}") for item in planted]


@pytest.mark.parametrize("planted", named([*TENSORFLOW_SLIPS, *MXNET_SLIPS, *STALE]))
def test_a_slip_is_caught_where_it_begins_to_show(judge, planted):
    verdict = judge(planted)
    assert not verdict.passed
    assert re.match(planted.first, verdict.reason, re.DOTALL), verdict.reason


@pytest.mark.parametrize("planted", named(EQUALS))
def test_what_computes_the_same_passes(judge, planted):
    verdict = judge(planted)
    assert verdict.passed, verdict.reason
    assert len(verdict.losses) == STEPS


@pytest.mark.parametrize("planted", named(BORROWED))
def test_the_references_numbers_are_not_taken_for_a_frameworks(judge, planted):
    verdict = judge(planted)
    assert not verdict.passed
    assert verdict.reason.startswith(planted.first), verdict.reason
