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

import tfmxbench
from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import data, environments, gate, prepared, worker
from tfmxbench.networks import catalogue

# What the gate reads: 50 batches of 128 images and half a batch, and 256 test images.
TRAIN_IMAGES, TEST_IMAGES = 7000, 500

LOGITS = "the logits before training differs"
STEP_1, STEP_2, STEP_3 = (f"the loss of step {number} differs" for number in (1, 2, 3))
ANOTHER_MODEL = "the logits of another model with the trained parameters differs"
ONE_PASS = "the mean loss of the same steps in one pass differs"


@dataclasses.dataclass(frozen=True)
class Slip:
    """A mistake, how to make it, and the beginning of what the gate says of it.

    Attributes
    ----------
    name : str
        What someone did wrong.
    where : str
        The implementation that it is planted in.
    replacements : tuple of (str, str)
        What is there exactly once, and what takes its place.
    first : str
        A regular expression for the beginning of the reason.
    """

    name: str
    where: str
    replacements: tuple[tuple[str, str], ...]
    first: str


def slip(name: str, where: str, old: str, new: str, first: str, *more: tuple[str, str]) -> Slip:
    return Slip(name, where, ((old, new), *more), first)


KERAS_LOADS = "    model.network.set_weights([parameters[name] for name in model.task.parameters])\n"
KERAS_FITS = "    history = model.fit(x[:n], y[:n], batch_size=batch_size, shuffle=False, verbose=0)\n"
GLUON_STEPS = "        model.trainer.step(batch_size)\n"
MODULE_RATES = '{"learning_rate": task.learning_rate, "momentum": task.momentum}'
SYMBOL_STRIDE = '        "stride": (task.pool_size, task.pool_size),\n'
NDARRAY_POOL = 'mx.nd.Pooling(x, kernel=(size, size), stride=(size, size), pool_type="avg")'

TENSORFLOW_SLIPS = [
    # The network.
    slip(
        "pooling moves by 1",
        "lenet/keras_sequential",
        "            tf.keras.layers.AveragePooling2D(task.pool_size),\n"
        "            tf.keras.layers.Conv2D(filters2,",
        "            tf.keras.layers.AveragePooling2D(task.pool_size, strides=1),\n"
        "            tf.keras.layers.Conv2D(filters2,",
        "ValueError: .*shape",
    ),
    slip(
        "pooling takes the greatest value",
        "lenet/keras_function",
        "AveragePooling2D(task.pool_size),\n            tf.keras.layers.Flatten()",
        "MaxPooling2D(task.pool_size),\n            tf.keras.layers.Flatten()",
        LOGITS,
    ),
    slip(
        "rows and columns swapped",
        "lenet/variables_function",
        '    x = tf.nn.conv2d(x, parameters["convolution1_kernel"]',
        '    x = tf.nn.conv2d(tf.transpose(x, (0, 2, 1, 3)), parameters["convolution1_kernel"]',
        LOGITS,
    ),
    slip(
        "a hidden layer in float16",
        "mlp/keras_function",
        'tf.keras.layers.Dense(hidden2, activation="relu")',
        'tf.keras.layers.Dense(hidden2, activation="relu", dtype="mixed_float16")',
        LOGITS,
    ),
    slip(
        "softmax twice",
        "mlp/keras_function",
        "tf.keras.layers.Dense(task.classes),",
        'tf.keras.layers.Dense(task.classes, activation="softmax"),',
        LOGITS,
    ),
    # The initial values.
    slip(
        "the default initial values",
        "mlp/keras_function",
        KERAS_LOADS,
        "    pass\n",
        LOGITS,
    ),
    slip(
        "biases begin at one",
        "mlp/keras_function",
        "tf.keras.layers.Dense(task.classes),",
        'tf.keras.layers.Dense(task.classes, bias_initializer="ones"),',
        LOGITS,
        (
            KERAS_LOADS,
            "    for layer, kernel in zip(model.network.layers, list(parameters.values())[::2]):\n"
            "        layer.kernel.assign(kernel)\n",
        ),
    ),
    slip(
        "biases are not set: all begin at zero, and end elsewhere",
        "mlp/variables_eager",
        "        model.parameters[name].assign(value)\n",
        '        if name.endswith("kernel"):\n            model.parameters[name].assign(value)\n',
        ANOTHER_MODEL,
    ),
    # The loss and its gradient.
    slip(
        "the sum of the losses in place of their mean",
        "mlp/variables_function",
        "tf.reduce_mean(losses)",
        "tf.reduce_sum(losses)",
        STEP_1,
    ),
    slip(
        "the loss takes logits for probabilities",
        "mlp/keras_function",
        "from_logits=True",
        "from_logits=False",
        STEP_1,
    ),
    slip(
        "the gradient divided by the batch size twice",
        "mlp/variables_eager",
        "tape.gradient(loss, model.parameters)",
        "{n: g / task.batch_size for n, g in tape.gradient(loss, model.parameters).items()}",
        STEP_2,
    ),
    slip(
        "one bias gets no gradient",
        "mlp/variables_eager",
        "    for name, gradient in gradients.items():\n",
        '    del gradients["dense1_bias"]\n    for name, gradient in gradients.items():\n',
        STEP_2,
    ),
    # The optimiser.
    slip(
        "Keras' own epsilon, 1e-7",
        "lenet/keras_function",
        ", epsilon=task.epsilon",
        "",
        "the loss of step [2-5] differs",
    ),
    slip(
        "Adam's step counter is a constant of the graph",
        "lenet/variables_function",
        "        step.assign_add(1.0)\n",
        "        step = 1.0\n",
        STEP_3,
        ("    step = tf.Variable(0.0)\n", ""),
    ),
    slip(
        "Nesterov's momentum",
        "mlp/keras_function",
        "momentum=task.momentum",
        "momentum=task.momentum, nesterov=True",
        STEP_2,
    ),
    slip(
        "the rate applied twice",
        "mlp/variables_function",
        "assign_add(velocity)",
        "assign_add(task.learning_rate * velocity)",
        STEP_2,
    ),
    # The loop.
    slip(
        "fit shuffles",
        "mlp/keras_sequential",
        "shuffle=False",
        "shuffle=True",
        ONE_PASS,
    ),
    slip(
        "fit trains on the incomplete batch",
        "mlp/keras_sequential",
        "    n = len(x) // batch_size * batch_size\n",
        "    n = len(x)\n",
        ONE_PASS,
    ),
    slip(
        "the loop trains on the incomplete batch",
        "mlp/variables_function",
        "drop_remainder=True",
        "drop_remainder=False",
        ONE_PASS,
    ),
    slip(
        "evaluates, and does not train",
        "mlp/keras_sequential",
        KERAS_FITS,
        "    return model.evaluate(x[:n], y[:n], batch_size=batch_size, verbose=0)\n",
        STEP_2,
    ),
    slip(
        "returns a loss that is not a number",
        "mlp/keras_function",
        "    return float(total) / int(batches.cardinality())\n",
        '    return float("nan")\n',
        "the loss of step 1 differs by nan",
    ),
]

MXNET_SLIPS = [
    # The network.
    slip(
        "pooling moves by 1, its default",
        "lenet/symbol",
        SYMBOL_STRIDE,
        "",
        "(ValueError|MXNetError): .*7744",
    ),
    slip(
        "pooling moves by 1, its default, in a Module",
        "lenet/module",
        SYMBOL_STRIDE,
        "",
        "(ValueError|AssertionError|MXNetError): .*7744",
    ),
    # The same slip where no shape gives it away: what is too much is cut off.
    slip(
        "pooling moves by 1, and the shape is made to fit",
        "lenet/ndarray",
        NDARRAY_POOL,
        'mx.nd.Pooling(x, kernel=(size, size), pool_type="avg")'
        "[:, :, : x.shape[2] // size, : x.shape[3] // size]",
        LOGITS,
    ),
    slip(
        "pooling takes one pixel in four",
        "lenet/ndarray",
        NDARRAY_POOL,
        NDARRAY_POOL.replace("kernel=(size, size)", "kernel=(1, 1)"),
        LOGITS,
    ),
    slip(
        "pooling takes the greatest value, its default",
        "lenet/symbol",
        '        "pool_type": "avg",\n',
        '        "pool_type": "max",\n',
        LOGITS,
    ),
    slip(
        "rows and columns swapped",
        "lenet/ndarray",
        "x.transpose(0, 3, 1, 2)",
        "x.transpose(0, 3, 2, 1)",
        LOGITS,
    ),
    slip(
        "a hidden layer in float16",
        "mlp/ndarray",
        "    hidden2 = ",
        '    hidden1 = hidden1.astype("float16").astype("float32")\n    hidden2 = ',
        LOGITS,
    ),
    # The initial values.
    slip(
        "features flattened in Keras' order",
        "lenet/gluon",
        "kernel.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)",
        "kernel.T",
        LOGITS,
        ("weight.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)", "weight.T"),
    ),
    slip(
        "features given back in another order than they were taken",
        "lenet/gluon",
        "weight.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)",
        "weight.T",
        "dense1_kernel after the steps differs",
    ),
    slip(
        "the default initial values",
        "mlp/gluon",
        '        layer.weight.set_data(mx.nd.array(parameters[f"dense{number}_kernel"].T))\n',
        "        pass\n",
        LOGITS,
    ),
    slip(
        "biases begin at one",
        "mlp/gluon_hybrid",
        "        nn.Dense(task.classes),\n",
        '        nn.Dense(task.classes, bias_initializer="ones"),\n',
        LOGITS,
        ('        layer.bias.set_data(mx.nd.array(parameters[f"dense{number}_bias"]))\n', ""),
    ),
    slip(
        "biases are not set: all begin at zero, and end elsewhere",
        "mlp/gluon",
        '        layer.bias.set_data(mx.nd.array(parameters[f"dense{number}_bias"]))\n',
        "",
        ANOTHER_MODEL,
    ),
    # The loss and its gradient.
    slip(
        "the sum of the losses in place of their mean",
        "mlp/ndarray",
        "mx.nd.pick(mx.nd.log_softmax(logits), y).mean()",
        "mx.nd.pick(mx.nd.log_softmax(logits), y).sum()",
        STEP_1,
    ),
    slip(
        "step(1): the gradient of the sum",
        "mlp/gluon",
        GLUON_STEPS,
        "        model.trainer.step(1)\n",
        STEP_2,
    ),
    slip(
        "step(batch_size) after a mean: divided twice",
        "mlp/gluon_hybrid",
        "            losses = model.loss_function(model.network(batch_x), batch_y)\n",
        "            losses = model.loss_function(model.network(batch_x), batch_y).mean()\n",
        STEP_2,
    ),
    slip(
        "rescale_grad after a mean: divided twice",
        "mlp/symbol",
        "            lr=model.task.learning_rate,\n",
        "            lr=model.task.learning_rate,\n            rescale_grad=1 / model.task.batch_size,\n",
        STEP_2,
    ),
    slip(
        "SoftmaxOutput that normalises, in a Module that rescales",
        "mlp/module",
        'mx.sym.SoftmaxOutput(logits, name="softmax")',
        'mx.sym.SoftmaxOutput(logits, name="softmax", normalization="valid")',
        STEP_2,
    ),
    slip(
        "SoftmaxOutput's sum, not rescaled",
        "mlp/module",
        MODULE_RATES,
        MODULE_RATES.replace("}", ', "rescale_grad": 1.0}'),
        STEP_2,
    ),
    slip(
        "biases get no gradient",
        "mlp/symbol",
        'grad_req={name: "write" for name in names}',
        'grad_req={name: "null" if name.endswith("bias") else "write" for name in names}',
        STEP_2,
        (
            "    for name, parameter in model.parameters.items():\n",
            "    for name, parameter in model.parameters.items():\n"
            "        if model.executor.grad_dict[name] is None:\n            continue\n",
        ),
        (
            "    gradients = {name: executor.grad_dict[name] for name in names}\n",
            "    gradients = {name: mx.nd.zeros_like(executor.arg_dict[name]) for name in names}\n",
        ),
    ),
    slip(
        "gradients add up from step to step",
        "mlp/symbol",
        'name: "write"',
        'name: "add"',
        STEP_3,
    ),
    # The optimiser.
    slip(
        "Keras' epsilon, 1e-7",
        "lenet/gluon_hybrid",
        '"epsilon": task.epsilon',
        '"epsilon": 1e-7',
        "the loss of step [2-5] differs",
    ),
    slip(
        "epsilon inside the root",
        "lenet/ndarray",
        "(mx.nd.sqrt(variance) + task.epsilon)",
        "mx.nd.sqrt(variance + task.epsilon)",
        STEP_2,
    ),
    slip(
        "adam_update without the correction of its bias",
        "lenet/symbol",
        "lr=task.learning_rate * correction,",
        "lr=task.learning_rate,",
        STEP_2,
    ),
    slip(
        "a dampened gradient in the momentum",
        "mlp/ndarray",
        "- model.task.learning_rate * parameter.grad",
        "- (1 - model.task.momentum) * model.task.learning_rate * parameter.grad",
        STEP_2,
    ),
    slip(
        "Nesterov's momentum",
        "mlp/gluon",
        '"sgd"',
        '"nag"',
        STEP_2,
    ),
    slip(
        "the weight decay of old examples, 1e-4",
        "mlp/module",
        MODULE_RATES,
        MODULE_RATES.replace("}", ', "wd": 1e-4}'),
        "the loss of step ([2-9]|1[0-9]) differs",
    ),
    # The loop.
    slip(
        "the iterator shuffles",
        "mlp/module",
        'last_batch_handle="discard"',
        'last_batch_handle="discard", shuffle=True',
        ONE_PASS,
    ),
    slip(
        "the iterator fills the incomplete batch up, its default",
        "mlp/module",
        ', last_batch_handle="discard"',
        "",
        ONE_PASS,
    ),
    slip(
        "computes gradients, and does not train",
        "mlp/gluon",
        GLUON_STEPS,
        "",
        STEP_2,
    ),
    slip(
        "returns a loss that is not a number",
        "mlp/ndarray",
        "    return float(total.asscalar()) / batches\n",
        '    return float("nan")\n',
        "the loss of step 1 differs by nan",
    ),
]

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
